"""What runs, and whether it is well."""

from dataclasses import dataclass

from codeio_ops.local import disk, health, processes, supervisor
from codeio_ops.local.environment import airflow_url, teacher_url
from codeio_ops.local.home import Home
from codeio_ops.local.ports import LOOPBACK
from codeio_ops.local.seaweed import endpoint
from codeio_ops.local.state import StackState


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentStatus:
    """One component.

    Attributes:
        name: Its name.
        state: "healthy", "unhealthy" or "stopped".
        pid: Process id, 0 when stopped.
        starts: How often the supervisor has started it.
        address: Where it listens, or an empty string.
        detail: Why it is not healthy, or an empty string.
    """

    name: str
    state: str
    pid: int
    starts: int
    address: str
    detail: str


def status(home: Home) -> tuple[ComponentStatus, ...]:
    """Return the state of every component of the plan, the supervisor first."""
    state = StackState.load(home)
    if state is None:
        return ()
    plan = supervisor.read_plan(home)
    if not plan:
        return ()
    addresses = _addresses(state)
    return (
        _supervisor(home),
        *(_component(home, state, part.name, addresses.get(part.name, "")) for part in plan),
    )


def troubles(home: Home) -> list[str]:
    """Say what keeps the stack from its work: components that are not well, and a full disk."""
    sick = [
        f"{part.name} is {part.state}: {part.detail}"
        for part in status(home)
        if part.state != "healthy"
    ]
    return [*sick, *filter(None, [disk.shortage(home.root)])]


def _component(home: Home, state: StackState, name: str, address: str) -> ComponentStatus:
    record = processes.records(home).get(name)
    alive = record is not None and processes.leader(record) is not None
    problem = health.problem_of(home, state, name)
    word = "healthy" if not problem else "unhealthy" if alive else "stopped"
    return ComponentStatus(
        name=name,
        state=word,
        pid=record.pid if record is not None and alive else 0,
        starts=record.starts if record is not None else 0,
        address=address,
        detail=problem,
    )


def _supervisor(home: Home) -> ComponentStatus:
    alive = supervisor.is_alive(home)
    pid = int((home.run / "supervisor.pid").read_text(encoding="utf-8")) if alive else 0
    return ComponentStatus(
        name="supervisor",
        state="healthy" if alive else "stopped",
        pid=pid,
        starts=1,
        address="",
        detail="" if alive else "nothing restarts the others; run `codeio up`",
    )


def _addresses(state: StackState) -> dict[str, str]:
    return {
        "postgres": f"{LOOPBACK}:{state.ports['postgres']}",
        "s3": endpoint(state),
        "teacher": teacher_url(state),
        "airflow-api-server": airflow_url(state),
    }
