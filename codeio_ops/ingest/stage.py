"""The ingest stage: from a source to raw files, only what is new; and what the source shows now."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias, TypeVar
from uuid import UUID

from codeio_ops.errors import SourceEmpty
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.ingest.base import Reader, SourceFile
from codeio_ops.ingest.filters import drop_reason
from codeio_ops.ingest.judging import STAGE, Judging, Standing, standings
from codeio_ops.ingest.licence import header_licence
from codeio_ops.ingest.source_settings import SourceSettings
from codeio_ops.ingest.sources import open_reader
from codeio_ops.ingest.tree import Tree
from codeio_ops.reasons import DropReason
from codeio_ops.records import (
    Drop,
    DropRecord,
    OriginLicence,
    RawFile,
    RawFileOrigin,
    Record,
    Source,
)
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


# A file with why it is dropped; None keeps it.
_Judged: TypeAlias = tuple[_Seen, Drop | None]


def read_source(source: Source, work: Work) -> Counter[str]:
    """Do what `ingest_source` does, with the reader of the source's kind."""
    return ingest_source(source, open_reader(source, work.settings), work)


def ingest_source(source: Source, reader: Reader, work: Work) -> Counter[str]:
    """Read a source and store the files that are new.

    A file takes its place when it is read; what the source no longer shows is gone only when
    all of it was read. Idempotent by (source, version, path, sha256). The cursor is written last,
    so a run that dies is read again and adds only what is missing. What was judged by other
    settings than those of now is read from the beginning, and judged anew.

    Returns:
        Counts: `new`, `known`, `gone`, and one for each drop reason.

    Raises:
        SourceEmpty: the source holds no source file at all.
    """
    judging = Judging.of(source, work)
    cursor = reader.cursor()
    if cursor and cursor == source.cursor_value and not judging.anew:
        log.info("source %s is unchanged", source.locator, extra={"action": "ingest"})
        return Counter()
    counts: Counter[str] = Counter()
    begun = replace(source, cursor_value="") if judging.anew else source
    tree, since = _begun(begun, reader, work)
    files = reader.files(max_bytes=work.settings.max_file_bytes, since=since)
    for batch in batched(files, BATCH_FILES):
        seen = [_Seen.of(with_licence(file), source) for file in batch]
        # While it is held, `maintenance` deletes no pack.
        with work.store.locked(PACK_LOCK, shared=True):
            counts += _ingest_batch(seen, source, work, judging, tree)
    if tree.is_empty:
        raise _empty(source, tree)
    counts += Counter(gone=sum(map(work.writer.write, tree.gone())))
    judging.end(source, work, cursor)
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
        "`codeio source remove --from-releases` takes its files out of force.",
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
    seen: list[_Seen], source: Source, work: Work, judging: Judging, tree: Tree
) -> Counter[str]:
    items = {item.origin_id: item for item in seen}
    known = standings(work.store, items)
    judging.waiting.difference_update(items)
    due = [item for item in items.values() if _is_due(item, known.get(item.origin_id), judging)]
    turned = _turned(due, known, work, judging.options)
    counts = Counter(drop.word if drop else "new" for _, drop in turned)
    counts["known"] = len(seen) - len(turned)
    facts = [*_licences(items, known, work.writer), *_records(turned, source, work)]
    changes = tree.changes([(item.file, item.origin_id) for item in seen])
    work.writer.rewrite(
        [*facts, *changes],
        stage=STAGE,
        subjects=[item.origin_id for item, _ in turned if item.origin_id in known],
    )
    _call_heirs([item.raw_file_id for item, drop in turned if drop], work)
    return +counts


def _is_due(item: _Seen, standing: Standing | None, judging: Judging) -> bool:
    if judging.anew or standing is None or standing.must_be_judged:
        return True
    return _is_relicensed(item, standing)


def _is_relicensed(item: _Seen, standing: Standing) -> bool:
    return standing.licence is not None and standing.licence != item.file.licence


def _turned(
    due: list[_Seen], known: Mapping[UUID, Standing], work: Work, options: SourceSettings
) -> list[_Judged]:
    """Judge files, and return those that get another judgement than they had.

    Of one content those that are kept come first, so that nothing takes their place.
    """

    def is_kept(item: _Seen) -> bool:
        return item.origin_id in known and not known[item.origin_id].reason

    held = _known(
        work.store,
        "ingest.held_raw_files",
        raw_file_ids=[item.raw_file_id for item in due],
        origin_ids=[item.origin_id for item in due],
    )
    turned: list[_Judged] = []
    for item in sorted(due, key=is_kept, reverse=True):
        drop = drop_reason(item.file, work.settings, options)
        if drop is None and item.raw_file_id in held:
            drop = _duplicate(item)
        elif drop is None:
            held.add(item.raw_file_id)
        standing = known.get(item.origin_id)
        word = drop.word if drop else ""
        if standing is None or standing.must_be_judged or standing.reason != word:
            turned.append((item, drop))
    return turned


def _call_heirs(raw_file_ids: list[UUID], work: Work) -> None:
    """Let the first copy of each file that no place keeps any more stand for it."""
    if raw_file_ids:
        heirs = _known(work.store, "ingest.heirs", raw_file_ids=raw_file_ids)
        work.writer.rewrite([], stage=STAGE, subjects=sorted(heirs))


def _licences(
    items: Mapping[UUID, _Seen], known: Mapping[UUID, Standing], writer: FactWriter
) -> list[Record]:
    """Return the licences that stored files are found under by now, where they are others."""
    return [
        OriginLicence(
            origin_id=standing.origin_id,
            licence=items[standing.origin_id].file.licence,
            stage_run_id=writer.run.stage_run_id,
        )
        for standing in known.values()
        if _is_relicensed(items[standing.origin_id], standing)
    ]


def _records(turned: list[_Judged], source: Source, work: Work) -> list[Record]:
    """Return what is new of files that got another judgement."""
    writer = work.writer
    kept = {item.raw_file_id: item for item, drop in turned if drop is None}
    stored = _known(work.store, "ingest.known_raw_files", raw_file_ids=list(kept))
    new = {raw_file_id: item for raw_file_id, item in kept.items() if raw_file_id not in stored}
    origins = [
        _origin(item, source, writer)
        for item, drop in turned
        if drop is None or drop.reason is DropReason.DUPLICATE
    ]
    drops = [_drop_record(item, source, drop, writer) for item, drop in turned if drop]
    return [*_stored(new, work.blobs, writer), *origins, *drops]


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
    record = DropRecord.new(
        replace(drop, detail=f"{place}: {drop.detail}"),
        stage=STAGE,
        subject_id=item.origin_id,
        stage_run_id=writer.run.stage_run_id,
        source_id=source.source_id,
    )
    if drop.reason is not DropReason.LICENCE:
        return record
    return replace(record, content_sha256=item.sha256, licence=item.file.licence)
