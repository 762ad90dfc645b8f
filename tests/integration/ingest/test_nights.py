"""Nights: only what is new flows, twice changes nothing, and death in the middle costs nothing."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import BlobStoreUnavailable, StoreUnavailable
from codeio_ops.ingest import stage
from codeio_ops.ingest.base import Reader, SourceFile, Unchanged
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.preview import preview_source
from codeio_ops.ingest.sources import active_sources, parse_source
from codeio_ops.local.state import StackState
from codeio_ops.storage.objects import ObjectStore
from support.ingesting import Platform, open_platform, program
from support.storage import fresh_settings

from .conftest import CONTENT, files

Write = Callable[..., Path]


@pytest.fixture
def undisturbed(stack_state: StackState, tmp_path: Path) -> Iterator[Platform]:
    """Return a second platform, for a run that nothing disturbs."""
    with fresh_settings(stack_state, tmp_path / "undisturbed") as settings:
        opened = open_platform(settings)
        yield opened
        opened.store.close()


def test_the_second_night_brings_only_what_is_new(platform: Platform, write: Write) -> None:
    source = platform.add(f"directory:{write('code', **files(8))}")
    assert platform.ingest(source, night="2026-01-30") == {"new": 10, "too_small": 1}
    write("code", new=program(20), module_1=program(21))
    second = platform.ingest(source, night="2026-01-31")
    assert (second["new"], second["known"]) == (2, 10)
    before = platform.sql(CONTENT)
    assert platform.ingest(source, night="2026-01-31") == {"known": 12}
    assert platform.sql(CONTENT) == before
    nights = platform.sql(
        "SELECT partition_key, count(*) FROM codeio.raw_file INNER JOIN codeio.stage_run "
        "USING (stage_run_id) GROUP BY partition_key ORDER BY partition_key"
    )
    assert nights == [("2026-01-30", 10), ("2026-01-31", 2)]


def test_the_cursor_moves_only_when_everything_is_stored(
    platform: Platform, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("tables")
    root.mkdir()
    table = root / "rows.jsonl"
    table.write_text(json.dumps({"content": program(1)}))
    source = platform.add(f"jsonl:{table}")

    def unreachable(self: ObjectStore, key: str, body: bytes) -> None:
        raise BlobStoreUnavailable("S3 cannot be reached")

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "put", unreachable)
        with pytest.raises(BlobStoreUnavailable):
            platform.ingest(source)
    assert platform.sql("SELECT cursor_value FROM codeio.source") == [("",)]
    assert platform.ingest(source) == {"new": 1}
    assert platform.ingest(source) == {}


class _Deadly:
    """A reader during whose reading a signal hits this process."""

    def __init__(self, reader: Reader, after: int) -> None:
        self._reader, self._after = reader, after

    def cursor(self) -> str:
        return self._reader.cursor()

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        for number, file in enumerate(self._reader.files(max_bytes=max_bytes, since=since)):
            if number == self._after:
                os.kill(os.getpid(), signal.SIGKILL)
            yield file

    def unchanged(self, *, since: str) -> Iterable[Unchanged]:
        return self._reader.unchanged(since=since)


def _ingest_and_die(settings: Settings, root: Path, after: int) -> None:
    platform = open_platform(settings)
    stage.BATCH_FILES = 3
    source = platform.add(f"directory:{root}")
    reader = _Deadly(DirectoryReader(root, licence=""), after)
    stage.ingest_source(source, reader, platform.work("ingest"))


@pytest.mark.parametrize("after", [0, 5, 10])
def test_a_task_that_is_killed_leaves_what_an_undisturbed_run_completes(
    platform: Platform, undisturbed: Platform, write: Write, after: int
) -> None:
    root = write("code", **files(10))
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_ingest_and_die, args=(platform.settings, root, after))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    for one in (platform, undisturbed):
        one.ingest(one.add(f"directory:{root}"))
        one.deduplicate()
    assert platform.sql(CONTENT) == undisturbed.sql(CONTENT)


def test_a_connection_that_is_cut_is_transient_and_costs_nothing(
    platform: Platform, undisturbed: Platform, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("code", **files(10))
    source = platform.add(f"directory:{root}")
    put = ObjectStore.put

    def cut(self: ObjectStore, key: str, body: bytes) -> None:
        put(self, key, body)
        platform.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'codeio_app' AND datname = current_database() "
            "AND pid <> pg_backend_pid()",
            url=platform.settings.database_url.get_secret_value(),
        )

    monkeypatch.setattr(ObjectStore, "put", cut)
    with pytest.raises(StoreUnavailable):
        platform.ingest(source)
    monkeypatch.undo()
    for one in (platform, undisturbed):
        one.ingest(one.add(f"directory:{root}"))
        one.deduplicate()
    assert platform.sql(CONTENT) == undisturbed.sql(CONTENT)


def test_one_dead_source_does_not_stop_another(platform: Platform, write: Write) -> None:
    gone = write("gone", a=program(1))
    first = platform.add(f"directory:{gone}")
    second = platform.add(f"directory:{write('there', b=program(2))}")
    (gone / "a.py").unlink()
    gone.rmdir()
    with pytest.raises(Exception, match="is not a directory"):
        platform.ingest(first)
    assert platform.ingest(second) == {"new": 1}


def test_objects_of_a_bucket_are_read_by_etag_and_time(platform: Platform) -> None:
    platform.objects.put("code/a.py", program(1).encode())
    platform.objects.put("code/notes.txt", b"no code")
    source = platform.add(f"s3://{platform.objects.bucket}/code")
    assert platform.ingest(source) == {"new": 1}
    assert platform.ingest(source) == {}
    platform.objects.put("code/b.py", program(2).encode())
    assert platform.ingest(source)["new"] == 1
    versions = platform.sql("SELECT path, version FROM codeio.raw_file_origin ORDER BY path")
    etags = {item.key: item.etag for item in platform.objects.listing("code/")}
    assert versions == [("a.py", etags["code/a.py"]), ("b.py", etags["code/b.py"])]


def test_a_table_in_s3_is_read_like_a_local_one(platform: Platform, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    local = tmp_path / "train.parquet"
    pq.write_table(pa.table({"text": [program(1), program(2)]}), local)
    platform.objects.put("set/data/train-00000.parquet", local.read_bytes())
    locator = f"parquet:s3://{platform.objects.bucket}/set"
    source = platform.add(locator, columns={"content": "text"})
    assert platform.ingest(source) == {"new": 2}
    assert platform.ingest(source) == {}


def test_a_preview_says_what_no_release_will_take(platform: Platform, write: Write) -> None:
    root = write("code", own="# SPDX-License-Identifier: GPL-3.0-only\n" + program(1))
    (line,) = preview_source(parse_source(f"directory:{root}"), platform.settings, most=5)
    assert line.outcome == "kept, but no release takes it"
    assert "GPL-3.0-only" in line.detail and "CODEIO_LICENCES" in line.detail
    allowed = platform.settings.model_copy(update={"licences": ("GPL-3.0-only",)})
    (line,) = preview_source(parse_source(f"directory:{root}"), allowed, most=5)
    assert (line.outcome, line.detail) == ("kept", "")


def test_a_preview_writes_nothing(platform: Platform, write: Write) -> None:
    root = write("code", good=program(1), tiny="x = 1\n")
    lines = preview_source(parse_source(f"directory:{root}"), platform.settings, most=5)
    assert [(line.path, line.outcome) for line in lines] == [
        ("good.py", "kept"),
        ("tiny.py", "too_small"),
    ]
    assert platform.sql("SELECT count(*) FROM codeio.stage_run") == [(0,)]
    assert platform.objects.keys("") == []


def test_a_removed_source_is_read_no_more_and_keeps_its_files(
    platform: Platform, write: Write
) -> None:
    source = platform.add(f"directory:{write('code', a=program(1))}")
    platform.ingest(source)
    with platform.store.transaction() as transaction:
        assert transaction.execute("ingest.remove_source", source_id=source.source_id) == 1
    assert active_sources(platform.store) == []
    assert platform.sql("SELECT count(*) FROM codeio.raw_file_origin") == [(1,)]
    platform.add(f"{source.kind}:{source.locator}", tests="keep")
    assert [one.settings for one in active_sources(platform.store)] == [{"tests": "keep"}]
