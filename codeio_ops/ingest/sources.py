"""Sources: what a person writes, such as `pypi:algorithms==1.0.1`, and the reader for it."""

import re
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError, SourceNotFound
from codeio_ops.ingest.base import Reader
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

# Who is named in a URL, but for a user of ssh; and parameters that sign or authorise.
_CREDENTIAL = re.compile(
    r"(?<!ssh)://[^/?#]*@|://[^/?#]*:[^/?#]*@"
    r"|://.*[?&;](?:[\w-]*(?:token|secret|passw\w*|api[_-]?key|signature|credential)|sig|key)=",
    re.IGNORECASE,
)
_MAX_LOCATOR_BYTES = 2000
KINDS = ("directory", "git", "pypi", "jsonl", "parquet", "s3")
FORMS = (
    "directory:PATH, git:PATH_OR_URL, pypi:NAME==VERSION or pypi:NAME, jsonl:PATH, parquet:PATH "
    "or s3://BUCKET/PREFIX"
)


def parse_source(
    text: str, *, licence: str = "", settings: Mapping[str, Json] | None = None
) -> Source:
    """Read `KIND:LOCATOR`; a path becomes the real one. Tables may lie in S3: `parquet:s3://...`.

    Raises:
        SettingsError: the kind is unknown, or a setting or licence, or the locator holds a
            credential.
    """
    kind, locator = _parts(text)
    if _is_path(kind, locator):
        # One directory is one source, whatever way leads to it.
        locator = str(Path(locator).resolve())
    _check_locator(kind, locator)
    SourceSettings.parse(dict(settings or {}))
    return Source.new(kind, locator, stated_licence(licence), dict(settings or {}))


def _parts(text: str) -> tuple[str, str]:
    kind, separator, locator = text.partition(":")
    if not separator or kind not in KINDS or not locator.strip("/"):
        raise SettingsError(f"{text!r} is not a source", cure=f"write {FORMS}")
    if kind == "s3":
        locator = f"s3://{locator.removeprefix('s3:').lstrip('/')}"
    return kind, locator


def _is_path(kind: str, locator: str) -> bool:
    return kind not in ("s3", "pypi") and "://" not in locator


def ids_of(text: str) -> list[UUID]:
    """Return the ids that a source of this text may have: by its real path, or as it was written.

    Raises:
        SettingsError: it is no source.
    """
    kind, locator = _parts(text)
    sources = [parse_source(text)]
    if _is_path(kind, locator):
        # So earlier versions stored it.
        sources.append(Source.new(kind, str(Path(locator).absolute())))
    return list(dict.fromkeys(source.source_id for source in sources))


def known_source(store: Store, text: str) -> Source | None:
    """Return the stored source that a person names, or None."""
    found = (store.fetch("ingest.source", Source, source_id=each) for each in ids_of(text))
    return next((source for sources in found for source in sources), None)


def named_source(store: Store, text: str) -> Source:
    """Return the stored source that a person names.

    Raises:
        SourceNotFound: there is none.
    """
    found = known_source(store, text)
    if found is None:
        raise SourceNotFound(f"{text} is not a source here", cure="see `codeio source list`")
    return found


def _check_locator(kind: str, locator: str) -> None:
    """Refuse what must not be stored, logged, shown and released with every file.

    Raises:
        SettingsError: the locator holds a credential, or is longer than an index takes.
    """
    if _CREDENTIAL.search(locator):
        raise SettingsError(
            f"the locator of this {kind} source holds a user, a password or a token",
            cure="leave it out: git asks its credential helper, ssh its agent, and S3 takes "
            "CODEIO_S3_ACCESS_KEY; or clone it yourself and name the path",
        )
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
