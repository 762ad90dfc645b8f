"""The process that keeps the embedded stack running: `python -m codeio_ops.local.supervisor HOME`.

It reads what should run from `run/plan.json`, starts what is missing, replaces what runs with
another configuration, and stops what is no longer in the plan, those that need others first.
It ends when the plan is empty. It decides nothing: `codeio up` and `codeio down` write the plan.
A component that lives and has not answered for a minute is killed, and so started anew.

Killed itself, it leaves the components running; the next supervisor adopts them by their
records. The components therefore get no parent-death signal. What a *component* leaves behind
when it is killed (task processes of the scheduler, backends of Postgres) is handed to the
supervisor by the kernel (it is a child subreaper) and killed before the component restarts, so
that no orphan goes on working beside its successor.
"""

import ctypes
import json
import logging
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from codeio_ops.errors import StackError
from codeio_ops.local import processes
from codeio_ops.local.home import Home, exclusive, is_locked, write_private
from codeio_ops.local.processes import Component
from codeio_ops.local.watch import YOUNG_S, Watch, asking, look_regularly

log = logging.getLogger(__name__)

TICK_S = 0.25
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_S = 60.0
PR_SET_CHILD_SUBREAPER = 36


def write_plan(home: Home, components: tuple[Component, ...]) -> None:
    """State what the supervisor has to keep running, in start order."""
    write_private(home.plan_file, json.dumps([asdict(component) for component in components]))


def read_plan(home: Home) -> tuple[Component, ...]:
    """Return what should run; nothing when there is no plan."""
    if not home.plan_file.exists():
        return ()
    raw = json.loads(home.plan_file.read_text(encoding="utf-8"))
    return tuple(Component.from_json(item) for item in raw)


def lock_file(home: Home) -> Path:
    """Return the lock that a supervisor holds as long as it lives."""
    return home.run / "supervisor.lock"


def is_alive(home: Home) -> bool:
    """Return whether a supervisor runs for this home."""
    return is_locked(lock_file(home))


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarts:
    """The back-off of one component.

    Attributes:
        delay_s: Seconds to wait before the next start.
        not_before: Monotonic time of the next start.
    """

    delay_s: float = FIRST_DELAY_S
    not_before: float = 0.0

    def after_death(self, *, lived_s: float, now: float) -> "Restarts":
        """Return the back-off after a death: doubled, or reset by a long life."""
        delay_s = FIRST_DELAY_S if lived_s > STEADY_S else self.delay_s
        return Restarts(delay_s=min(delay_s * 2, LONGEST_DELAY_S), not_before=now + delay_s)


class Supervisor:
    """Brings the running processes of one home in line with its plan."""

    def __init__(self, home: Home, watch: Watch) -> None:
        self._home = home
        self._watch = watch
        self._running = processes.records(home)
        self._restarts: dict[str, Restarts] = {}

    def reconcile(self, plan: tuple[Component, ...], *, now: float) -> None:
        """Stop what should not run, then start what should; one pass.

        Args:
            plan: What should run, in start order.
            now: Monotonic time in seconds.
        """
        processes.reap()
        self._kill_orphans()
        self._kill_sick(now=now)
        wanted = {component.name: component for component in plan}
        self._stop_unwanted(wanted)
        for component in plan:
            self._ensure(component, now=now)

    def look(self) -> None:
        """Ask every component of the plan whether it is well."""
        running, latest = list(self._running.values()), time.time() - YOUNG_S
        young = frozenset(record.name for record in running if record.created > latest)
        names = [component.name for component in read_plan(self._home)]
        self._watch.look(names, young=young, now=time.monotonic())

    def stop_all(self) -> None:
        """Stop every component, those that need others first."""
        self._stop_unwanted({})

    def _stop_unwanted(self, wanted: dict[str, Component]) -> None:
        unwanted = [
            record
            for name, record in self._running.items()
            if name not in wanted or wanted[name].fingerprint != record.fingerprint
        ]
        if unwanted:
            names = ", ".join(record.name for record in unwanted)
            log.info("stopping %s", names, extra={"action": "stop"})
        processes.stop(self._home, unwanted)
        for record in unwanted:
            del self._running[record.name]
            self._restarts.pop(record.name, None)

    def _ensure(self, component: Component, *, now: float) -> None:
        record = self._running.get(component.name)
        if record is not None and processes.leader(record) is not None:
            return
        restarts = self._restarts.setdefault(component.name, Restarts())
        if record is not None and record.pid:
            log.warning("%s died", component.name, extra={"action": "died"})
            processes.kill(processes.family(record))
            lived_s = time.time() - record.created
            self._restarts[component.name] = restarts.after_death(lived_s=lived_s, now=now)
            self._running[component.name] = replace(record, pid=0)
            return
        if now >= restarts.not_before:
            self._start(component, starts=1 if record is None else record.starts + 1)

    def _start(self, component: Component, *, starts: int) -> None:
        record = processes.start(self._home, component, starts=starts)
        log.info("started %s, pid %d", component.name, record.pid, extra={"action": "start"})
        self._running[component.name] = record

    def _kill_sick(self, *, now: float) -> None:
        sick = self._watch.overdue(now=now)
        if sick in self._running:
            log.warning("%s does not answer", sick, extra={"action": "sick"})
            processes.kill(processes.family(self._running[sick]))

    def _kill_orphans(self) -> None:
        """Kill what a dead process of a component left behind; it was handed to us."""
        leaders = {record.pid for record in self._running.values()}
        orphans = [child for child in psutil.Process().children() if child.pid not in leaders]
        if orphans:
            log.warning("killing %d orphans", len(orphans), extra={"action": "orphans"})
            processes.kill(orphans)


def supervise(home: Home) -> None:
    """Follow the plan until it is empty, on a full disk too."""
    supervisor = Supervisor(home, Watch(asking(home)))
    ended = threading.Event()
    look_regularly(supervisor.look, ended)
    while plan := read_plan(home):
        try:
            supervisor.reconcile(plan, now=time.monotonic())
        except (StackError, OSError):
            log.exception("a component cannot be started")
            time.sleep(LONGEST_DELAY_S)
        time.sleep(TICK_S)
    ended.set()
    supervisor.stop_all()
    processes.reap()  # the init of a container may never do it
    log.info("stopped", extra={"action": "end"})


def become_subreaper() -> None:
    """Have the kernel hand the orphans of our descendants to this process (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main() -> None:
    """Leave the caller's session and supervise; at most one at a time for each home."""
    home = Home(Path(sys.argv[1]))
    if os.fork():
        os._exit(0)
    os.setsid()
    become_subreaper()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with exclusive(lock_file(home)):
        write_private(home.run / "supervisor.pid", f"{os.getpid()}\n")
        supervise(home)
        # The watch may still wait for an answer; the lock goes with the process.
        os._exit(0)


if __name__ == "__main__":
    main()
