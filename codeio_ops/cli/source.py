"""`codeio source ...`: where raw files come from."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

import typer

from codeio_ops.cli.clients import load_settings, open_store
from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text
from codeio_ops.ingest.preview import preview_source
from codeio_ops.ingest.source_settings import SourceSettings, settings_of_words
from codeio_ops.ingest.sources import add_source, named_source, parse_source, same_source
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
    str, typer.Option(help="SPDX id of its files, where the source does not say.")
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


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(source, name="source")


@source.command()
def add(
    text: SourceArgument,
    licence: LicenceOption = "",
    setting: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a source; the next run of `ingest_code` reads it."""
    store, wanted = open_store(), _parsed(text, licence, setting)
    known = same_source(store, wanted)
    added = known is None and add_source(store, wanted, load_settings())
    if as_json:
        print_json({"source": text, "added": added})
    elif known and known.locator != wanted.locator:
        print_text(f"{text} is {known.kind}:{known.locator} already")
    else:
        print_text(f"added {text}" if added else f"{text} was there already")


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
    }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        if name not in ("files", "past"):
            print_text(f"{name}: {value}")
    print_rows("Files", outcomes, as_json=False)


@source.command()
def preview(
    text: SourceArgument,
    files: Annotated[int, typer.Option(min=1, help="Files to read at most.")] = 20,
    licence: LicenceOption = "",
    setting: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a few files and show what the filters would do; nothing is written."""
    rows = preview_source(_parsed(text, licence, setting), load_settings(), most=files)
    print_rows(f"The first files of {text}", rows, as_json=as_json)
    if not as_json:
        counts = Counter(row.outcome for row in rows)
        print_text(", ".join(f"{outcome} {count}" for outcome, count in counts.most_common()))


@source.command()
def pause(text: SourceArgument) -> None:
    """Keep nightly runs from reading a source."""
    _change("ingest.set_paused", text, paused=True)


@source.command()
def resume(text: SourceArgument) -> None:
    """Let nightly runs read a source again."""
    _change("ingest.set_paused", text, paused=False)


@source.command()
def remove(text: SourceArgument) -> None:
    """Read a source no more; its files are out of force, and stay with their lineage."""
    _change("ingest.remove_source", text)


def _parsed(text: str, licence: str, setting: list[str] | None) -> "Source":
    return parse_source(text, licence=licence, settings=settings_of_words(setting or []))


def _change(statement: str, text: str, **values: object) -> None:
    store = open_store()
    source_id = named_source(store, text).source_id
    with store.transaction() as transaction:
        transaction.execute(statement, source_id=source_id, **values)
