"""Fixtures with a real Postgres and a real S3, shared by every worker of one pytest run.

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
from support.storage import HOME_POINTER, create_template, fresh_settings, quiet

STORAGE = frozenset({components.Part.POSTGRES, components.Part.S3})


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
