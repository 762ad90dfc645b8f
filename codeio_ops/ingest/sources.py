"""Sources: what a person writes, such as `pypi:algorithms==1.0.1`, and the reader for it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError, SourceNotFound
from codeio_ops.ingest.base import Reader, refuse_credential
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.git import GitReader
from codeio_ops.ingest.jsonl import JsonlReader
from codeio_ops.ingest.licence import stated_licence
from codeio_ops.ingest.parquet import ParquetReader
from codeio_ops.ingest.pypi import PyPIReader
from codeio_ops.ingest.s3 import S3Reader
from codeio_ops.ingest.source_settings import SourceSettings
from codeio_ops.jsonvalue import Json, compact
from codeio_ops.records import Source
from codeio_ops.storage.engine import Store

_MAX_LOCATOR_BYTES = 2000
KINDS = ("directory", "git", "pypi", "jsonl", "parquet", "s3")
FORMS = (
    "directory:PATH, git:PATH_OR_URL, pypi:NAME==VERSION or pypi:NAME, jsonl:PATH, parquet:PATH "
    "or s3://BUCKET/PREFIX"
)


def parse_source(
    text: str, *, licence: str = "", settings: Mapping[str, Json] | None = None
) -> Source:
    """Read `KIND:LOCATOR`; paths become absolute and plain. Tables may lie in S3: `parquet:s3://...`.

    Raises:
        SettingsError: the kind is unknown, or a setting or licence, or the locator holds a
            credential.
    """
    kind, separator, locator = text.partition(":")
    if not separator or kind not in KINDS or not locator.strip("/"):
        raise SettingsError(f"{text!r} is not a source", cure=f"write {FORMS}")
    if kind == "s3":
        locator = f"s3://{locator.removeprefix('s3:').lstrip('/')}"
    elif kind != "pypi" and "://" not in locator:
        locator = _plain(Path(locator).absolute())
    _check_locator(kind, locator)
    SourceSettings.parse(dict(settings or {}))
    return Source.new(kind, locator, stated_licence(licence), dict(settings or {}))


def _plain(path: Path) -> str:
    """Return a path without `..`; a link in it stays, for it may lead elsewhere tomorrow."""
    real, short = path.resolve(), Path(os.path.normpath(path))
    return str(short if short.resolve() == real else real)


def _check_locator(kind: str, locator: str) -> None:
    """Refuse what must not be stored, logged, shown and released with every file.

    Raises:
        SettingsError: the locator holds a credential, or is longer than an index takes.
    """
    refuse_credential(locator, f"{kind} source")
    if len(locator.encode()) > _MAX_LOCATOR_BYTES:
        raise SettingsError(f"a locator has {_MAX_LOCATOR_BYTES} bytes at most")


def open_reader(source: Source, settings: Settings | None = None) -> Reader:
    """Return the reader of a source; `settings` hold the credentials of S3."""
    locator, licence = source.locator, source.licence
    options = SourceSettings.parse(source.settings)
    columns = options.columns
    match source.kind:
        case "directory":
            return DirectoryReader(Path(locator), licence=licence)
        case "git":
            return GitReader(locator, licence=licence, history=options.history, settings=settings)
        case "jsonl":
            return JsonlReader(locator, licence=licence, columns=columns, settings=settings)
        case "parquet":
            return ParquetReader(locator, licence=licence, columns=columns, settings=settings)
        case "s3":
            return S3Reader(locator, licence=licence, settings=settings)
        case _:
            return PyPIReader(locator, licence=licence)


def add_source(store: Store, source: Source, settings: Settings | None = None) -> bool:
    """Add a source after looking whether it exists; return False when it was there already.

    Raises:
        SourceNotFound: what it names does not exist.
        SourceUnavailable: it cannot be reached now.
    """
    open_reader(source, settings).cursor()
    with store.transaction() as transaction:
        added = transaction.execute(
            "ingest.add_source",
            source_id=source.source_id,
            kind=source.kind,
            locator=source.locator,
            licence=source.licence,
            settings=compact(source.settings),
        )
    return bool(added)


def same_source(store: Store, source: Source) -> Source | None:
    """Return the stored source that is this one: by its name, or else by its real path."""
    known = [item for item in store.fetch("ingest.sources", Source) if item.kind == source.kind]
    by_name = [item for item in known if item.locator == source.locator]
    return next(iter(by_name or [item for item in known if _is_same_path(item, source)]), None)


def named_source(store: Store, text: str) -> Source:
    """Return the stored source that a person means by `KIND:LOCATOR`.

    Raises:
        SourceNotFound: there is none.
        SettingsError: the text names no source.
    """
    parsed = parse_source(text)
    # As sources were stored before their paths were made plain.
    written = replace(parsed, locator=str(Path(text.partition(":")[2]).absolute()))
    found = same_source(store, written) or same_source(store, parsed)
    if found is None:
        raise SourceNotFound(f"{text} is not a source here", cure="see `codeio source list`")
    return found


def _is_same_path(one: Source, other: Source) -> bool:
    paths = [item.locator for item in (one, other)]
    local = one.kind not in ("pypi", "s3") and not any("://" in path for path in paths)
    return local and len({Path(path).resolve() for path in paths}) == 1


def active_sources(store: Store) -> list[Source]:
    """Return the sources that are not paused, in a fixed order."""
    return [source for source in store.fetch("ingest.sources", Source) if not source.paused]


def find_source(store: Store, source_id: object) -> Source:
    """Return the stored source of this id.

    Raises:
        SourceNotFound: there is none.
    """
    found = store.fetch("ingest.source", Source, source_id=source_id)
    if not found:
        raise SourceNotFound(f"no source {source_id}", cure="see `codeio source list`")
    return found[0]
