"""`codeio benchmark add | list`: what releases must not leak."""

from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from codeio_ops.cli.clients import open_store, shell_work
from codeio_ops.cli.output import JsonOption, print_json, print_rows
from codeio_ops.quality.leakage.definition import LOCATIONS
from codeio_ops.quality.leakage.registry import index_benchmark

benchmark = typer.Typer(help="Benchmarks that releases must not leak.", no_args_is_help=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkLine:
    """A benchmark as it is listed."""

    name: str
    origin: str
    items: int
    unscannable: int
    grams: int


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(benchmark, name="benchmark")


@benchmark.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the benchmark.")],
    location: Annotated[str, typer.Argument(help=f"Where it is: {LOCATIONS}.")],
    as_json: JsonOption = False,
) -> None:
    """Index a benchmark: only hashes of its text are stored."""
    indexed = index(name, location)
    if as_json:
        print_json(asdict(indexed))
    else:
        short = f"{indexed.unscannable} of them unscannable"
        print(f"{name}: {indexed.items} items, {short}, {indexed.grams} distinct 13-grams")


@benchmark.command(name="list")
def list_benchmarks(as_json: JsonOption = False) -> None:
    """List the indexed benchmarks."""
    rows = open_store().fetch("benchmark.all", BenchmarkLine)
    print_rows("Benchmarks", rows, as_json=as_json)


def index(name: str, location: str) -> BenchmarkLine:
    """Index the benchmark at `location`, unless one of this name and origin is indexed."""
    for known in open_store().fetch("benchmark.all", BenchmarkLine):
        if (known.name, known.origin) == (name, location):
            return known
    indexed = index_benchmark(name, location, shell_work("gate", "benchmark add"))
    return BenchmarkLine(
        name=name,
        origin=location,
        items=indexed.items,
        unscannable=indexed.unscannable,
        grams=indexed.grams,
    )
