"""The ingest stage: from a source to raw files, only what is new; and what the source shows now."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar
from uuid import UUID

from codeio_ops.errors import SourceEmpty
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.ingest.base import Reader, SourceFile
from codeio_ops.ingest.filters import drop_reason
from codeio_ops.ingest.licence import header_licence
from codeio_ops.ingest.source_settings import SourceSettings
from codeio_ops.ingest.sources import open_reader
from codeio_ops.ingest.tree import Tree
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord, RawFile, RawFileOrigin, Record, Source
from codeio_ops.storage.blobs import PACK_LOCK, BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.work import Work

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH_FILES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A file with the ids that its content and place give it."""

    file: SourceFile
    sha256: str
    origin_id: UUID
    raw_file_id: UUID

    @classmethod
    def of(cls, file: SourceFile, source: Source) -> "_Seen":
        # A file too large to be read is known by its size.
        sha256 = f"size:{file.size_bytes}" if file.content is None else sha256_hex(file.content)
        return cls(
            file=file,
            sha256=sha256,
            origin_id=RawFileOrigin.identify(source.source_id, file.version, file.path, sha256),
            raw_file_id=RawFile.identify(sha256),
        )


def read_source(source: Source, work: Work) -> Counter[str]:
    """Do what `ingest_source` does, with the reader of the source's kind."""
    return ingest_source(source, open_reader(source, work.settings), work)


def ingest_source(source: Source, reader: Reader, work: Work) -> Counter[str]:
    """Read a source and store the files that are new.

    A file takes its place when it is read; what the source no longer shows is gone only when
    all of it was read. Idempotent by (source, version, path, sha256). The cursor is written last,
    so a run that dies is read again and adds only what is missing.

    Returns:
        Counts: `new`, `known`, `gone`, and one for each drop reason.

    Raises:
        SourceEmpty: the source holds no source file at all.
    """
    options = SourceSettings.parse(source.settings)
    cursor = reader.cursor()
    if cursor and cursor == source.cursor_value:
        log.info("source %s is unchanged", source.locator, extra={"action": "ingest"})
        return Counter()
    counts: Counter[str] = Counter()
    tree, since = _begun(source, reader, work)
    files = reader.files(max_bytes=work.settings.max_file_bytes, since=since)
    for batch in batched(files, BATCH_FILES):
        seen = [_Seen.of(with_licence(file), source) for file in batch]
        # While it is held, `maintenance` deletes no pack.
        with work.store.locked(PACK_LOCK, shared=True):
            counts += _ingest_batch(seen, source, work, options, tree)
    if tree.is_empty:
        raise _empty(source, tree)
    counts += Counter(gone=sum(map(work.writer.write, tree.gone())))
    with work.store.transaction() as transaction:
        transaction.execute("ingest.set_cursor", source_id=source.source_id, cursor_value=cursor)
    log.info("ingested %s: %s", source.locator, dict(counts), extra={"action": "ingest"})
    return counts


def _begun(source: Source, reader: Reader, work: Work) -> tuple[Tree, str]:
    """Return the tree to fill, and the cursor to read from: none where it cannot be relied on."""
    run_id = work.writer.run.stage_run_id
    tree = Tree(source, work.store, stage_run_id=run_id)
    if tree.keep(reader.unchanged(since=source.cursor_value)):
        return tree, source.cursor_value
    return Tree(source, work.store, stage_run_id=run_id), ""


def _empty(source: Source, tree: Tree) -> SourceEmpty:
    """Ask: a mount or download that is missing must not take every file out of force."""
    name = f"{source.kind}:{source.locator}"
    if not tree.was_shown():
        return SourceEmpty(f"{name} holds no source file")
    return SourceEmpty(
        f"{name} holds no source file any more, and did before",
        cure="If a mount or a download is missing, bring it back. If all of it is meant to go, "
        "`codeio source remove` takes its files out of force.",
    )


def with_licence(file: SourceFile) -> SourceFile:
    """Return the file under the licence of its own SPDX header, where it has one."""
    stated = header_licence(file.content or b"")
    return replace(file, licence=stated) if stated else file


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _ingest_batch(
    seen: list[_Seen], source: Source, work: Work, options: SourceSettings, tree: Tree
) -> Counter[str]:
    store, writer = work.store, work.writer
    known = _known(store, "ingest.known_origins", origin_ids=[s.origin_id for s in seen])
    fresh = {s.origin_id: s for s in seen if s.origin_id not in known}
    present = _known(
        store, "ingest.known_raw_files", raw_file_ids=[s.raw_file_id for s in fresh.values()]
    )
    kept: dict[UUID, _Seen] = {}
    origins: list[RawFileOrigin] = []
    drops: list[DropRecord] = []
    counts = Counter(known=len(seen) - len(fresh))
    for item in fresh.values():
        drop = drop_reason(item.file, work.settings, options)
        if drop is None:
            origins.append(_origin(item, source, writer))
            if item.raw_file_id in present or item.raw_file_id in kept:
                drop = _duplicate(item)
            else:
                kept[item.raw_file_id] = item
        if drop is not None:
            drops.append(_drop_record(item, source, drop, writer))
        counts[drop.word if drop else "new"] += 1
    changes = tree.changes([(item.file, item.origin_id) for item in seen])
    writer.write([*_stored(kept, work.blobs, writer), *origins, *drops, *changes])
    return +counts


def _known(store: Store, query: str, **ids: list[UUID]) -> set[UUID]:
    with store.transaction() as transaction:
        return set(transaction.column(query, **ids))


def _duplicate(item: _Seen) -> Drop:
    return Drop(reason=DropReason.DUPLICATE, detail=f"of raw file {item.raw_file_id}")


def _stored(kept: dict[UUID, _Seen], blobs: BlobStore, writer: FactWriter) -> list[Record]:
    contents = (item.file.content for item in kept.values())
    stored = blobs.write(
        (c for c in contents if c is not None), stage_run_id=writer.run.stage_run_id
    )
    files: list[Record] = [
        RawFile(
            raw_file_id=item.raw_file_id,
            blob_sha256=item.sha256,
            language=item.file.language,
            size_bytes=item.file.size_bytes,
            stage_run_id=writer.run.stage_run_id,
        )
        for item in kept.values()
    ]
    return [*stored, *files]


def _origin(item: _Seen, source: Source, writer: FactWriter) -> RawFileOrigin:
    return RawFileOrigin(
        origin_id=item.origin_id,
        raw_file_id=item.raw_file_id,
        source_id=source.source_id,
        version=item.file.version,
        path=item.file.path,
        licence=item.file.licence,
        stage_run_id=writer.run.stage_run_id,
        repository=item.file.repository,
    )


def _drop_record(item: _Seen, source: Source, drop: Drop, writer: FactWriter) -> DropRecord:
    place = f"{source.kind}:{source.locator} {item.file.path} ({item.sha256})"
    return DropRecord.new(
        replace(drop, detail=f"{place}: {drop.detail}"),
        stage="ingest",
        subject_id=item.origin_id,
        stage_run_id=writer.run.stage_run_id,
        source_id=source.source_id,
    )
