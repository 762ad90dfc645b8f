"""Fixtures with a real Postgres and a real S3, shared by every worker of one pytest run.

The stack lives in a home of its own under `/tmp` (Postgres may run as another user, who cannot
enter pytest's private directories) and stops when the run ends, also after failures.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from codeio_ops.local import components, ports, postgres, seaweed, stack
from codeio_ops.local.home import Home, exclusive
from codeio_ops.local.state import StackState

TEMPLATE = "codeio_template"
POINTER = "codeio-test-home"
STORAGE = frozenset({components.Part.POSTGRES, components.Part.S3})


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of tests that start the whole stack."""
    config.addinivalue_line("markers", "slow: starts Airflow too; about a minute")


def _shared(config: pytest.Config) -> Path:
    """Return the directory that all workers of this run share."""
    base = Path(config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
    return base.parent if hasattr(config, "workerinput") else base


def _quiet(_: str) -> None:
    """Swallow progress."""


@pytest.fixture(scope="session")
def stack_home(pytestconfig: pytest.Config) -> Home:
    """Return the home of a running Postgres and S3, with a migrated template database."""
    shared = _shared(pytestconfig)
    with exclusive(shared / "codeio.lock"):
        pointer = shared / POINTER
        if not pointer.exists():
            pointer.write_text(tempfile.mkdtemp(prefix="codeio-test-", dir="/tmp"))
        home = Home(Path(pointer.read_text()))
        started = stack.up(home, parts=STORAGE, say=_quiet, user={}, preferred=ports.ANY)
        _create_template(started.state)
    return home


def _create_template(state: StackState) -> None:
    with postgres.connect(state) as link, link.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,))
        if cursor.fetchone():
            return
        postgres.create_database(cursor, TEMPLATE, owner=postgres.OWNER, users=())
    stack.migrate(_settings_of(state, TEMPLATE, "unused", Path("/nonexistent")), _quiet)


@pytest.fixture(scope="session")
def stack_state(stack_home: Home) -> StackState:
    """Return ports and secrets of the running stack."""
    state = StackState.load(stack_home)
    assert state is not None
    return state


@pytest.fixture
def settings(stack_state: StackState, tmp_path: Path) -> Iterator[Settings]:
    """Return settings of a fresh migrated database and an empty bucket, for one test."""
    yield from _fresh(stack_state, tmp_path)


@pytest.fixture(scope="module")
def module_settings(
    stack_state: StackState, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Return settings of a fresh migrated database and an empty bucket, for one module."""
    yield from _fresh(stack_state, tmp_path_factory.mktemp("home"))


def _fresh(state: StackState, home: Path) -> Iterator[Settings]:
    name = f"test-{secrets.token_hex(6)}"
    with postgres.connect(state) as link, link.cursor() as cursor:
        postgres.create_database(
            cursor,
            name,
            owner=postgres.OWNER,
            users=(postgres.APP, postgres.AUDITOR),
            template=TEMPLATE,
        )
    seaweed.ensure_bucket(state, name)
    yield _settings_of(state, name, name, home)
    with postgres.connect(state) as link, link.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _settings_of(state: StackState, database: str, bucket: str, home: Path) -> Settings:
    roles: Mapping[str, str] = {
        "database_url": postgres.APP,
        "auditor_database_url": postgres.AUDITOR,
        "owner_database_url": postgres.OWNER,
    }
    urls = {key: postgres.url(state, role=role, database=database) for key, role in roles.items()}
    return Settings.model_validate(
        {
            **urls,
            "home": home,
            "s3_endpoint_url": seaweed.endpoint(state),
            "s3_access_key": state.secrets.s3_access_key,
            "s3_secret_key": state.secrets.s3_secret_key,
            "s3_bucket": bucket,
            "teacher_key": state.secrets.teacher_key,
        }
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the stack once, after the last worker."""
    if hasattr(session.config, "workerinput"):
        return
    pointer = _shared(session.config) / POINTER
    if not pointer.exists():
        return
    home = Home(Path(pointer.read_text()))
    stack.down(home, say=_quiet)
    shutil.rmtree(home.root, ignore_errors=True)
    pointer.unlink()
