"""Texts in S3: packs of zstd frames, addressed by sha256, read by byte range.

One object per small file costs a round trip each; a pack costs one for thousands.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import zstandard

from codeio_ops.config import Settings
from codeio_ops.errors import BlobCorrupt
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.records import Blob
from codeio_ops.storage.objects import ObjectStore

MAX_PACK_BYTES = 8 << 20
PACK_PREFIX = "packs/"
# Name of the lock that writers share from storing a pack to committing its blobs.
PACK_LOCK = "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobLocation:
    """Where a blob lies; the columns of `codeio.blob` that a reader needs."""

    sha256: str
    pack_key: str
    pack_offset: int
    pack_bytes: int


class BlobStore:
    """Writes and reads packs in one bucket."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    @classmethod
    def open(cls, settings: Settings) -> "BlobStore":
        """Prepare access to the bucket of `settings`."""
        return cls(ObjectStore.open(settings))

    def write(self, contents: Iterable[bytes], *, stage_run_id: UUID) -> Iterator[Blob]:
        """Store contents in packs of at most about 8 MiB.

        A pack's key is its own sha256, so writing the same contents again writes the same
        object. A blob is yielded only after its pack is stored.
        """
        compressor = zstandard.ZstdCompressor(level=9)
        frames: list[tuple[bytes, bytes]] = []
        size = 0
        for content in contents:
            frames.append((content, compressor.compress(content)))
            size += len(frames[-1][1])
            if size >= MAX_PACK_BYTES:
                yield from self._store(frames, stage_run_id)
                frames, size = [], 0
        if frames:
            yield from self._store(frames, stage_run_id)

    def _store(self, frames: Sequence[tuple[bytes, bytes]], stage_run_id: UUID) -> list[Blob]:
        pack = b"".join(frame for _, frame in frames)
        key = f"{PACK_PREFIX}{sha256_hex(pack)}.zst"
        self._objects.put(key, pack)
        blobs, offset = [], 0
        for content, frame in frames:
            blobs.append(
                Blob(
                    sha256=sha256_hex(content),
                    pack_key=key,
                    pack_offset=offset,
                    pack_bytes=len(frame),
                    size_bytes=len(content),
                    stage_run_id=stage_run_id,
                )
            )
            offset += len(frame)
        return blobs

    def read(self, locations: Iterable[BlobLocation]) -> Iterator[tuple[str, bytes]]:
        """Yield (sha256, content) of each location, pack by pack.

        Neighbours in a pack are fetched in one ranged request.

        Raises:
            BlobCorrupt: the bytes in S3 are not those that were stored.
            BlobStoreUnavailable: S3 cannot be reached.
        """
        ordered = sorted(locations, key=attrgetter("pack_key", "pack_offset"))
        for key, group in groupby(ordered, key=attrgetter("pack_key")):
            for run in _adjacent_runs(list(group)):
                yield from self._read_run(key, run)

    def _read_run(self, key: str, run: Sequence[BlobLocation]) -> Iterator[tuple[str, bytes]]:
        start = run[0].pack_offset
        end = run[-1].pack_offset + run[-1].pack_bytes
        data = memoryview(self._objects.get_range(key, start, end))
        for location in run:
            offset = location.pack_offset - start
            yield location.sha256, _unpack(location, data[offset : offset + location.pack_bytes])


def _adjacent_runs(locations: Sequence[BlobLocation]) -> Iterator[list[BlobLocation]]:
    """Group locations of one pack where what lies between is not worth another request."""
    run: list[BlobLocation] = []
    for location in locations:
        if run and location.pack_offset - run[-1].pack_offset > 256 << 10:
            yield run
            run = []
        run.append(location)
    if run:
        yield run


def _unpack(location: BlobLocation, frame: memoryview) -> bytes:
    try:
        content = zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError as exc:
        raise BlobCorrupt(f"blob {location.sha256} in {location.pack_key} is not zstd") from exc
    if sha256_hex(content) != location.sha256:
        raise BlobCorrupt(f"blob {location.sha256} in {location.pack_key} has other content")
    return content
