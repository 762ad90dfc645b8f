"""`codeio source` tells what a source shows now from what it showed once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codeio_ops.cli.app import app
from codeio_ops.ingest.sources import active_sources
from support.ingesting import Platform, program
from support.shell import set_shell

Write = Callable[..., Path]


def told(*words: str, status: int = 0) -> str:
    """Run `codeio source`, and return what it says."""
    done = CliRunner().invoke(app, ["source", *words], catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.stdout


@pytest.fixture
def root(platform: Platform, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with two files, of which one is there twice."""
    set_shell(monkeypatch, platform.settings)
    return write("code", a=program(1), copy=program(1), b=program(2))


def test_show_counts_present_and_past_files_by_what_became_of_them(
    platform: Platform, root: Path, write: Write
) -> None:
    source = platform.add(f"directory:{root}")
    platform.ingest(source)
    found = json.loads(told("show", f"directory:{root}", "--json"))
    assert (found["files"], found["past"]) == ({"kept": 2, "duplicate": 1}, {})
    write("code", b="x = 1\n")
    (root / "a.py").unlink()
    platform.ingest(source)
    found = json.loads(told("show", f"directory:{root}", "--json"))
    assert found["files"] == {"duplicate": 1, "too_small": 1}
    assert found["past"] == {"kept": 2}


def test_list_says_whether_a_directory_was_read(platform: Platform, root: Path) -> None:
    source = platform.add(f"directory:{root}")
    assert [row["read"] for row in json.loads(told("list", "--json"))] == [False]
    platform.ingest(source)
    assert [row["read"] for row in json.loads(told("list", "--json"))] == [True]


def test_a_directory_that_is_a_source_already_is_not_added_by_another_path(
    platform: Platform, root: Path
) -> None:
    told("add", f"directory:{root}")
    (root.parent / "link").symlink_to(root)
    for path in (f"{root.parent}/link", f"{root}/", f"{root.parent}/x/../code"):
        assert f"directory:{root} was there already" in told("add", f"directory:{path}", status=3)
    told("pause", f"directory:{root.parent}/link")
    assert [row["state"] for row in json.loads(told("list", "--json"))] == ["paused"]


def test_a_paused_source_stays_as_it_was_read_until_it_is_resumed(
    platform: Platform, root: Path, write: Write
) -> None:
    platform.ingest(platform.add(f"directory:{root}"))
    platform.deduplicate()
    told("pause", f"directory:{root}")
    write("code", a=program(40))
    (root / "b.py").unlink()
    assert active_sources(platform.store) == []
    assert platform.in_force() == {program(1), program(2)}
    told("resume", f"directory:{root}")
    [source] = active_sources(platform.store)
    platform.ingest(source)
    platform.deduplicate()
    assert platform.in_force() == {program(40), program(1)}
