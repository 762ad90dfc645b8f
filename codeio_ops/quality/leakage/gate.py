"""The leakage gate: no program of a release, nor its file, may hold an item of a benchmark."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.judges import Judge
from codeio_ops.quality.leakage.registry import (
    KNOWN,
    leakage_judge,
    load_index,
    stored_indexes,
)
from codeio_ops.quality.leakage.training import program_sources
from codeio_ops.quality.leakage.verdict import Hit
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Rows, Severity

if TYPE_CHECKING:
    from codeio_ops.quality.leakage.index import BenchmarkIndex

_FLAGS = ("paper_any13", "any13", "leak")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakingFile:
    """The raw file of a released program, in which the screen found an item."""

    program_id: UUID
    raw_file_id: UUID
    benchmark: str
    item: str


def leakage(inputs: GateInputs) -> Measurement:
    """Count programs whose samples or raw file leak an item of an indexed benchmark.

    A leaking file stands in a release only where it was not quarantined. With no index nothing
    was looked for, which is no pass: a person decides.
    """
    rows = inputs.rows
    stored = stored_indexes(rows.store)
    if not stored:
        return _nothing_indexed()
    indexes = [load_index(index, objects=rows.objects) for index in stored]
    hits = text_hits(rows, indexes, leakage_judge(stored))
    leaks = [hit for hit in hits if hit.leak]
    files = leaking_files(rows)
    return Measurement(
        metric="programs that leak a benchmark item",
        value=len({hit.source for hit in leaks} | {str(file.program_id) for file in files}),
        threshold=0,
        evidence={
            "benchmarks": summary(indexes, hits),
            "hits": [hit_json(hit) for hit in leaks[:MAX_EVIDENCE]],
            "files": [_file_json(file) for file in files[:MAX_EVIDENCE]],
        },
    )


def _nothing_indexed() -> Measurement:
    missing: list[Json] = [f"codeio benchmark add {name} {at}" for name, at in KNOWN.items()]
    return Measurement(
        metric="benchmarks missing: none is in use, so none was looked for",
        value=1,
        threshold=0,
        evidence={"benchmarks": {}, "missing": missing},
        severity=Severity.SOFT,
    )


def text_hits(rows: Rows, indexes: "Sequence[BenchmarkIndex]", judge: Judge) -> list[Hit]:
    """Return what the texts of samples share with benchmarks, program by program."""
    from codeio_ops.quality.leakage.scan import LeakageScanner

    return list(LeakageScanner(indexes).scan(program_sources(rows.texts(judge))))


def leaking_files(rows: Rows) -> list[LeakingFile]:
    """Return the files of samples in which the screen found an item of a benchmark in use."""
    return rows.fetch("benchmark.leaks_of_files", LeakingFile)


def summary(indexes: "Sequence[BenchmarkIndex]", hits: Sequence[Hit]) -> dict[str, Json]:
    """Count the items of each benchmark that were found, by how they were found."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for hit in hits:
        for flag in _FLAGS:
            if getattr(hit, flag):
                found[hit.benchmark, flag].add(hit.item)
    return {
        index.name: {
            "items": len(index.item_ids),
            **{flag: len(found[index.name, flag]) for flag in _FLAGS},
            "unscannable": int(index.unscannable.sum()),
        }
        for index in indexes
    }


def _file_json(file: LeakingFile) -> dict[str, Json]:
    return {name: str(value) for name, value in asdict(file).items()}


def hit_json(hit: Hit) -> dict[str, Json]:
    """Return a hit as it is printed and stored as evidence."""
    return {
        "bench": hit.benchmark,
        "item": hit.item,
        "source": hit.source,
        "paper_any13": hit.paper_any13,
        "any13": hit.any13,
        "leak": hit.leak,
        "rules": list(hit.rules),
        "evidence": [span.to_json() for span in hit.evidence],
    }
