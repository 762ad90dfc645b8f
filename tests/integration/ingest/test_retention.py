"""Garbage is collected, and nothing that is referred to; dead letters come back by reason."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from codeio_ops.dedup.corpus import RawFiles
from codeio_ops.ingest.retention import GRACE, collect_garbage, vacuum
from codeio_ops.storage.requeue import requeue
from support.ingesting import Platform, program

LATER = datetime.now(UTC) + 2 * GRACE


def test_only_what_nothing_refers_to_is_deleted(
    platform: Platform, write: Callable[..., Path]
) -> None:
    root = write("first", **{f"f{n}": program(n) for n in range(1, 5)})
    platform.ingest(platform.add(f"directory:{root}"))
    platform.deduplicate()
    orphans = list(platform.blobs.write([b"orphan one", b"orphan two"], stage_run_id=None))  # type: ignore[arg-type]
    platform.objects.put("dedup/cio-near-1/raw_file/orphan.parquet", b"left behind")
    before = set(platform.objects.keys(""))
    found = collect_garbage(platform.store, platform.objects, now=LATER)
    assert (found.blobs, found.packs, found.segments) == (0, 1, 1)
    assert before - set(platform.objects.keys("")) == {
        orphans[0].pack_key,
        "dedup/cio-near-1/raw_file/orphan.parquet",
    }
    ids = [row[0] for row in platform.sql("SELECT raw_file_id FROM codeio.raw_file")]
    assert len(list(RawFiles(platform.store, platform.blobs).read(ids))) == 4


def test_a_blob_without_a_referrer_goes_and_its_neighbours_in_the_pack_stay(
    platform: Platform, write: Callable[..., Path]
) -> None:
    platform.ingest(platform.add(f"directory:{write('first', a=program(1))}"))
    writer = platform.work("ingest").writer
    writer.write(list(platform.blobs.write([b"nobody's"], stage_run_id=writer.run.stage_run_id)))
    assert collect_garbage(platform.store, platform.objects, now=LATER).blobs == 1
    assert platform.sql("SELECT count(*) FROM codeio.blob") == [(1,)]
    assert len(platform.objects.keys("packs/")) == 1


def test_what_is_younger_than_the_grace_stays(platform: Platform) -> None:
    list(platform.blobs.write([b"a task is about to commit"], stage_run_id=None))  # type: ignore[arg-type]
    now = LATER - 2 * GRACE + timedelta(minutes=1)
    assert collect_garbage(platform.store, platform.objects, now=now).packs == 0
    assert len(platform.objects.keys("packs/")) == 1


def test_dead_letters_come_back_by_reason_and_stay_known(
    platform: Platform, write: Callable[..., Path]
) -> None:
    root = write("first", small="x = 1\n", broken=program(1) + "\nneither python two nor three\n")
    source = platform.add(f"directory:{root}")
    assert platform.ingest(source) == {"too_small": 1, "unparsable": 1}
    assert requeue(platform.store, stage="ingest", reason="unparsable") == 1
    assert requeue(platform.store, stage="ingest", reason="unparsable") == 0
    assert platform.sql("SELECT reason FROM codeio.requeued_drop") == [("unparsable",)]
    assert platform.ingest(source) == {"known": 1, "unparsable": 1}


def test_growth_is_reported_by_table(platform: Platform, write: Callable[..., Path]) -> None:
    platform.ingest(platform.add(f"directory:{write('first', a=program(1))}"))
    sizes = {item.relation: item.bytes for item in vacuum(platform.store)}
    assert sizes["raw_file"] > 0
