"""Where benchmark indexes are kept: the index in S3, what it is in Postgres."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from codeio_ops.errors import BlobCorrupt
from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.quality.leakage.definition import NAME
from codeio_ops.quality.leakage.sources import read_benchmark
from codeio_ops.records import BenchmarkIndexRow
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter
from codeio_ops.work import Work

if TYPE_CHECKING:
    from codeio_ops.quality.leakage.index import BenchmarkIndex

PREFIX = "benchmarks/"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIndex:
    """The index in use of a benchmark."""

    benchmark_index_id: UUID
    name: str
    object_key: str
    object_sha256: str


def index_benchmark(name: str, location: str, work: Work) -> BenchmarkIndexRow:
    """Read a benchmark and keep its index.

    Raises:
        SourceNotFound: there is nothing at the location.
        SourceUnavailable: it cannot be read, or is not a benchmark.
        SourceDamaged: no item of it could be found.
    """
    from codeio_ops.quality.leakage.build import usable_index

    index = usable_index(name, read_benchmark(location, settings=work.settings))
    return store_index(index, origin=location, objects=work.objects, writer=work.writer)


def store_index(
    index: "BenchmarkIndex", *, origin: str, objects: ObjectStore, writer: FactWriter
) -> BenchmarkIndexRow:
    """Keep an index; from now on it is the one in use for its benchmark."""
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


def stored_indexes(store: Store) -> list[StoredIndex]:
    """Return the indexes in use, by name of the benchmark."""
    return store.fetch("benchmark.indexes", StoredIndex)


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
