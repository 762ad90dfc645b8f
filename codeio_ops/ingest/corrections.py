"""What a person says of a source: it is added, set otherwise, or removed; each time is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from codeio_ops.errors import SourceNotFound
from codeio_ops.ingest.judging import settle_gone, waiting_origins
from codeio_ops.ingest.licence import stated_licence
from codeio_ops.ingest.source_settings import SourceSettings
from codeio_ops.ingest.sources import add_source, named_source, parse_source, same_source
from codeio_ops.jsonvalue import Json, compact
from codeio_ops.records import Source
from codeio_ops.work import Work

Change = Literal["added", "set", "removed", "withdrawn"]
_FROM_SOURCE = "from the source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of a source as a person gives them; None and a name that is missing stay as they are.

    Attributes:
        licence: SPDX expression; empty lets the reader find it out.
        settings: Settings by name; those of columns are nested.
    """

    licence: str | None = None
    settings: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionChange:
    """An option that has another value than before."""

    option: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What became of a source.

    Attributes:
        source: As it is now.
        added: Whether it is new, or was removed before.
        changed: Its options with another value.
        files: Files seen in it before, which the next reading judges anew when options changed.
    """

    source: Source
    added: bool
    changed: list[OptionChange]
    files: int


def add_or_set(text: str, options: Options, work: Work) -> Corrected:
    """Add a source, or give the one that is known these options.

    Raises:
        SettingsError: it is no source, or an option is not one that it may have.
        SourceNotFound: what it names does not exist.
        SourceUnavailable: it cannot be reached now.
    """
    source = parse_source(
        text, licence=options.licence or "", settings=_merged({}, options.settings or {})
    )
    known = same_source(work.store, source)
    if known is not None:
        return set_options(known, options, work)
    add_source(work.store, source, work.settings)
    _note("added", source, work)
    return Corrected(source=source, added=True, changed=[], files=0)


def set_options(known: Source, options: Options, work: Work) -> Corrected:
    """Give a source other options; the next reading judges all its files by them.

    Raises:
        SettingsError: an option is not one that it may have.
    """
    assert isinstance(known.settings, dict)
    licence = known.licence if options.licence is None else stated_licence(options.licence)
    settings = _merged(known.settings, options.settings or {})
    changed = _changes(known, licence, settings)
    files = work.store.value("ingest.seen_files", source_id=known.source_id) if changed else 0
    if changed:
        with work.store.transaction() as transaction:
            transaction.execute(
                "ingest.set_options",
                source_id=known.source_id,
                licence=licence,
                settings=compact(settings),
            )
        _note("set", known, work)
    return Corrected(source=known, added=False, changed=changed, files=files)


def remove_source(text: str, work: Work, *, from_releases: bool) -> None:
    """Read a source no more; with `from_releases` its files leave later releases, too.

    Raises:
        SourceNotFound: there is no such source.
    """
    source = _named(text, work, also_removed=from_releases)
    statement = "ingest.withdraw_source" if from_releases else "ingest.remove_source"
    with work.store.transaction() as transaction:
        removed = transaction.execute(statement, source_id=source.source_id)
    if not removed:
        raise SourceNotFound(f"{text} is not a source here", cure="see `codeio source list`")
    _note("withdrawn" if from_releases else "removed", source, work)
    settle_gone(source, waiting_origins(source, work.store), work)


def _named(text: str, work: Work, *, also_removed: bool) -> Source:
    """Return the source that a person means; one that was removed goes by its name alone."""
    try:
        return named_source(work.store, text)
    except SourceNotFound:
        if not also_removed:
            raise
        return parse_source(text)


def _merged(before: Mapping[str, Json], given: Mapping[str, Json]) -> dict[str, Json]:
    """Return settings with other values, without those that are the defaults."""
    whole = {**before, **given}
    for name, value in given.items():
        earlier = before.get(name)
        if isinstance(value, dict) and isinstance(earlier, dict):
            whole[name] = {**earlier, **value}
    settings: dict[str, Json] = SourceSettings.parse(whole).model_dump(
        mode="json", exclude_defaults=True
    )
    return settings


def _changes(known: Source, licence: str, settings: Mapping[str, Json]) -> list[OptionChange]:
    before = {"licence": known.licence or _FROM_SOURCE, **_flat(known.settings)}
    after = {"licence": licence or _FROM_SOURCE, **_flat(dict(settings))}
    return [
        OptionChange(option=name, before=before[name], after=value)
        for name, value in after.items()
        if before[name] != value
    ]


def _flat(settings: Json) -> dict[str, str]:
    """Return every setting with its value in words, columns as `columns.NAME`."""
    whole = SourceSettings.parse(settings).model_dump(mode="json")
    columns = whole.pop("columns")
    return {name: str(value) for name, value in whole.items()} | {
        f"columns.{name}": str(value) for name, value in columns.items()
    }


def _note(change: Change, source: Source, work: Work) -> None:
    run = work.writer.run
    with work.store.transaction() as transaction:
        transaction.insert([run])
        transaction.execute(
            "ingest.note_change",
            source_id=source.source_id,
            change=change,
            stage_run_id=run.stage_run_id,
        )
