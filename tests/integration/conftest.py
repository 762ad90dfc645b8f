"""Fixtures with a real Postgres, S3 and Docker, shared by every worker of one pytest run.

The stack lives in a home of its own under `/tmp` (Postgres may run as another user, who cannot
enter pytest's private directories) and stops when the run ends, also after failures.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from codeio_ops.local import components, ports, stack
from codeio_ops.local.home import Home, exclusive
from codeio_ops.local.state import StackState
from codeio_ops.sandbox.address import EngineAddress
from codeio_ops.sandbox.engine import ensure_engine
from codeio_ops.sandbox.image import ensure_image
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.sandbox.runtimes import RUNTIMES
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from support.gvisor import why_not, write_wrapper
from support.private_engine import PrivateEngine
from support.storage import HOME_POINTER, create_template, fresh_settings, quiet

STORAGE = frozenset({components.Part.POSTGRES, components.Part.S3})
LABELS = {"codeio.test": "1"}


@pytest.fixture(scope="session")
def stack_home(shared_directory: Path) -> Home:
    """Return the home of a running Postgres and S3, with a migrated template database."""
    with exclusive(shared_directory / "codeio.lock"):
        pointer = shared_directory / HOME_POINTER
        if not pointer.exists():
            pointer.write_text(tempfile.mkdtemp(prefix="codeio-test-", dir="/tmp"))
        home = Home(Path(pointer.read_text()))
        started = stack.up(home, parts=STORAGE, say=quiet, user={}, preferred=ports.ANY)
        create_template(started.state)
    return home


@pytest.fixture(scope="session")
def stack_state(stack_home: Home) -> StackState:
    """Return ports and secrets of the running stack."""
    state = StackState.load(stack_home)
    assert state is not None
    return state


@pytest.fixture
def settings(stack_state: StackState, tmp_path: Path) -> Iterator[Settings]:
    """Return settings of a fresh migrated database and an empty bucket, for one test."""
    with fresh_settings(stack_state, tmp_path) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_settings(
    stack_state: StackState, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Return settings of a fresh migrated database and an empty bucket, for one module."""
    with fresh_settings(stack_state, tmp_path_factory.mktemp("home")) as fresh:
        yield fresh


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Return the database of one test."""
    yield from _opened(settings)


@pytest.fixture(scope="module")
def module_store(module_settings: Settings) -> Iterator[Store]:
    """Return the database of one module."""
    yield from _opened(module_settings)


@pytest.fixture
def objects(settings: Settings) -> ObjectStore:
    """Return the bucket of one test."""
    return ObjectStore.open(settings)


@pytest.fixture(scope="session")
def image() -> str:
    """Return the name of a sandbox image built from the files of this checkout."""
    name = Settings().sandbox_image
    ensure_engine(quiet)
    ensure_image(name, quiet)
    return name


@pytest.fixture(scope="session")
def sandbox(image: str) -> Iterator[DockerSandbox]:
    """Return a sandbox; one job after the other runs in the container of the one before."""
    with DockerSandbox.open(image, workers=2, labels=LABELS) as opened:
        yield opened


@pytest.fixture(scope="session")
def confirming(image: str) -> Iterator[DockerSandbox]:
    """Return a sandbox under another hash seed than that of `sandbox`."""
    with DockerSandbox.open(image, workers=2, hash_seed=1, labels=LABELS) as opened:
        yield opened


@pytest.fixture(scope="session")
def gvisor_sandbox(image: str) -> Iterator[DockerSandbox]:
    """Return a sandbox under gVisor, on an engine of its own."""
    directory = Path(tempfile.mkdtemp(prefix="codeio-gvisor-", dir="/tmp"))
    runtime = write_wrapper(directory)
    if reason := why_not(runtime):
        pytest.skip(reason)
    engine = PrivateEngine(directory, runtimes={"runsc": runtime})
    engine.start()
    try:
        engine.copy_image(image)
        address = EngineAddress(host=engine.url)
        with DockerSandbox.open(
            image, workers=2, labels=LABELS, runtime="runsc", engine=address
        ) as opened:
            yield opened
    finally:
        engine.remove()


@pytest.fixture(scope="session", params=sorted(RUNTIMES))
def each_sandbox(request: pytest.FixtureRequest) -> DockerSandbox:
    """Return a sandbox under one container runtime after the other."""
    name = "sandbox" if request.param == "runc" else "gvisor_sandbox"
    opened: DockerSandbox = request.getfixturevalue(name)
    return opened


def _opened(settings: Settings) -> Iterator[Store]:
    store = Store.open(settings.database_url.get_secret_value())
    yield store
    store.close()
