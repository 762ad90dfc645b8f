"""Celery's workers: as many processes that do tasks as `codeio up --workers N` asks for.

Each has a directory of its own, as if it were on another machine: what it shares with the others
is Postgres, S3, Redis and Airflow's API, and the logs of its tasks go to S3.
"""

import json
import sys
from collections.abc import Mapping

from codeio_ops.config import Settings
from codeio_ops.errors import StackError
from codeio_ops.local import broker, postgres, seaweed
from codeio_ops.local.home import Home
from codeio_ops.local.processes import Component
from codeio_ops.local.state import StackState
from codeio_ops.pipeline import QUEUES

SLOTS = 4
"""Tasks that one worker does at a time."""

LOGS_CONNECTION = "codeio_task_logs"
_PREFIX = "worker-"
_ANSWER_TIMEOUT_S = 5.0


def names(state: StackState) -> tuple[str, ...]:
    """Return the names of the workers."""
    return tuple(f"{_PREFIX}{number}" for number in range(1, state.workers + 1))


def is_worker(name: str) -> bool:
    """Return whether a component is one of them."""
    return name.startswith(_PREFIX)


def logs_bucket(bucket: str) -> str:
    """Return the bucket of the tasks' logs, beside that of the data."""
    return f"{bucket}-logs"


def components(
    home: Home,
    state: StackState,
    environment: Mapping[str, str],
    inherited: Mapping[str, str],
) -> tuple[Component, ...]:
    """Return the worker processes.

    Args:
        home: The state directory.
        state: Ports, secrets and the number of workers.
        environment: The variables of the stack.
        inherited: The rest of the environment.
    """
    return tuple(
        Component(
            name=name,
            argv=(
                *(sys.executable, "-m", "airflow", "celery", "worker"),
                *("--queues", ",".join(QUEUES), "--concurrency", str(SLOTS)),
                *("--celery-hostname", name, "--skip-serve-logs"),
            ),
            env={**environment, **_of_its_own(home, name)},
            inherited=inherited,
            cwd=str(home.worker(name)),
            # It would wait for its running tasks; they are transactions.
            grace_s=8.0,
            tier=1,
        )
        for name in names(state)
    )


def prepare(home: Home, state: StackState) -> None:
    """Make the directory of each worker."""
    for name in names(state):
        home.worker(name).mkdir(mode=0o700, parents=True, exist_ok=True)


def options(
    state: StackState, *, bucket: str, user: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return Airflow's settings by section, as all its components need them with workers.

    Args:
        state: Ports and secrets.
        bucket: Name of the S3 bucket of the data.
        user: The environment of the caller.
    """
    task_timeout_s = int(
        user.get("CODEIO_TASK_TIMEOUT_S") or Settings.model_fields["task_timeout_s"].default
    )
    results = postgres.url(
        state, role=postgres.AIRFLOW, database=postgres.AIRFLOW_DATABASE, pooled=True
    )
    return {
        "celery": {
            "broker_url": broker.url(state),
            "result_backend": f"db+{results}",
            # One at a time, and given back when its worker dies; these are the defaults.
            "worker_prefetch_multiplier": "1",
            "task_acks_late": "True",
        },
        # A message counts as lost after it: no task may take as long.
        "celery_broker_transport_options": {"visibility_timeout": str(2 * task_timeout_s)},
        "logging": {
            "remote_logging": "True",
            "remote_base_log_folder": f"s3://{logs_bucket(bucket)}",
            "remote_log_conn_id": LOGS_CONNECTION,
        },
    }


def logs_connection(state: StackState) -> str:
    """Return the Connection with which task logs are written and read, as JSON."""
    return json.dumps(
        {
            "conn_type": "aws",
            "login": state.secrets.s3_access_key,
            "password": state.secrets.s3_secret_key,
            "extra": {"endpoint_url": seaweed.endpoint(state), "region_name": "us-east-1"},
        }
    )


def check(state: StackState, name: str) -> str:
    """Ask a worker whether it takes tasks.

    Raises:
        StackError: It does not answer.
    """
    from celery import Celery
    from kombu.exceptions import OperationalError

    timeouts = {"socket_timeout": _ANSWER_TIMEOUT_S, "socket_connect_timeout": _ANSWER_TIMEOUT_S}
    app = Celery(broker=broker.url(state), broker_transport_options=timeouts, set_as_current=False)
    asked = app.control.inspect(destination=[f"celery@{name}"], timeout=_ANSWER_TIMEOUT_S)
    try:
        answers = asked.ping()
    except OperationalError as exc:
        raise StackError(f"{name} cannot be asked: {exc}") from exc
    finally:
        app.close()
    if not answers:
        raise StackError(f"{name} does not answer")
    return "takes tasks"


def _of_its_own(home: Home, name: str) -> dict[str, str]:
    directory = home.worker(name)
    return {
        "AIRFLOW_HOME": str(directory),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(directory / "logs"),
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "codeio_ops.local.hostname.worker",
        "WORKER_NAME": name,
    }
