"""Sources: what a person writes, such as `pypi:algorithms==1.0.1`, and the reader for it."""

from pathlib import Path

from codeio_ops.errors import SettingsError, SourceNotFound
from codeio_ops.ingest.base import Reader
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.jsonl import JsonlReader
from codeio_ops.ingest.pypi import PyPIReader
from codeio_ops.records import Source
from codeio_ops.storage.engine import Store

KINDS = ("directory", "jsonl", "pypi")


def parse_source(text: str, *, licence: str = "") -> Source:
    """Read `KIND:LOCATOR`; paths become absolute.

    Raises:
        SettingsError: the kind is unknown.
    """
    kind, separator, locator = text.partition(":")
    if not separator or kind not in KINDS or not locator:
        raise SettingsError(
            f"{text!r} is not a source",
            cure="write directory:PATH, jsonl:PATH or pypi:NAME==VERSION",
        )
    if kind != "pypi":
        locator = str(Path(locator).absolute())
    return Source.new(kind, locator, licence)


def open_reader(source: Source) -> Reader:
    """Return the reader of a source."""
    match source.kind:
        case "directory":
            return DirectoryReader(Path(source.locator), licence=source.licence)
        case "jsonl":
            return JsonlReader(Path(source.locator), licence=source.licence)
        case _:
            return PyPIReader(source.locator, licence=source.licence)


def add_source(store: Store, source: Source) -> bool:
    """Add a source after looking whether it exists; return False when it was there already.

    Raises:
        SourceNotFound: what it names does not exist.
        SourceUnavailable: it cannot be reached now.
    """
    open_reader(source).cursor()
    with store.transaction() as transaction:
        added = transaction.execute(
            "ingest.add_source",
            source_id=source.source_id,
            kind=source.kind,
            locator=source.locator,
            licence=source.licence,
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
