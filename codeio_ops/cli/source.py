"""`codeio source add | list | pause | resume`: where raw files come from."""

from dataclasses import dataclass
from typing import Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, print_rows

source = typer.Typer(help="Where raw files come from.", no_args_is_help=True)

SourceArgument = Annotated[
    str,
    typer.Argument(metavar="KIND:LOCATOR", help="directory:PATH, jsonl:PATH or pypi:NAME==VERSION"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source as it is listed."""

    source: str
    licence: str
    state: str
    read: bool


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(source, name="source")


@source.command()
def add(
    text: SourceArgument,
    licence: Annotated[
        str, typer.Option(help="SPDX id of its files, where the source does not say.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Add a source; the next run of `ingest_code` reads it."""
    from codeio_ops.cli.clients import open_store
    from codeio_ops.ingest.sources import add_source, parse_source

    added = add_source(open_store(), parse_source(text, licence=licence))
    if as_json:
        print_json({"source": text, "added": added})
    else:
        print(f"added {text}" if added else f"{text} was there already")


@source.command(name="list")
def list_sources(as_json: JsonOption = False) -> None:
    """List the sources."""
    from codeio_ops.cli.clients import open_store
    from codeio_ops.records import Source

    rows = [
        SourceLine(
            source=f"{item.kind}:{item.locator}",
            licence=item.licence or "from the source",
            state="paused" if item.paused else "active",
            read=bool(item.cursor_value),
        )
        for item in open_store().fetch("ingest.sources", Source)
    ]
    print_rows("Sources", rows, as_json=as_json)


@source.command()
def pause(text: SourceArgument) -> None:
    """Keep nightly runs from reading a source."""
    _set_paused(text, paused=True)


@source.command()
def resume(text: SourceArgument) -> None:
    """Let nightly runs read a source again."""
    _set_paused(text, paused=False)


def _set_paused(text: str, *, paused: bool) -> None:
    from codeio_ops.cli.clients import open_store
    from codeio_ops.errors import SourceNotFound
    from codeio_ops.ingest.sources import parse_source

    with open_store().transaction() as transaction:
        changed = transaction.execute(
            "ingest.set_paused", source_id=parse_source(text).source_id, paused=paused
        )
    if not changed:
        raise SourceNotFound(f"{text} is not a source here", cure="see `codeio source list`")
