"""Benchmarks come and go: what a wrong one kept out comes back, and a broad one is asked about."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner, Result

from codeio_ops.cli.app import app
from codeio_ops.errors import BenchmarkTooBroad, SourceNotFound
from codeio_ops.quality.leakage.benchmarks import index_benchmark, remove_benchmark
from codeio_ops.quality.leakage.quarantine import screen_files, screen_samples
from codeio_ops.records import BenchmarkIndexRow
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.storage.shards import whole_range
from codeio_ops.work import Parts, Work
from support.candidate import ADD, WORDS, Planted, Plot, sound
from support.shell import set_shell

WORDS_OF = (
    "harbour", "station", "before", "sunrise", "carrying", "wagons", "coal", "another", "driver",
    "northern", "junction", "until", "noon", "seventeen", "lantern", "bridge", "keeper",
)  # fmt: skip
FILES = 6


def question(number: int) -> str:
    """Return a question that shares no gram with another."""
    return " ".join(word + "abcdefgh"[number] for word in WORDS_OF)


def leaky(number: int) -> str:
    """Return a file that holds a question."""
    return f'"""{question(number)}"""\nvalue = {number}\n'


class Desk:
    """Puts benchmarks in use, and screens for them."""

    def __init__(self, plot: Plot, directory: Path) -> None:
        self.plot, self._directory, self._tries = plot, directory, 0

    def work(self) -> Work:
        """Return what another task works with."""
        self._tries += 1
        task = TaskIdentity(dag_id="test", run_id="test", task_id=f"screen {self._tries}")
        parts: Parts = {"store": self.plot.store, "objects": self.plot.objects}
        return Work(self.plot.settings, "screen", task, **parts)

    def add(self, *numbers: int, name: str = "mine", meant: bool = False) -> BenchmarkIndexRow:
        """Index the questions of these numbers."""
        path = self._directory / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps({"id": n, "q": question(n)}) for n in numbers))
        return index_benchmark(name, str(path), self.work(), meant=meant)

    def remove(self, name: str = "mine") -> int:
        """Take a benchmark out of use."""
        return remove_benchmark(name, self.work())

    def screen(self) -> Mapping[str, int]:
        """Screen the files that wait."""
        return screen_files(whole_range(), self.work())

    def quarantined(self) -> int:
        """Count quarantined files."""
        ((count,),) = self.ask("SELECT count(*) FROM codeio.quarantined_file")
        return int(count)

    def ask(self, statement: str) -> list[Any]:
        """Run SQL of a test."""
        engine = create_engine(self.plot.settings.auditor_database_url.get_secret_value())
        with engine.connect() as link:
            rows = link.execute(text(statement)).all()
        engine.dispose()
        return list(rows)


@pytest.fixture
def desk(plot: Plot, tmp_path: Path) -> Desk:
    """A desk with files that hold a question each."""
    for number in range(FILES):
        plot.raw_file(leaky(number))
    return Desk(plot, tmp_path)


def test_a_benchmark_that_would_take_much_is_not_in_use_until_it_is_meant(desk: Desk) -> None:
    with pytest.raises(BenchmarkTooBroad, match=f"{FILES} of {FILES} files") as caught:
        desk.add(*range(FILES))
    assert "--yes" in caught.value.cure
    assert desk.screen() == {}
    desk.add(*range(FILES), meant=True)
    assert desk.screen() == {"leak": FILES}


def test_a_share_is_a_setting(desk: Desk) -> None:
    desk.plot.settings = desk.plot.settings.model_copy(update={"benchmark_share": 0.5})
    desk.add(0, 1, 2)
    assert desk.screen() == {"leak": 3, "clean": FILES - 3}


def test_a_night_whose_files_a_benchmark_would_take_fails_and_takes_none(
    plot: Plot, tmp_path: Path
) -> None:
    desk = Desk(plot, tmp_path)
    desk.add(*range(FILES))
    for number in range(FILES):
        plot.raw_file(leaky(number))
    with pytest.raises(BenchmarkTooBroad, match="benchmark mine"):
        desk.screen()
    assert desk.quarantined() == 0
    desk.remove()
    assert desk.screen() == {}


def test_samples_count_as_files_do(plot: Plot, tmp_path: Path) -> None:
    desk = Desk(plot, tmp_path)
    pairs = sound()[1].pairs
    plot.finished(
        [Planted(code=f"{WORDS}# {n}\n", pairs=pairs, turn_1=question(n)) for n in range(3)]
    )
    with pytest.raises(BenchmarkTooBroad, match="3 of 3 programs"):
        desk.add(0, 1, 2)
    desk.add(0)
    assert screen_samples(desk.work()) == {"leak": 1, "clean": 2}


def test_what_a_removed_benchmark_alone_kept_out_comes_back(desk: Desk) -> None:
    desk.add(0, 1)
    desk.add(1, 2, name="other")
    assert desk.screen() == {"leak": 3, "clean": FILES - 3}
    assert desk.remove() == 1
    assert desk.quarantined() == 2
    with pytest.raises(SourceNotFound):
        desk.remove()
    assert desk.remove("other") == 2
    assert desk.ask("SELECT count(*) FROM codeio.benchmark") == [(0,)]


def test_a_benchmark_in_place_of_another_lifts_what_the_old_text_kept_out(desk: Desk) -> None:
    first = desk.add(0, 1)
    desk.screen()
    desk.add(1, 2)
    assert desk.quarantined() == 1, "what the new text holds too stays out"
    assert desk.screen() == {"leak": 1, "clean": FILES - 2}
    assert desk.add(0, 1).benchmark_index_id == first.benchmark_index_id
    assert desk.quarantined() == 1, "the first text is in use again"
    assert desk.screen() == {"leak": 1}, "what it had kept out and was let in"
    assert (desk.quarantined(), desk.screen()) == (2, {})


@pytest.fixture
def codeio(plot: Plot, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs `codeio`."""
    set_shell(monkeypatch, plot.settings)
    return lambda *words: CliRunner().invoke(app, [*map(str, words)])


def test_releases_say_by_themselves_that_they_leak_by_now(
    plot: Plot, tmp_path: Path, codeio: Callable[..., Result]
) -> None:
    asks, clean = sound()
    release = plot.candidate(
        [Planted(code=ADD, pairs=asks.pairs, source=leaky(0)), clean], name="mine"
    )
    desk = Desk(plot, tmp_path)

    def listed() -> list[int]:
        rows = json.loads(codeio("release", "list", "--json").output)
        return [row["leaks"] for row in rows]

    assert listed() == [0]
    desk.add(0)
    assert listed() == [len(asks.pairs)]
    shown = json.loads(codeio("release", "show", "mine", str(release.version), "--json").output)
    assert shown["leaks"] == [{"benchmark": "mine", "items": 1, "samples": len(asks.pairs)}]
    desk.remove()
    assert listed() == [0]


def test_the_command_asks_first_and_takes_a_benchmark_out(
    desk: Desk, codeio: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    path.write_text("\n".join(json.dumps({"q": question(n)}) for n in range(FILES)))
    asked = codeio("benchmark", "add", "all", path)
    assert isinstance(asked.exception, BenchmarkTooBroad)
    assert codeio("benchmark", "add", "all", path, "--yes").exit_code == 0
    desk.screen()
    out = codeio("benchmark", "remove", "all")
    assert f"{FILES} files that it alone kept out come back" in out.output
    assert json.loads(codeio("benchmark", "list", "--json").output) == []
