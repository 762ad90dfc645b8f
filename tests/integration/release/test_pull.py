"""A pulled directory holds one release and nothing else, however it came about."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codeio_ops.cli.app import app
from codeio_ops.config import Settings
from codeio_ops.errors import DirectoryUnfit, ReleaseCorrupt
from codeio_ops.release.assemble import Release
from codeio_ops.release.pull import pull_release
from codeio_ops.release.readback import prefix_of
from codeio_ops.storage.objects import ObjectStore
from support.shell import set_shell

from .conftest import Facts

Pull = Callable[..., list[str]]


@pytest.fixture
def versions(facts: Facts, objects: ObjectStore) -> tuple[Release, Release]:
    """Two published versions, the second of more programs."""
    first = facts.publish(facts.assemble("codeio"), objects)
    facts.write(8, 9)
    return first, facts.publish(facts.assemble("codeio"), objects)


@pytest.fixture
def pulled(
    versions: tuple[Release, Release],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Pull:
    """Return a function that pulls `codeio`, and gives the directory and version it got."""
    set_shell(monkeypatch, settings)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> list[str]:
        done = CliRunner().invoke(app, ["release", "pull", "codeio", *words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return [done.output] if done.exit_code else sorted(held(tmp_path))

    return run


def held(directory: Path) -> list[str]:
    """Return what releases lie below a directory, as PATH=VERSION."""
    found = [
        (path.parent, json.loads(path.read_text())) for path in directory.rglob("manifest.json")
    ]
    return [f"{path.relative_to(directory)}={manifest['version']}" for path, manifest in found]


@pytest.mark.parametrize(
    ("words", "result"),
    [
        ((), "codeio-v2=2"),
        (("1",), "codeio-v1=1"),
        (("v1",), "codeio-v1=1"),
        (("1", "out"), "out=1"),
        (("1", "2"), "2=1"),
        (("./2",), "2=2"),
        (("out",), "out=2"),
        (("out", "1"), "out=1"),
        (("out/deep er", "v1"), "out/deep er=1"),
    ],
)
def test_version_and_directory_are_told_apart(
    pulled: Pull, words: tuple[str, ...], result: str
) -> None:
    assert pulled(*words) == [result]


def test_two_directories_are_no_version(pulled: Pull) -> None:
    assert "'one' is no version: write NAME [VERSION] [DIRECTORY]" in pulled("one", "two")[0]


def test_a_directory_with_another_release_is_refused(pulled: Pull, tmp_path: Path) -> None:
    pulled("1", "out")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DirectoryUnfit, match="holds another release, codeio v1"):
        pulled("2", "out")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("name", ["notes.txt", "data/train-00000.parquet", ".hidden"])
def test_a_directory_with_files_of_its_own_is_refused(
    pulled: Pull, tmp_path: Path, name: str
) -> None:
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(DirectoryUnfit, match=f"files of its own: {name}"):
        pulled("1", "out")
    assert (tmp_path / "out" / name).read_text() == "mine"


def test_a_file_added_to_a_release_is_not_taken_for_one_of_it(pulled: Pull, tmp_path: Path) -> None:
    pulled("1", "out")
    (tmp_path / "out" / "data" / "train-00001.parquet").write_bytes(b"more")
    with pytest.raises(DirectoryUnfit, match="train-00001"):
        pulled("1", "out")


def test_a_place_that_is_no_directory_is_refused(pulled: Pull, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DirectoryUnfit, match="cannot be used"):
        pulled("1", "out")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DirectoryUnfit, match="files of its own: data"):
        pulled("1", "linked")


def test_pulling_again_downloads_nothing_and_mends_what_was_changed(
    pulled: Pull, tmp_path: Path
) -> None:
    pulled("1", "out")
    card = tmp_path / "out" / "README.md"
    wanted = card.read_bytes()
    card.write_text("changed")
    old = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file() and p != card}
    pulled("1", "out")
    assert card.read_bytes() == wanted
    assert {path: path.stat().st_mtime_ns for path in old} == old


def test_a_pull_that_was_cut_off_goes_on(
    versions: tuple[Release, Release], objects: ObjectStore, tmp_path: Path
) -> None:
    cut = pull_release("codeio", 1, tmp_path, objects=objects)
    first = next(cut)
    second = next(cut)
    del cut
    second.write_bytes(second.read_bytes()[:7])
    os.utime(first, ns=(1, 1))
    assert not (tmp_path / "manifest.json").exists()
    with pytest.raises(DirectoryUnfit, match="codeio v1"):
        list(pull_release("codeio", 2, tmp_path, objects=objects))
    paths = list(pull_release("codeio", 1, tmp_path, objects=objects))
    assert first.stat().st_mtime_ns == 1
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == set(paths)
    keys = {
        key.removeprefix(prefix_of("codeio", 1)) for key in objects.keys(prefix_of("codeio", 1))
    }
    assert {path.relative_to(tmp_path).as_posix() for path in paths} == keys


def test_a_file_that_is_not_as_published_is_not_written(
    versions: tuple[Release, Release], objects: ObjectStore, tmp_path: Path
) -> None:
    objects.put(prefix_of("codeio", 1) + "README.md", b"forged")
    with pytest.raises(ReleaseCorrupt):
        list(pull_release("codeio", 1, tmp_path, objects=objects))
    assert not (tmp_path / "README.md").exists()
    assert not (tmp_path / "manifest.json").exists()
