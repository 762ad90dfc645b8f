"""What all tests share: their order, from cheap to dear, and the end of the shared stack."""

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from codeio_ops.local import stack
from codeio_ops.local.home import Home
from support.storage import HOME_POINTER, quiet

# A loaded machine is slow, and no test is about time.
settings.register_profile("codeio", deadline=None)
settings.load_profile("codeio")

ORDER = ("unit", "dags", "integration", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the cheap tests first."""
    items.sort(key=lambda item: ORDER.index(_tier(item)))


def _tier(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def _shared(config: pytest.Config) -> Path:
    """Return the directory that all workers of this run share."""
    base = Path(config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
    return base.parent if hasattr(config, "workerinput") else base


@pytest.fixture(scope="session")
def shared_directory(pytestconfig: pytest.Config) -> Path:
    """Return the directory that all workers of this run share."""
    return _shared(pytestconfig)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the stack that integration tests started, once, after the last worker."""
    if hasattr(session.config, "workerinput"):
        return
    pointer = _shared(session.config) / HOME_POINTER
    if not pointer.exists():
        return
    home = Home(Path(pointer.read_text()))
    stack.down(home, say=quiet)
    shutil.rmtree(home.root, ignore_errors=True)
    pointer.unlink(missing_ok=True)
