"""The screen: sources that leak a benchmark leave the pipeline; what was found is kept.

It runs twice: over raw files before any money is spent on them, and over finished samples
before a release is assembled, because a teacher may know a benchmark by heart.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from codeio_ops.fingerprint import content_id
from codeio_ops.quality.leakage.registry import (
    StoredIndex,
    leakage_judge,
    load_index,
    stored_indexes,
)
from codeio_ops.quality.leakage.share import Leaking, require_meant
from codeio_ops.quality.leakage.training import SourceText, source_of
from codeio_ops.quality.leakage.verdict import Hit
from codeio_ops.quality.unread import unread
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord, LeakHit, LeakScan, Record
from codeio_ops.storage.blobs import BlobLocation
from codeio_ops.storage.shards import Shard
from codeio_ops.work import Work

log = logging.getLogger(__name__)

STAGE = "screen"
_NAMED_ITEMS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingFile(BlobLocation):
    """A raw file to scan."""

    raw_file_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeakingFile:
    raw_file_id: UUID
    benchmark: str


def screen_files(shard: Shard, work: Work) -> Counter[str]:
    """Scan raw files of the shard for the benchmarks in use; those that leak are quarantined.

    With the setting `quarantine_leaks` off, hits are recorded and nothing else happens, so that
    the files are screened again when it is on.

    Returns:
        Counts: `clean` and `leak`.

    Raises:
        BenchmarkTooBroad: a benchmark would quarantine a large share of all files, and nobody
            said that it is meant.
    """
    from codeio_ops.quality.leakage.scan import LeakageScanner

    pending = work.rows(shard, PendingFile)
    indexes = stored_indexes(work.store)
    if not pending or not indexes:
        return Counter()
    scanner = LeakageScanner([load_index(index, objects=work.objects) for index in indexes])
    files = {item.sha256: item.raw_file_id for item in pending}
    texts = (
        SourceText(source=str(files[sha256]), fields={"content": content.decode(errors="replace")})
        for sha256, content in work.blobs.read(pending)
    )
    hits = list(scanner.scan(texts))
    known = work.store.fetch("benchmark.leaking_files", _LeakingFile)
    leaks = {(item.benchmark, str(item.raw_file_id)) for item in known} | _leaks(hits)
    _require_all_meant(leaks, "files", work.store.value("funnel.raw_files"), indexes, work)
    ids = {hit.source: UUID(hit.source) for hit in hits}
    records = _records(hits, "raw_file", ids, indexes, work)
    if work.settings.quarantine_leaks:
        records += [
            LeakScan(
                raw_file_id=raw_file_id,
                benchmark_index_id=index.benchmark_index_id,
                stage_run_id=work.writer.run.stage_run_id,
            )
            for raw_file_id in files.values()
            for index in indexes
        ]
    work.writer.write(records)
    return _counted(shard.name, len(pending), hits)


def screen_samples(work: Work) -> Counter[str]:
    """Scan the finished samples that nobody has; the files of those that leak are quarantined.

    Programs in which nothing was found are not read again before their next conversation, or the
    next benchmark.

    Returns:
        Counts: `clean` and `leak`, of the programs that were read.

    Raises:
        BenchmarkTooBroad: a benchmark would quarantine a large share of all programs, and nobody
            said that it is meant.
    """
    from codeio_ops.quality.leakage.scan import LeakageScanner

    indexes = stored_indexes(work.store)
    if not indexes:
        return Counter()
    scanner = LeakageScanner([load_index(index, objects=work.objects) for index in indexes])
    hits: list[Hit] = []
    files: dict[str, UUID] = {}
    read = 0
    for programs in unread(leakage_judge(indexes), work):
        found = list(scanner.scan(map(source_of, programs.read)))
        programs.keep_clean({UUID(hit.source) for hit in found})
        hits += found
        files |= {str(each[0].program_id): each[0].raw_file_id for each in programs.read}
        read += len(programs.read)
    total = work.store.value("benchmark.finished_programs")
    _require_all_meant(_leaks(hits), "programs", total, indexes, work)
    work.writer.write(_records(hits, "program", files, indexes, work))
    return _counted("samples", read, hits)


def _leaks(hits: Iterable[Hit]) -> set[tuple[str, str]]:
    """Return benchmark and source of each leak."""
    return {(hit.benchmark, hit.source) for hit in hits if hit.leak}


def _require_all_meant(
    leaks: Iterable[tuple[str, str]],
    kind: str,
    total: int,
    indexes: Sequence[StoredIndex],
    work: Work,
) -> None:
    """Refuse to quarantine a large share by a benchmark of which nobody said that it is meant.

    Raises:
        BenchmarkTooBroad: one would.
    """
    rows = Counter(benchmark for benchmark, _ in leaks)
    for index in indexes:
        if work.settings.quarantine_leaks and not index.meant:
            require_meant(index.name, Leaking(kind, rows[index.name], total), work.settings)


def _records(
    hits: Sequence[Hit],
    kind: Literal["raw_file", "program"],
    files: Mapping[str, UUID],
    indexes: Sequence[StoredIndex],
    work: Work,
) -> list[Record]:
    """Return the hits as facts, and a drop for each file of `files` that leaks."""
    stage_run_id = work.writer.run.stage_run_id
    index_ids = {index.name: index.benchmark_index_id for index in indexes}
    records: list[Record] = [
        hit_record(hit, kind, index_ids[hit.benchmark], stage_run_id) for hit in hits
    ]
    leaks: defaultdict[UUID, list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.leak:
            leaks[files[hit.source]].append(hit)
    if work.settings.quarantine_leaks:
        records += [_drop(found, kind, file, work) for file, found in leaks.items()]
    return records


def hit_record(
    hit: Hit, kind: Literal["raw_file", "program"], index_id: UUID, stage_run_id: UUID
) -> LeakHit:
    """Return a hit as a fact."""
    return LeakHit(
        leak_hit_id=content_id("leak_hit", kind, hit.source, str(index_id), hit.item),
        subject_kind=kind,
        subject_id=UUID(hit.source),
        benchmark_index_id=index_id,
        item=hit.item,
        paper_any13=hit.paper_any13,
        any13=hit.any13,
        leak=hit.leak,
        rules=list(hit.rules),
        evidence=[span.to_json() for span in hit.evidence],
        stage_run_id=stage_run_id,
    )


def _drop(hits: Sequence[Hit], kind: str, file: UUID, work: Work) -> DropRecord:
    named = ", ".join(map(str, hits[:_NAMED_ITEMS]))
    more = len(hits) - _NAMED_ITEMS
    where = "its text" if kind == "raw_file" else f"program {hits[0].source}"
    detail = f"{where} holds {named}{f' and {more} more' if more > 0 else ''}"
    drop = Drop(reason=DropReason.LEAK, detail=detail)
    return DropRecord.new(
        drop,
        stage=STAGE,
        subject_id=file,
        stage_run_id=work.writer.run.stage_run_id,
        decided_by=drop.decided_by(work.settings),
    )


def _counted(name: str, sources: int, hits: Sequence[Hit]) -> Counter[str]:
    leaking = len({hit.source for hit in hits if hit.leak})
    counts = +Counter(clean=sources - leaking, leak=leaking)
    log.info("screened %s: %s", name, dict(counts), extra={"action": "screen"})
    return counts
