"""The examples of CONTRIBUTING do what it says of them."""

import tarfile
from pathlib import Path

import pytest
from examples.reader import TarReader

from codeio_ops.errors import SourceDamaged, SourceNotFound
from codeio_ops.ingest.base import Reader
from codeio_ops.release.recipe import load_recipe

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of three files, one of which is no code."""
    for name in ("b.py", "a.py", "notes.txt"):
        (tmp_path / name).write_text(f"# {name}\n")
    path = tmp_path / "code.tar.gz"
    with tarfile.open(path, "w:gz") as opened:
        for name in ("b.py", "a.py", "notes.txt"):
            opened.add(tmp_path / name, arcname=f"src/{name}")
    return path


def test_the_reader_gives_all_code_in_order(archive: Path) -> None:
    reader: Reader = TarReader(archive, licence="MIT")
    files = list(reader.files(max_bytes=100))
    assert [(file.path, file.content) for file in files] == [
        ("src/a.py", b"# a.py\n"),
        ("src/b.py", b"# b.py\n"),
    ]
    assert {file.licence for file in files} == {"MIT"}
    assert [file.content for file in reader.files(max_bytes=1)] == [None, None]
    assert reader.unchanged(since=reader.cursor()) == ()


def test_the_reader_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.tar").write_bytes(b"no archive")
    with pytest.raises(SourceDamaged, match=r"bad\.tar"):
        list(TarReader(tmp_path / "bad.tar", licence="").files(max_bytes=100))
    with pytest.raises(SourceNotFound):
        TarReader(tmp_path / "none.tar", licence="").cursor()


def test_the_recipe_is_valid() -> None:
    recipe = load_recipe(str(EXAMPLES / "recipe.yaml"))
    assert (recipe.name, recipe.directions, recipe.wrong) == ("short_outputs", ("output",), "drop")
