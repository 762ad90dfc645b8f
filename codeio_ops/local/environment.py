"""The environment of the stack's processes, written to `stack.env` (mode 0600).

Two layers, the later one wins: what the stack decides, and what the user set in the shell that
called `codeio up` (`CODEIO_*`, `OPENAI_*`, `AIRFLOW__*`). The user's variables are kept in the
file because the supervisor needs them again when it restarts a process.
"""

import os
import shlex
from collections.abc import Iterator, Mapping
from functools import partial

from dotenv import dotenv_values

from codeio_ops.bundled import DAGS
from codeio_ops.config_reference import changes_of, setting_lines
from codeio_ops.errors import SettingsError
from codeio_ops.local import postgres, seaweed, workers
from codeio_ops.local.home import Home, write_private
from codeio_ops.local.ports import LOOPBACK
from codeio_ops.local.state import StackState
from codeio_ops.proxies import sparing_loopback

USER_PREFIXES = ("CODEIO_", "OPENAI_", "AIRFLOW__")
AIRFLOW_USER = "admin"


def stack_environment(
    home: Home, state: StackState, *, bucket: str, user: Mapping[str, str]
) -> dict[str, str]:
    """Return every variable a process of the stack needs, by name.

    Args:
        home: The state directory.
        state: Ports and secrets.
        bucket: Name of the S3 bucket.
        user: The environment of the caller; only names of `USER_PREFIXES` are taken.
    """
    chosen = {name: value for name, value in user.items() if name.startswith(USER_PREFIXES)}
    return {
        **_platform(state, bucket),
        **_airflow(home, state),
        **(_with_workers(state, bucket, user) if state.workers else {}),
        **home.caches(),
        **chosen,
        "CODEIO_HOME": str(home.root),
    }


