"""`codeio leakage scan`: does a file of training text hold items of benchmarks?"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from codeio_ops.cli.clients import load_settings
from codeio_ops.cli.output import JsonOption, print_json, print_text
from codeio_ops.errors import SettingsError, SourceDamaged
from codeio_ops.jsonl import parse_line, read_lines
from codeio_ops.quality.leakage.build import usable_index
from codeio_ops.quality.leakage.definition import LOCATIONS
from codeio_ops.quality.leakage.gate import hit_json, summary
from codeio_ops.quality.leakage.index import BenchmarkIndex
from codeio_ops.quality.leakage.scan import LeakageScanner
from codeio_ops.quality.leakage.sources import read_benchmark
from codeio_ops.quality.leakage.text import nested_texts
from codeio_ops.quality.leakage.training import SourceText
from codeio_ops.quality.leakage.verdict import Hit

leakage = typer.Typer(help="Text of benchmarks in training text.", no_args_is_help=True)

_IDS = ("id", "sample_id", "source_id")
# What is no text, though it is a string.
_ID = re.compile(
    r"(?:^|[._-]|(?-i:(?<=[a-z])(?=I)))(?:u?u?id|guid|idx|index|key|hash|sha\d*)(?:\[\d+\])?$",
    re.IGNORECASE,
)
_ROWS = (
    "a row is a JSON object that holds `text`, or text under other names; choose them with --field"
)
SourceId: TypeAlias = int | str


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(leakage, name="leakage")


@leakage.callback()
def group() -> None:
    """Keep `scan` a subcommand while it is the only one."""


@leakage.command()
def scan(
    samples: Annotated[
        Path,
        typer.Option(
            help="JSON Lines, compressed or not: `text`, or else every text of a row, is scanned."
        ),
    ],
    benchmark: Annotated[
        list[str], typer.Option(help=f"NAME=LOCATION; a location is {LOCATIONS}.")
    ],
    field: Annotated[
        list[str] | None, typer.Option(help="Scan these fields of a row only.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Scan a file for benchmarks by `cio-leak-1`; needs no database.

    A source is a row, known by its `id`, `sample_id` or `source_id`, or by its number from 0.
    """
    indexes = [_index(option) for option in benchmark]
    ids: dict[str, SourceId] = {}
    hits = list(LeakageScanner(indexes).scan(_sources(samples, field or [], ids)))
    counts = summary(indexes, hits)
    if as_json:
        found = [{**hit_json(hit), "source": ids[hit.source]} for hit in hits]
        print_json({"benchmarks": counts, "hits": found})
    else:
        _print(counts, hits)


def _index(option: str) -> BenchmarkIndex:
    name, equals, location = option.partition("=")
    if not (name and equals and location):
        raise SettingsError(f"--benchmark {option} is not NAME=LOCATION")
    return usable_index(name, read_benchmark(location, settings=load_settings()))


def _sources(path: Path, only: list[str], ids: dict[str, SourceId]) -> Iterator[SourceText]:
    """Yield the rows as sources; `ids` gets the id of each as it is to be printed.

    Raises:
        SourceDamaged: there is no row, or one has no text: a scan of it could only pass.
    """
    for number, line in read_lines(path):
        row = _row(line, path, number)
        named = next((row[key] for key in _IDS if key in row), number)
        # Two rows may bear one id; each is a source of its own.
        ids[str(number)] = named if isinstance(named, int | str) else number
        yield SourceText(source=str(number), fields=_texts(row, only, path, number))
    if not ids:
        raise SourceDamaged(f"{path} holds no row", cure=_ROWS)


def _row(line: bytes, path: Path, number: int) -> Mapping[str, object]:
    try:
        row = parse_line(line, errors="replace")
    except (ValueError, RecursionError) as exc:
        raise SourceDamaged(f"{path}, line {number + 1} is not JSON: {exc}", cure=_ROWS) from exc
    if not isinstance(row, dict):
        raise SourceDamaged(f"{path}, line {number + 1} is not a JSON object", cure=_ROWS)
    return row


def _texts(row: Mapping[str, object], only: list[str], path: Path, number: int) -> dict[str, str]:
    text = row.get("text")
    named = isinstance(text, str) and bool(text.strip())
    wanted = only or (["text"] if named else [name for name in row if name not in _IDS])
    chosen = {name: _lines(row.get(name)) for name in wanted}
    texts = {place.removeprefix("."): words for place, words in nested_texts(chosen)}
    if not any(words.strip() and not _ID.search(place) for place, words in texts.items()):
        raise SourceDamaged(f"{path}, line {number + 1} has no text field", cure=_ROWS)
    return texts


def _lines(value: object) -> object:
    """Return a list of nothing but texts as one: its words follow each other."""
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    return value


def _print(counts: Mapping[str, object], hits: list[Hit]) -> None:
    for name, numbers in counts.items():
        assert isinstance(numbers, dict)
        print_text(f"{name}: " + ", ".join(f"{value} {flag}" for flag, value in numbers.items()))
    for hit in hits:
        if hit.leak:
            print_text(f"leak: source {hit.source} holds {hit}")
