"""Benchmarks come and go: before one is in use, what there is is scanned for it."""

from collections.abc import Iterator
from itertools import chain
from math import ceil
from operator import attrgetter
from uuid import UUID

from codeio_ops.errors import SourceNotFound
from codeio_ops.quality.leakage.quarantine import STAGE, PendingFile, hit_record
from codeio_ops.quality.leakage.registry import keep_index, stored_indexes, use_index
from codeio_ops.quality.leakage.share import Leaking, require_meant
from codeio_ops.quality.leakage.sources import read_benchmark
from codeio_ops.quality.leakage.training import SourceText, TrainingText, program_sources
from codeio_ops.quality.leakage.verdict import Hit
from codeio_ops.reasons import DropReason
from codeio_ops.records import BenchmarkIndexRow
from codeio_ops.storage.requeue import requeue
from codeio_ops.storage.shards import split_range
from codeio_ops.work import Work

_FILES_AT_ONCE = 10_000


def index_benchmark(
    name: str, location: str, work: Work, *, meant: bool = False
) -> BenchmarkIndexRow:
    """Read a benchmark and put its index in use, in place of an earlier one of this name.

    All that there is is scanned for it first, published releases too, so that they say at once
    what leaks. What the earlier text alone had quarantined comes back.

    Args:
        name: The benchmark.
        location: Where it is.
        work: What the scan works with.
        meant: Whether it may quarantine a large share of what there is.

    Raises:
        SourceNotFound: there is nothing at the location.
        SourceUnavailable: it cannot be read, or is not a benchmark.
        SourceDamaged: no item of it could be found.
        BenchmarkTooBroad: it would quarantine a large share, and that is not `meant`.
    """
    from codeio_ops.quality.leakage.build import usable_index
    from codeio_ops.quality.leakage.scan import LeakageScanner

    index = usable_index(name, read_benchmark(location, settings=work.settings))
    row = keep_index(index, origin=location, objects=work.objects, writer=work.writer)
    scanner = LeakageScanner([index])
    files = list(scanner.scan(_file_sources(work)))
    texts = _texts(work)
    programs = list(scanner.scan(program_sources(texts)))
    run_id, index_id = work.writer.run.stage_run_id, row.benchmark_index_id
    found = [
        *(hit_record(hit, "raw_file", index_id, run_id) for hit in files),
        *(hit_record(hit, "program", index_id, run_id) for hit in programs),
    ]
    work.writer.write(found)
    if work.settings.quarantine_leaks and not meant:
        total = work.store.value("funnel.raw_files")
        require_meant(name, Leaking("files", len(_leaking(files)), total), work.settings)
        total = len({text.program_id for text in texts})
        require_meant(name, Leaking("programs", len(_leaking(programs)), total), work.settings)
    use_index(name, index_id, writer=work.writer, meant=meant)
    _lift(work)
    return row


def remove_benchmark(name: str, work: Work) -> int:
    """Take a benchmark out of use; return how many files come back that it alone kept out.

    Raises:
        SourceNotFound: there is no such benchmark.
    """
    if name not in {index.name for index in stored_indexes(work.store)}:
        raise SourceNotFound(f"no benchmark {name!r} is in use", cure="see `codeio benchmark list`")
    use_index(name, None, writer=work.writer)
    return _lift(work)


def _lift(work: Work) -> int:
    """Let back in what no benchmark in use accounts for."""
    return requeue(work.store, stage=STAGE, reason=DropReason.LEAK)


def _file_sources(work: Work) -> Iterator[SourceText]:
    """Yield every raw file, quarantined ones too."""
    parts = max(ceil(work.store.value("funnel.raw_files") / _FILES_AT_ONCE), 1)
    for part in split_range(parts):
        found = work.store.fetch("benchmark.raw_files", PendingFile, low=part.low, high=part.high)
        ids: dict[str, UUID] = {file.sha256: file.raw_file_id for file in found}
        for sha256, content in work.blobs.read(found):
            text = content.decode(errors="replace")
            yield SourceText(source=str(ids[sha256]), fields={"content": text})


def _texts(work: Work) -> list[TrainingText]:
    """Return what is finished, and what else published releases hold, by program."""
    finished = work.store.fetch(
        "benchmark.training_texts", TrainingText, sample_ids=None, judge_id=None
    )
    former = work.store.fetch("benchmark.former_texts", TrainingText)
    return sorted(chain(finished, former), key=attrgetter("program_id"))


def _leaking(hits: list[Hit]) -> set[str]:
    return {hit.source for hit in hits if hit.leak}
