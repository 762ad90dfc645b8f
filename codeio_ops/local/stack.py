"""Start and stop the embedded stack.

`up` decides (ports, secrets, settings), writes the plan and waits; the supervisor runs the
processes. Both commands hold one lock, so two of them at the same time take turns.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from codeio_ops.config import Settings
from codeio_ops.errors import StackError
from codeio_ops.extras import require
from codeio_ops.local import (
    airflow,
    broker,
    components,
    environment,
    health,
    nights,
    pooler,
    ports,
    postgres,
    postgres_roles,
    processes,
    seaweed,
    seaweed_security,
    supervisor,
    workers,
)
from codeio_ops.local.beginning import noted
from codeio_ops.local.components import EVERYTHING, Part
from codeio_ops.local.containers import remove_sandboxes
from codeio_ops.local.home import Home, exclusive
from codeio_ops.local.processes import Component
from codeio_ops.local.programs import require_programs
from codeio_ops.local.state import StackState, remember

Say = Callable[[str], None]

# Slots and description of each pool that the DAGs name.
POOLS: Mapping[str, tuple[int, str]] = {
    "llm": (4, "Tasks that call the teacher"),
    "sandbox": (os.cpu_count() or 1, "Tasks that run programs"),
}
# The listeners whose address a person may have written down.
_NAMED = ("postgres", "s3", "teacher", "airflow", "pgbouncer", "redis")
STOP_TIMEOUT_S = 120.0
SUPERVISOR_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A stack that is up.

    Attributes:
        state: Its ports and secrets.
        settings: The settings its processes see.
    """

    state: StackState
    settings: Settings


def up(
    home: Home,
    *,
    parts: frozenset[Part] = EVERYTHING,
    say: Say,
    user: Mapping[str, str] | None = None,
    preferred: Mapping[str, int] = ports.PREFERRED,
    worker_count: int | None = None,
) -> Started:
    """Start what is missing, wait until all of it is healthy, and prepare the databases.

    Args:
        home: The state directory; created when missing.
        parts: What to start; parts that run and are not named here are stopped.
        say: Receives one line of text for each step that takes time.
        user: Environment of the caller (default: this process's); see `stack_environment`.
        preferred: Ports to try on the first start.
        worker_count: How many workers do the tasks, from now on; 0 leaves them to the scheduler,
            and None leaves it as it was.

    Raises:
        ExtraMissing: The extra `embedded` is not installed, or `celery` where there are workers.
        StackError: A component does not become healthy, or what workers need is not installed.
        SettingsError: A setting cannot work.
    """
    require("embedded")
    home.create()
    with (
        exclusive(home.lock_file, on_wait=lambda: say("waiting for another codeio command")),
        noted(home, say) as say,
    ):
        known = StackState.load(home)
        _require_for_workers(known, worker_count)
        state = remember(home, running=_alive(home), preferred=preferred, workers=worker_count)
        _say_moved(known.ports if known else preferred, state.ports, say)
        caller = os.environ if user is None else user
        bucket = caller.get("CODEIO_S3_BUCKET", Settings.model_fields["s3_bucket"].default)
        variables = environment.stack_environment(home, state, bucket=bucket, user=caller)
        for change in environment.changes(home, variables):
            say(change)
        environment.write(home, variables)
        settings = Settings.load(home.root)
        _check_recipes(settings)
        _start_storage(home, state, settings, variables, parts, say)
        _start_services(home, state, settings, variables, parts, say)
    return Started(state=state, settings=settings)


def _require_for_workers(known: StackState | None, worker_count: int | None) -> None:
    """Make sure that what workers need is installed, where there are to be any."""
    before = known.workers if known else 0
    if before if worker_count is None else worker_count:
        require("celery")
        require_programs()


def _check_recipes(settings: Settings) -> None:
    """Say now, and not at night, which recipe of the nights cannot be read."""
    from codeio_ops.release.recipe import load_recipe

    for name in settings.recipes_nightly:
        load_recipe(name)


def _say_moved(wanted: Mapping[str, int], got: Mapping[str, int], say: Say) -> None:
    """Say which listener has another port than it had, or than is usual."""
    for name in _NAMED:
        if wanted.get(name) and wanted[name] != got[name]:
            say(
                f"port {wanted[name]} is taken by another process, so {name} listens on "
                f"{got[name]}: saved addresses must follow"
            )


