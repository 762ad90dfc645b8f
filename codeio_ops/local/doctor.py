"""What the platform needs on this machine, and the cure for what is missing."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from codeio_ops.config import Settings
from codeio_ops.errors import CodeIOError, ImageMissing, StackError
from codeio_ops.local import disk, health, nights, workers
from codeio_ops.local.airflow import COMMANDS
from codeio_ops.local.beginning import unfinished
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState

ENGINE_TIMEOUT_S = 10
NOT_UP = StackError("the stack was never started here", cure="Run `codeio up`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check.

    Attributes:
        name: What was checked.
        ok: Whether it is as it should be.
        detail: What was found.
        cure: What to do about a failure, in one line.
    """

    name: str
    ok: bool
    detail: str
    cure: str


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Run every check; none of them leaves anything behind."""
    home = Home(settings.home)
    state = StackState.load(home)
    checks: list[tuple[str, Callable[[], str]]] = [
        ("docker engine", _engine),
        ("sandbox image", lambda: _image(settings.sandbox_image)),
        ("start", lambda: _start(home)),
        ("postgres", lambda: _component("postgres", state)),
        ("s3", lambda: _component("s3", state)),
        ("s3 releases", lambda: _immutable(settings, state)),
        ("teacher", lambda: _teacher(settings, state)),
        *((name, lambda name=name: _component(name, state)) for name in COMMANDS),
        *((name, lambda name=name: _component(name, state)) for name in _for_workers(state)),
        ("nights", lambda: _nights(settings, state)),
        ("decisions", lambda: _decisions(settings)),
        ("disk", lambda: _disk(settings)),
    ]
    return tuple(_finding(name, check) for name, check in checks)


def _for_workers(state: StackState | None) -> tuple[str, ...]:
    """Return the components that there are with workers only."""
    if state is None or not state.workers:
        return ()
    return ("pgbouncer", "redis", *workers.names(state))


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name=name, ok=True, detail=check(), cure="")
    except CodeIOError as exc:
        cure = exc.cure or "Run `codeio up`, then read the log in the state directory."
        return Finding(name=name, ok=False, detail=str(exc), cure=cure)


def _start(home: Home) -> str:
    if told := unfinished(home):
        raise StackError(told, cure="Run `codeio up`.")
    return "no start is unfinished"


def _component(name: str, state: StackState | None) -> str:
    if state is None:
        raise NOT_UP
    return health.check(name, state)


def _teacher(settings: Settings, state: StackState | None) -> str:
    if settings.runs_offline_teacher:
        answers = _component("teacher", state)
        if settings.uses_offline_teacher:
            return answers
    return f"{settings.model} at {settings.teacher_base_url or 'api.openai.com'} (not called)"


def _immutable(settings: Settings, state: StackState | None) -> str:
    from codeio_ops.storage.objects import ObjectStore

    if state is None:
        raise NOT_UP
    ObjectStore.open(settings).require_conditional_writes()
    return "creates objects without replacing any"


def _nights(settings: Settings, state: StackState | None) -> str:
    from codeio_ops.sandbox.image import inputs_digest
    from codeio_ops.storage.engine import Store

    if state is None:
        raise NOT_UP
    store = Store.open(settings.database_url.get_secret_value())
    now = datetime.fromtimestamp(time.time(), UTC)
    with health.open_api(state, timeout_s=5.0) as api:
        return nights.require_nights(api, store, inputs_digest(), now=now)


def _decisions(settings: Settings) -> str:
    """Say what waits for a person; where the database does not answer, its own check says so."""
    from codeio_ops.release.waiting import open_questions
    from codeio_ops.storage.engine import Store

    try:
        found = open_questions(Store.open(settings.database_url.get_secret_value()))
    except CodeIOError:
        return "not known: the database does not answer"
    return " ".join(f"{question} {question.cure}" for question in found) or "none waits for you"


def _engine() -> str:
    from codeio_ops.sandbox.engine import connect, engine_errors

    client = connect(timeout_s=ENGINE_TIMEOUT_S)
    try:
        with engine_errors("asking for the version"):
            return f"Docker {client.version()['Version']}"
    finally:
        client.close()


def _image(reference: str) -> str:
    from codeio_ops.sandbox.engine import connect
    from codeio_ops.sandbox.image import image_facts, inputs_digest

    client = connect(timeout_s=ENGINE_TIMEOUT_S)
    try:
        facts = image_facts(client, reference)
    finally:
        client.close()
    if facts.inputs_digest != inputs_digest():
        raise ImageMissing(f"{reference} is out of date")
    return f"{reference} on {facts.base}"


def _disk(settings: Settings) -> str:
    if told := disk.shortage(settings.home):
        raise StackError(told, cure="Free some space, or set CODEIO_HOME to another disk.")
    return f"{disk.free_gib(settings.home):.0f} GiB free"