def base_environment() -> dict[str, str]:
    """Return the caller's environment without what belongs to the stack; its proxies spare it."""
    ours = (*USER_PREFIXES, "AIRFLOW_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, **sparing_loopback(kept)}


def render(environment: Mapping[str, str]) -> str:
    """Return the lines of `stack.env`; both a shell and pydantic-settings read them.

    Raises:
        SettingsError: A value cannot be written so that both read the same.
    """
    for name, value in environment.items():
        if any(character in value for character in "'\n\r") or "${" in value:
            raise SettingsError(
                f"the value of {name} has a quote, a line break or ${{",
                cure=f"Change {name}; if it is a path, move what it names.",
            )
    lines = [f"{name}={shlex.quote(value)}" for name, value in sorted(environment.items())]
    return "# Written by `codeio up`; it holds secrets.\n" + "\n".join(lines) + "\n"


def write(home: Home, environment: Mapping[str, str]) -> None:
    """Write `stack.env`, readable by its owner only."""
    write_private(home.env_file, render(environment))


def changes(home: Home, variables: Mapping[str, str]) -> Iterator[str]:
    """Say which settings that decide have another value than at the last start."""
    if home.env_file.exists():
        before = dotenv_values(home.env_file)
        yield from changes_of({name: value or "" for name, value in before.items()}, variables)


def require_same(home: Home, shell: Mapping[str, str]) -> None:
    """Refuse a shell that sets what the running stack was started without.

    Its commands would say one thing (a price, a model) and the tasks do another.

    Args:
        home: The state directory of the stack.
        shell: The environment of the caller; what it does not set has the stack's value.

    Raises:
        SettingsError: a setting has another value there.
    """
    started = dotenv_values(home.env_file)
    settings = {line.variable: line.default for line in setting_lines()}
    del settings["CODEIO_HOME"]
    names = [
        name
        for name, default in settings.items()
        if name in shell and shell[name] != (started.get(name) or default)
    ]
    if names:
        raise SettingsError(
            f"the stack was started with other values of {', '.join(names)} than this shell has",
            cure="Run `codeio up` to give it those of this shell, or unset them.",
        )


def airflow_url(state: StackState) -> str:
    """Return the address of the Airflow UI and API."""
    return f"http://{LOOPBACK}:{state.ports['airflow']}"


def teacher_url(state: StackState) -> str:
    """Return the base URL of the offline teacher, as OpenAI clients want it."""
    return f"http://{LOOPBACK}:{state.ports['teacher']}/v1"


def _platform(state: StackState, bucket: str) -> dict[str, str]:
    def database(role: str) -> str:
        pooled = state.workers > 0 and role != postgres.OWNER
        return postgres.url(state, role=role, database=postgres.DATABASE, pooled=pooled)

    return {
        "CODEIO_DATABASE_URL": database(postgres.APP),
        "CODEIO_AUDITOR_DATABASE_URL": database(postgres.AUDITOR),
        # Who migrates takes Postgres itself.
        "CODEIO_OWNER_DATABASE_URL": database(postgres.OWNER),
        "CODEIO_S3_ENDPOINT_URL": seaweed.endpoint(state),
        "CODEIO_S3_ACCESS_KEY": state.secrets.s3_access_key,
        "CODEIO_S3_SECRET_KEY": state.secrets.s3_secret_key,
        "CODEIO_S3_BUCKET": bucket,
        "CODEIO_TEACHER_URL": teacher_url(state),
        "CODEIO_TEACHER_KEY": state.secrets.teacher_key,
        "CODEIO_AIRFLOW_URL": airflow_url(state),
        "CODEIO_AIRFLOW_USER": AIRFLOW_USER,
        "CODEIO_AIRFLOW_PASSWORD": state.secrets.airflow_admin_password,
    }


def _airflow(home: Home, state: StackState) -> dict[str, str]:
    """Return Airflow's settings; the reasons are in `docs/` and beside the odd ones."""
    options = {
        "core": _core(home, state),
        "database": {
            "sql_alchemy_conn": postgres.url(
                state, role=postgres.AIRFLOW, database=postgres.AIRFLOW_DATABASE
            ),
        },
        "api": {
            "host": LOOPBACK,
            "port": str(state.ports["airflow"]),
            "base_url": airflow_url(state),
            "workers": "1",
            "secret_key": state.secrets.airflow_api_secret,
        },
        "api_auth": {"jwt_secret": state.secrets.airflow_jwt_secret},
        # A changed file is parsed at once all the same; the default of 30 parses all, for ever.
        "dag_processor": {"refresh_interval": "10", "min_file_process_interval": "300"},
        "logging": {
            "base_log_folder": str(home.airflow / "logs"),
            # A line a request would bury what a task says itself.
            "namespace_levels": "httpx=WARNING,httpx2=WARNING",
        },
        # Used only where the provider is installed and told where events go.
        "openlineage": {
            "extractors": "codeio_airflow.table_lineage.TableExtractor",
            "namespace": "codeio",
        },
        "scheduler": {
            # A killed scheduler's tasks start again after about 45 s instead of 5 minutes.
            "scheduler_health_check_threshold": "20",
            "orphaned_tasks_check_interval": "15",
            "task_instance_heartbeat_timeout": "60",
        },
        "usage_data_collection": {"enabled": "False"},
        # With the default of 5, a short task holds its slot 5 seconds after its end.
        "workers": {"min_heartbeat_interval": "1"},
    }
    # Without SPT_NOENV, process titles overwrite what `ps` shows of the environment.
    return {"AIRFLOW_HOME": str(home.airflow), "SPT_NOENV": "1", **_named(options)}


def _with_workers(state: StackState, bucket: str, user: Mapping[str, str]) -> dict[str, str]:
    """Return what else Airflow needs, and what it needs otherwise, where workers do the tasks."""
    database = partial(
        postgres.url, state, role=postgres.AIRFLOW, database=postgres.AIRFLOW_DATABASE
    )
    options = {
        "core": {
            "executor": "CeleryExecutor",
            "parallelism": str(workers.SLOTS * state.workers),
        },
        "database": {
            "sql_alchemy_conn": database(pooled=True),
            # It prepares statements by name, which are a session's.
            "sql_alchemy_conn_async": database().replace("+psycopg2", "+asyncpg"),
        },
        **workers.options(state, bucket=bucket, user=user),
    }
    logs = f"AIRFLOW_CONN_{workers.LOGS_CONNECTION.upper()}"
    return {logs: workers.logs_connection(state), **_named(options)}


def _named(options: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the variables that set Airflow's options, by section and name."""
    return {
        f"AIRFLOW__{section.upper()}__{option.upper()}": value
        for section, values in options.items()
        for option, value in values.items()
    }


def _core(home: Home, state: StackState) -> dict[str, str]:
    return {
        "dags_folder": str(DAGS),
        "executor": "LocalExecutor",
        "parallelism": "8",
        "load_examples": "False",
        "fernet_key": state.secrets.airflow_fernet_key,
        "execution_api_server_url": f"{airflow_url(state)}/execution/",
        "hostname_callable": "codeio_ops.local.hostname.loopback",
        "simple_auth_manager_users": f"{AIRFLOW_USER}:admin",
        "simple_auth_manager_passwords_file": str(home.airflow / "passwords.json"),
    }
