"""`codeio source ...`: where raw files come from."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

import typer

from codeio_ops.cli.clients import load_settings, open_store, shell_work
from codeio_ops.cli.output import (
    NOTHING_TO_DO,
    JsonOption,
    print_json,
    print_rows,
    print_text,
)
from codeio_ops.ingest.corrections import (
    Corrected,
    Options,
    add_or_set,
    remove_source,
    set_options,
)
from codeio_ops.ingest.preview import preview_source
from codeio_ops.ingest.source_settings import SourceSettings, settings_of_words
from codeio_ops.ingest.sources import named_source, parse_source
from codeio_ops.records import Source

source = typer.Typer(help="Where raw files come from.", no_args_is_help=True)

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="KIND:LOCATOR",
        help="directory:PATH, git:PATH_OR_URL, pypi:NAME==VERSION (or pypi:NAME for each new "
        "version), jsonl:PATH, parquet:PATH (tables also at s3://...) or s3://BUCKET/PREFIX",
    ),
]
LicenceOption = Annotated[
    str | None,
    typer.Option(help="SPDX id of its files, where the source does not say; '' takes it back."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Setting, such as tests=keep or columns.content=code."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source as it is listed."""

    source: str
    licence: str
    state: str
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """Files with an outcome, that the source shows now and that it showed once."""

    outcome: str
    present: int
    past: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    change: str
    licence: str
    settings: str
    changed_at: datetime


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(source, name="source")


@source.command()
def add(
    text: SourceArgument,
    licence: LicenceOption = None,
    setting: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a source; the next run of `ingest_code` reads it.

    One that is known gets the options that are given, as by `set`. Exit code 3 when it was there
    already and nothing changes.
    """
    options = _options(licence, setting)
    _print_corrected(add_or_set(text, options, shell_work("ingest", "source add")), as_json=as_json)


@source.command(name="set")
def set_(
    text: SourceArgument,
    licence: LicenceOption = None,
    setting: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change the options of a source; its files are judged by them in the next run.

    What the old options dropped comes in, what the new ones refuse leaves later releases, and
    another licence is that of its files from then on. Exit code 3 when nothing changes.
    """
    work = shell_work("ingest", "source set")
    done = set_options(named_source(work.store, text), _options(licence, setting), work)
    _print_corrected(done, as_json=as_json)


def _print_corrected(done: Corrected, *, as_json: bool) -> None:
    """Print what became of a source, and exit with 3 when nothing did."""
    name = f"{done.source.kind}:{done.source.locator}"
    if as_json:
        changed = [asdict(change) for change in done.changed]
        files = done.files
        print_json({"source": name, "added": done.added, "changed": changed, "files": files})
    elif done.added:
        print_text(f"added {name}")
    elif not done.changed:
        print_text(f"{name} was there already, with these options")
    for change in () if as_json else done.changed:
        print_text(f"{change.option}: {change.before} -> {change.after}")
    if done.changed and not as_json:
        print_text(f"the next run judges the {done.files} files seen in {name} anew")
    if not (done.added or done.changed):
        raise typer.Exit(NOTHING_TO_DO)


@source.command(name="list")
def list_sources(as_json: JsonOption = False) -> None:
    """List the sources."""
    store = open_store()
    with store.transaction() as transaction:
        read = set(transaction.column("ingest.read_sources"))
    rows = [
        SourceLine(
            source=f"{item.kind}:{item.locator}",
            licence=item.licence or "from the source",
            state="paused" if item.paused else "active",
            read=item.source_id in read,
        )
        for item in store.fetch("ingest.sources", Source)
    ]
    print_rows("Sources", rows, as_json=as_json)


@source.command()
def show(text: SourceArgument, as_json: JsonOption = False) -> None:
    """Show a source: its settings, its cursor, and what became of its files.

    Present are those that it shows now; past those that were edited, renamed or deleted since.
    """
    store = open_store()
    item = named_source(store, text)
    outcomes = store.fetch("ingest.outcomes", _Count, source_id=item.source_id)
    facts = {
        "source": f"{item.kind}:{item.locator}",
        "licence": item.licence or "from the source",
        "state": "paused" if item.paused else "active",
        "cursor": item.cursor_value,
        "settings": SourceSettings.parse(item.settings).model_dump(mode="json"),
        "files": {count.outcome: count.present for count in outcomes if count.present},
        "past": {count.outcome: count.past for count in outcomes if count.past},
        "changes": store.fetch_json("ingest.changes", source_id=item.source_id),
    }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        if name not in ("files", "past", "changes"):
            print_text(f"{name}: {value}")
    print_rows("Files", outcomes, as_json=False)
    changes = store.fetch("ingest.changes", _Change, source_id=item.source_id)
    print_rows("Changes", changes, as_json=False)


@source.command()
def preview(
    text: SourceArgument,
    files: Annotated[int, typer.Option(min=1, help="Files to read at most.")] = 20,
    licence: LicenceOption = None,
    setting: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a few files and show what the filters would do; nothing is written."""
    source = parse_source(text, licence=licence or "", settings=settings_of_words(setting or []))
    rows = preview_source(source, load_settings(), most=files)
    print_rows(f"The first files of {text}", rows, as_json=as_json)
    if not as_json:
        counts = Counter(row.outcome for row in rows)
        print_text(", ".join(f"{outcome} {count}" for outcome, count in counts.most_common()))


@source.command()
def pause(text: SourceArgument) -> None:
    """Keep nightly runs from reading a source."""
    _set_paused(text, paused=True)


@source.command()
def resume(text: SourceArgument) -> None:
    """Let nightly runs read a source again."""
    _set_paused(text, paused=False)


@source.command()
def remove(
    text: SourceArgument,
    from_releases: Annotated[
        bool, typer.Option("--from-releases", help="Its files leave later releases, too.")
    ] = False,
) -> None:
    """Read a source no more; its files stay in later releases, and their lineage for ever.

    Added again, it starts anew: it is read from the beginning, and all its files are judged.
    """
    remove_source(text, shell_work("ingest", "source remove"), from_releases=from_releases)


def _options(licence: str | None, setting: list[str] | None) -> Options:
    return Options(licence=licence, settings=settings_of_words(setting or []))


def _set_paused(text: str, *, paused: bool) -> None:
    store = open_store()
    source_id = named_source(store, text).source_id
    with store.transaction() as transaction:
        transaction.execute("ingest.set_paused", source_id=source_id, paused=paused)
