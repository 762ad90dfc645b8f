"""The band keys of every survivor, as Parquet segments in S3.

A segment has the columns `subject_id` (16 bytes) and `band_00` ... `band_31` (uint64). Which
segments count is said by `codeio.dedup_segment`: an object without a row there was left behind
by a run that died, and is ignored.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from codeio_ops.dedup.minhash import BANDS, SPEC
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.records import DedupSegment
from codeio_ops.storage.objects import ObjectStore

PREFIX = "dedup/"
Keys = NDArray[np.uint64]


def write_segment(
    objects: ObjectStore,
    subject_kind: str,
    subject_ids: Sequence[UUID],
    keys: Keys,
    *,
    stage_run_id: UUID,
) -> DedupSegment:
    """Store the band keys of survivors; `keys` has the shape (subjects, 32).

    The key of a segment is its sha256, so a run that is repeated writes the same object.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    ids = pa.array([subject_id.bytes for subject_id in subject_ids], pa.binary(16))
    columns = {"subject_id": ids} | {
        f"band_{band:02}": pa.array(keys[:, band], pa.uint64()) for band in range(BANDS)
    }
    # Hashes do not compress, and no value comes twice.
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body, compression="none", use_dictionary=False)
    key = f"{PREFIX}{SPEC}/{subject_kind}/{sha256_hex(body.getvalue())}.parquet"
    objects.put(key, body.getvalue())
    return DedupSegment(
        segment_key=key,
        subject_kind=subject_kind,
        spec=SPEC,
        rows=len(subject_ids),
        stage_run_id=stage_run_id,
    )


def read_segment(objects: ObjectStore, segment_key: str) -> tuple[list[UUID], Keys]:
    """Return the subjects of a segment and their band keys, of shape (subjects, 32)."""
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(objects.get(segment_key)))
    keys = np.stack([table[f"band_{band:02}"].to_numpy() for band in range(BANDS)], axis=1)
    return [UUID(bytes=value) for value in table["subject_id"].to_pylist()], keys


def matches(new: Keys, known: Keys) -> Iterator[tuple[int, int]]:
    """Yield each (row of `new`, row of `known`) that share a band key, once, sorted.

    Both have the shape (rows, 32). Memory is that of one band.
    """
    pairs: set[tuple[int, int]] = set()
    for band in range(BANDS):
        pairs.update(_equal(new[:, band], known[:, band]))
    return iter(sorted(pairs))


def _equal(new: Keys, known: Keys) -> Iterable[tuple[int, int]]:
    order = np.argsort(known, kind="stable")
    ordered = known[order]
    first, last = np.searchsorted(ordered, new, "left"), np.searchsorted(ordered, new, "right")
    for row in np.flatnonzero((last > first) & (new != 0)):
        for place in range(first[row], last[row]):
            yield int(row), int(order[place])
