"""SIGKILL of the task, of Postgres and of S3 in the middle, and a rerun: all is as undisturbed.

The servers belong to this module alone. They are killed while the second object of ingest or of
dedup is about to be stored: what came before is committed, and the rest is not.
"""

import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from codeio_ops.config import Settings
from codeio_ops.dedup.corpus import RawFiles
from codeio_ops.dedup.stage import deduplicate
from codeio_ops.errors import TransientError
from codeio_ops.ingest import stage
from codeio_ops.local import components, ports, processes, stack
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState
from codeio_ops.storage.objects import ObjectStore
from support.ingesting import Platform, open_platform
from support.storage import create_template, fresh_settings, quiet

from .conftest import CONTENT, files

STORAGE = frozenset({components.Part.POSTGRES, components.Part.S3})
# Keys that begin so are written by ingest and by dedup.
OBJECTS = {"ingest": "packs/", "dedup": "dedup/"}


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A Postgres and an S3 that nobody else uses."""
    # Not below pytest's directories: Postgres may run as a user who cannot enter them.
    home = Home(Path(tempfile.mkdtemp(prefix="codeio-kill-", dir="/tmp")))
    try:
        create_template(_up(home))
        yield home
    finally:
        stack.down(home, say=quiet)
        shutil.rmtree(home.root, ignore_errors=True)


@pytest.fixture
def root(write: Callable[..., Path]) -> Path:
    return write("code", **files(10))


@pytest.fixture
def two(home: Home, tmp_path: Path) -> Iterator[tuple[Platform, Platform]]:
    """A platform to disturb, and one to leave alone."""
    state = _up(home)
    with fresh_settings(state, tmp_path) as one, fresh_settings(state, tmp_path) as other:
        opened = open_platform(one), open_platform(other)
        yield opened
        for platform in opened:
            platform.store.close()


def _up(home: Home) -> StackState:
    return stack.up(home, parts=STORAGE, say=quiet, user={}, preferred=ports.ANY).state


def _work(platform: Platform, root: Path) -> None:
    """Ingest in small batches, and compare in small chunks."""
    stage.BATCH_FILES = 3
    platform.ingest(platform.add(f"directory:{root}"))
    deduplicate(RawFiles(platform.store, platform.blobs), platform.work("dedup"), chunk=4)


def _kill(home: Home, name: str) -> None:
    for process in processes.family(processes.records(home)[name]):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _strike(patch: pytest.MonkeyPatch, during: str, act: Callable[[], None]) -> None:
    """Call `act` before the second object of `during` is stored."""
    put, stored = ObjectStore.put, [0]

    def counted(self: ObjectStore, key: str, body: bytes) -> None:
        stored[0] += key.startswith(OBJECTS[during])
        if stored[0] == 2:
            stored[0] += 1
            act()
        put(self, key, body)

    patch.setattr(ObjectStore, "put", counted)


def _work_and_die(settings: Settings, root: Path, home: Home) -> None:
    def everything() -> None:
        for name in ("s3", "postgres"):
            _kill(home, name)
        os.kill(os.getpid(), signal.SIGKILL)

    _strike(pytest.MonkeyPatch(), "ingest", everything)
    _work(open_platform(settings), root)


def _is_complete(disturbed: Platform, undisturbed: Platform, root: Path, home: Home) -> None:
    """Run again, and compare rows and hashes with an undisturbed run; every text can be read."""
    _up(home)
    for platform in (disturbed, undisturbed):
        _work(platform, root)
    assert disturbed.sql(CONTENT) == undisturbed.sql(CONTENT)
    ids = [row[0] for row in disturbed.sql("SELECT raw_file_id FROM codeio.raw_file")]
    # Reading compares each text with its sha256.
    assert len(list(RawFiles(disturbed.store, disturbed.blobs).read(ids))) == len(ids) == 12
    before = disturbed.sql(CONTENT)
    _work(disturbed, root)
    assert disturbed.sql(CONTENT) == before


@pytest.fixture(autouse=True)
def batch_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the size of batches set back."""
    monkeypatch.setattr(stage, "BATCH_FILES", stage.BATCH_FILES)


@pytest.mark.parametrize("during", OBJECTS)
@pytest.mark.parametrize("name", ["postgres", "s3"])
def test_a_killed_server_costs_nothing(
    two: tuple[Platform, Platform], root: Path, home: Home, name: str, during: str
) -> None:
    pid = processes.records(home)[name].pid
    with pytest.MonkeyPatch.context() as patch, suppress(TransientError):
        _strike(patch, during, lambda: _kill(home, name))
        _work(two[0], root)
    _is_complete(*two, root, home)
    assert processes.records(home)[name].pid != pid


def test_task_postgres_and_s3_killed_at_once_cost_nothing(
    two: tuple[Platform, Platform], root: Path, home: Home
) -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_work_and_die, args=(two[0].settings, root, home))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    _is_complete(*two, root, home)