def _start_storage(
    home: Home,
    state: StackState,
    settings: Settings,
    variables: Mapping[str, str],
    parts: frozenset[Part],
    say: Say,
) -> None:
    storage = components.storage(home, state, parts)
    names = tuple(component.name for component in storage)
    _prepare_for_workers(home, state, names)
    if "postgres" in names and not home.postgres.exists():
        say("creating the Postgres cluster")
    if "postgres" in names:
        postgres.prepare(home, state.secrets)
    if "s3" in names:
        seaweed_security.protect(home.s3, state.secrets)
    alive = _alive(home)
    services = components.services(home, state, settings, variables, parts)
    kept = tuple(component for component in services if component.name in alive)
    _follow_plan(home, (*storage, *kept))
    if not alive.issuperset(names):
        say(f"starting {', '.join(names)}")
    health.wait(home, state, names)
    if "postgres" in names:
        postgres_roles.create_roles_and_databases(state)
        migrate(settings)
    if "s3" in names:
        seaweed.ensure_bucket(state, settings.s3_bucket)
        if state.workers:
            seaweed.ensure_bucket(state, workers.logs_bucket(settings.s3_bucket))


def _prepare_for_workers(home: Home, state: StackState, names: tuple[str, ...]) -> None:
    """Write what pgbouncer, Redis and the workers find when they start."""
    if "pgbouncer" in names:
        pooler.prepare(home, state)
    if "redis" in names:
        broker.prepare(home, state)
        workers.prepare(home, state)


def _start_services(
    home: Home,
    state: StackState,
    settings: Settings,
    variables: Mapping[str, str],
    parts: frozenset[Part],
    say: Say,
) -> None:
    services = components.services(home, state, settings, variables, parts)
    names = tuple(component.name for component in services)
    if Part.AIRFLOW in parts:
        airflow.write_password(home, state)
        say("preparing Airflow's database")
        airflow.migrate(home, state, {**environment.base_environment(), **variables})
    _follow_plan(home, (*components.storage(home, state, parts), *services))
    if not _alive(home).issuperset(names):
        say(f"starting {', '.join(names)}")
    health.wait(home, state, names)
    if Part.AIRFLOW in parts:
        _set_up_airflow(state)


def _set_up_airflow(state: StackState) -> None:
    """Give the pools their sizes, and let run what must run by night."""
    with health.open_api(state) as api:
        for name, (slots, description) in POOLS.items():
            api.put_pool(name, slots=slots, description=description)
        nights.let_run(api)


def migrate(settings: Settings) -> None:
    """Bring the project's database to the present schema."""
    from codeio_ops.storage.migrate import migrate as run

    run(settings.owner_database_url.get_secret_value())


def _alive(home: Home) -> frozenset[str]:
    """Return the names of the components that run now."""
    found = processes.records(home)
    return frozenset(name for name, record in found.items() if processes.leader(record))


def _follow_plan(home: Home, plan: tuple[Component, ...]) -> None:
    """Write the plan and see that a supervisor follows it."""
    supervisor.write_plan(home, plan)
    if supervisor.is_alive(home):
        return
    with (home.logs / "supervisor.log").open("ab") as output:
        subprocess.run(
            (sys.executable, "-m", "codeio_ops.local.supervisor", str(home.root)),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=True,
        )
    if not processes.wait_until(lambda: supervisor.is_alive(home), SUPERVISOR_TIMEOUT_S):
        raise StackError(
            "the supervisor does not start", cure=f"Read {home.logs / 'supervisor.log'}."
        )


def down(home: Home, *, say: Say) -> tuple[str, ...]:
    """Stop everything in reverse order and return the names of what was stopped.

    It works without the supervisor too: what was recorded is found again and stopped.

    Raises:
        StackError: A process survives.
    """
    if not home.run.exists():
        return ()
    with exclusive(home.lock_file, on_wait=lambda: say("waiting for another codeio command")):
        home.note_file.unlink(missing_ok=True)
        stopped = tuple(processes.records(home))
        if stopped:
            say(f"stopping {', '.join(reversed(stopped))}")
        supervisor.write_plan(home, ())
        processes.wait_until(lambda: not supervisor.is_alive(home), STOP_TIMEOUT_S)
        _kill_supervisor(home)
        processes.stop(home, processes.records(home).values())
        remove_sandboxes()
        state = StackState.load(home)
        if state is not None:
            seaweed.remove_sockets(state)
        return stopped


def _kill_supervisor(home: Home) -> None:
    """Kill a supervisor that does not follow its plan."""
    if not supervisor.is_alive(home):
        return
    pid = int((home.run / "supervisor.pid").read_text(encoding="utf-8"))
    with suppress(psutil.NoSuchProcess):
        processes.kill([psutil.Process(pid)])
    if supervisor.is_alive(home):
        raise StackError(f"the supervisor (pid {pid}) cannot be stopped")
