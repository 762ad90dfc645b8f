"""Child processes that outlive the program that started them: start, recognise, stop.

Each component runs in its own session, so that everything it forked can be found later by
session id, also after the component itself was killed. A record on disk holds its pid and
start time: a pid alone may by then belong to a stranger.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import psutil

from codeio_ops.errors import StackError
from codeio_ops.local.home import Home, write_private

LOG_ROTATE_BYTES = 20_000_000
CLOCK_SLACK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A process to keep running.

    Attributes:
        name: Name of its log and record.
        argv: Command line.
        env: The variables that decide how it works.
        inherited: The rest of its environment, from the caller's shell (`PATH`, proxies); a
            difference there is no reason to restart it.
        cwd: Working directory.
        user: Operating-system user to run as; None is the present one.
        stop_signal: Signal that asks it to stop.
        grace_s: Seconds it gets to stop before it is killed.
        tier: Higher tiers stop before lower ones, which they need.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    inherited: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "/"
    user: str | None = None
    stop_signal: int = signal.SIGTERM
    grace_s: float = 10.0
    tier: int = 0

    @property
    def fingerprint(self) -> str:
        """Digest of all that decides how the process runs."""
        deciding = {**asdict(self), "inherited": None}
        return sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_json(cls, raw: dict[str, object]) -> "Component":
        """Rebuild a component from `asdict`, after a trip through JSON."""
        argv = raw.pop("argv")
        if not isinstance(argv, list):
            raise StackError(f"component {raw.get('name')} has no command line")
        return cls(argv=tuple(argv), **raw)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The record of a started component; its pid is also its session id.

    Attributes:
        name: The component.
        pid: Process id of the session's leader.
        created: Its start time in seconds since the epoch.
        fingerprint: `Component.fingerprint` it was started with.
        stop_signal: Signal that asks it to stop.
        grace_s: Seconds it gets to stop.
        tier: `Component.tier`.
        starts: How often the supervisor has started it since the stack came up.
    """

    name: str
    pid: int
    created: float
    fingerprint: str
    stop_signal: int
    grace_s: float
    tier: int
    starts: int = 1

    def save(self, home: Home) -> None:
        """Write the record."""
        write_private(record_file(home, self.name), json.dumps(asdict(self)))


def record_file(home: Home, name: str) -> Path:
    """Return the path of a component's record."""
    return home.run / f"{name}.pid.json"


def records(home: Home) -> dict[str, Running]:
    """Return every record on disk by component name; unreadable ones are left out."""
    found: list[Running] = []
    for path in home.run.glob("*.pid.json"):
        with suppress(OSError, ValueError, TypeError):
            found.append(Running(**json.loads(path.read_text(encoding="utf-8"))))
    return {record.name: record for record in sorted(found, key=lambda record: record.tier)}


def leader(record: Running) -> psutil.Process | None:
    """Return the living process of a record, or None."""
    with suppress(psutil.Error):
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.created) < CLOCK_SLACK_S
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def family(record: Running) -> list[psutil.Process]:
    """Return every living process of a component, its leader included.

    They are the members of its session, and the descendants of a living leader: Postgres
    gives each of its children a session of their own. A component that waits for its next
    start (pid 0) has none: session 0 is that of all processes whose leader is outside the
    container.
    """
    if not record.pid:
        return []
    head = leader(record)
    members: dict[int, psutil.Process] = {}
    with suppress(psutil.Error):
        if head is not None:
            members = {child.pid: child for child in head.children(recursive=True)}
            members[head.pid] = head
    if head is None and _is_alive(record.pid):
        return list(members.values())  # the number went to a stranger; so did its session
    for process in psutil.process_iter():
        if process.pid not in members and _in_session(process, record):
            members[process.pid] = process
    return list(members.values())


def _in_session(process: psutil.Process, record: Running) -> bool:
    with suppress(ProcessLookupError, PermissionError, psutil.Error):
        return (
            os.getsid(process.pid) == record.pid
            and process.create_time() >= record.created - CLOCK_SLACK_S
            and process.status() != psutil.STATUS_ZOMBIE
        )
    return False


def _is_alive(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def start(home: Home, component: Component, *, starts: int) -> Running:
    """Start a component in a session of its own and record it.

    Raises:
        StackError: Its program cannot be run.
    """
    log = home.logs / f"{component.name}.log"
    if log.exists() and log.stat().st_size > LOG_ROTATE_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                component.argv,
                env={**component.inherited, **component.env},
                cwd=component.cwd,
                user=component.user,
                group=component.user,
                extra_groups=None if component.user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as exc:
            raise StackError(f"{component.name} cannot be started: {exc}") from exc
    # Nobody waits on this object: the supervisor reaps by pid. Without this, Python warns.
    process.returncode = 0
    record = Running(
        name=component.name,
        pid=process.pid,
        created=psutil.Process(process.pid).create_time(),
        fingerprint=component.fingerprint,
        stop_signal=component.stop_signal,
        grace_s=component.grace_s,
        tier=component.tier,
        starts=starts,
    )
    record.save(home)
    return record


def stop(home: Home, chosen: Iterable[Running]) -> None:
    """Stop components with everything they started, the highest tier first, and forget them."""
    by_tier: dict[int, list[Running]] = {}
    for record in chosen:
        by_tier.setdefault(record.tier, []).append(record)
    for tier in sorted(by_tier, reverse=True):
        _stop_together(home, by_tier[tier])


def _stop_together(home: Home, chosen: list[Running]) -> None:
    members = {process.pid: process for record in chosen for process in family(record)}
    heads = []
    for record in chosen:
        head = leader(record)
        if head is not None:
            _send(head, record.stop_signal)
            heads.append(head)
    _wait_gone(heads, max(record.grace_s for record in chosen))
    for record in chosen:
        members |= {process.pid: process for process in family(record)}
    kill(members.values())
    for record in chosen:
        record_file(home, record.name).unlink(missing_ok=True)


def kill(members: Iterable[psutil.Process]) -> None:
    """Ask what is left of a family to end, then make it."""
    rest = [process for process in members if process.is_running()]
    for process in rest:
        _send(process, signal.SIGTERM)
    rest = _wait_gone(rest, 2.0)
    for process in rest:
        _send(process, signal.SIGKILL)
    _wait_gone(rest, 5.0)


def reap() -> None:
    """Collect every dead child of this process."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def wait_until(condition: Callable[[], bool], timeout_s: float, *, every_s: float = 0.1) -> bool:
    """Wait for `condition`; return whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def _send(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _wait_gone(members: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait for processes that need not be children; return those still alive."""
    rest = list(members)

    def gone() -> bool:
        rest[:] = [process for process in rest if _is_alive(process.pid) and process.is_running()]
        return not rest

    wait_until(gone, timeout_s, every_s=0.05)
    return rest
