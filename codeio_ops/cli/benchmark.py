"""`codeio benchmark add | list | remove`: what releases must not leak."""

from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from codeio_ops.cli.clients import open_store, shell_work
from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text
from codeio_ops.quality.leakage.benchmarks import index_benchmark, remove_benchmark
from codeio_ops.quality.leakage.definition import LOCATIONS

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
    yes: Annotated[
        bool,
        typer.Option("--yes", help="It is meant, however much of what there is it quarantines."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Index a benchmark, in place of an earlier one of this name; only hashes are stored.

    What there is is scanned for it first. One that would quarantine more than a share of it
    (CODEIO_BENCHMARK_SHARE) is refused unless you say `--yes`.
    """
    indexed = _indexed(name, location, meant=yes)
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


@benchmark.command()
def remove(
    name: Annotated[str, typer.Argument(help="Name of the benchmark.")],
    as_json: JsonOption = False,
) -> None:
    """Take a benchmark out of use; what it alone kept out comes back."""
    files = remove_benchmark(name, shell_work("gate", "benchmark remove"))
    if as_json:
        print_json({"name": name, "files": files})
    else:
        print_text(f"{name} is out of use; {files} files that it alone kept out come back")


def index(name: str, location: str) -> BenchmarkLine:
    """Index the benchmark at `location`, unless one of this name and origin is indexed."""
    for known in open_store().fetch("benchmark.all", BenchmarkLine):
        if (known.name, known.origin) == (name, location):
            return known
    return _indexed(name, location, meant=False)


def _indexed(name: str, location: str, *, meant: bool) -> BenchmarkLine:
    indexed = index_benchmark(name, location, shell_work("gate", "benchmark add"), meant=meant)
    return BenchmarkLine(
        name=name,
        origin=location,
        items=indexed.items,
        unscannable=indexed.unscannable,
        grams=indexed.grams,
    )
