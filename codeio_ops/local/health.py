"""Whether each component answers: the one list of checks that `up`, `status` and `doctor` use."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import httpx

from codeio_ops.errors import CodeIOError, StackError, TeacherUnavailable
from codeio_ops.local import airflow, broker, pooler, postgres, processes, seaweed, workers
from codeio_ops.local.airflow_api import TIMEOUT_S, AirflowApi
from codeio_ops.local.environment import AIRFLOW_USER, airflow_url, teacher_url
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState

# Longer than it takes the supervisor to start one anew that lives and does not answer.
START_TIMEOUT_S = 150.0
AIRFLOW_START_TIMEOUT_S = 180.0
HOPELESS_STARTS = 4
LOG_TAIL_LINES = 5


def open_api(state: StackState, *, timeout_s: float = TIMEOUT_S) -> AirflowApi:
    """Return a client of this stack's Airflow."""
    password = state.secrets.airflow_admin_password
    return AirflowApi(airflow_url(state), AIRFLOW_USER, password, timeout_s=timeout_s)


def check(name: str, state: StackState) -> str:
    """Check one component and return a few words about it.

    Raises:
        CodeIOError: It does not answer as it should.
    """
    checks: Mapping[str, Callable[[StackState], str]] = {
        "postgres": postgres.check,
        "s3": seaweed.check,
        "teacher": check_teacher,
        "pgbouncer": pooler.check,
        "redis": broker.check,
    }
    if name in checks:
        return checks[name](state)
    if workers.is_worker(name):
        return workers.check(state, name)
    return check_airflow(state, name)


def check_teacher(state: StackState) -> str:
    """Ask the offline teacher whether it is well.

    Raises:
        TeacherUnavailable: It does not answer, or not with 200.
    """
    address = teacher_url(state).removesuffix("/v1") + "/healthz"
    try:
        answer = httpx.get(address, timeout=5.0, trust_env=False)
    except httpx.HTTPError as exc:
        raise TeacherUnavailable(
            f"the offline teacher does not answer at {address}: {exc}", cure="Run `codeio up`."
        ) from exc
    if answer.status_code != httpx.codes.OK:
        raise TeacherUnavailable(f"the offline teacher answers {answer.status_code}")
    return "answers"


def check_airflow(state: StackState, name: str) -> str:
    """Ask the API server for the health of one Airflow component.

    Raises:
        StackError: The API server does not answer, or calls the component unhealthy.
    """
    with open_api(state, timeout_s=5.0) as api:
        health = api.health().get(airflow.HEALTH_NAMES[name], "unknown")
    if health != "healthy":
        raise StackError(f"{name} is {health}")
    return health


def wait(home: Home, state: StackState, names: tuple[str, ...]) -> None:
    """Wait until every named component lives and passes its check.

    Raises:
        StackError: One does not in time, or dies again and again.
    """
    for name in names:
        problem = "it did not start"

        def healthy(name: str = name) -> bool:
            nonlocal problem
            problem = problem_of(home, state, name)
            _give_up_early(home, name)
            return not problem

        slow = name in airflow.COMMANDS or workers.is_worker(name)
        timeout_s = AIRFLOW_START_TIMEOUT_S if slow else START_TIMEOUT_S
        if not processes.wait_until(healthy, timeout_s, every_s=0.25):
            raise _start_error(home, name, problem)


def problem_of(home: Home, state: StackState, name: str) -> str:
    """Return why a component is not well, or an empty string."""
    record = processes.records(home).get(name)
    if record is None or processes.leader(record) is None:
        return "it is not running"
    try:
        check(name, state)
    except CodeIOError as exc:
        return str(exc)
    return ""


def _give_up_early(home: Home, name: str) -> None:
    record = processes.records(home).get(name)
    dead = record is not None and processes.leader(record) is None
    if record is not None and dead and record.starts >= HOPELESS_STARTS:
        raise _start_error(home, name, f"it died {record.starts} times")


def _start_error(home: Home, name: str, problem: str) -> StackError:
    log = home.logs / f"{name}.log"
    tail: list[str] = []
    with suppress(OSError):
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
    shown = "".join(f"\n  | {line}" for line in tail)
    return StackError(f"{name} does not become healthy: {problem}{shown}", cure=f"Read {log}.")
