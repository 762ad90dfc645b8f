"""The directory reader: what it reads, what it passes over, and what it never opens."""

import os
import tracemalloc
from pathlib import Path

import pytest

from codeio_ops.errors import SourceNotFound
from codeio_ops.fingerprint import content_id
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.directory import DirectoryReader

LARGE = 50 << 20


def files(root: Path, *, max_bytes: int = 100_000) -> list[SourceFile]:
    return list(DirectoryReader(root, licence="").files(max_bytes=max_bytes))


def write(path: Path, content: bytes = b"x = 1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_files_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b.py", "a/z.py", "a/b/c.py", "notes.txt", "c.PY", "Makefile"):
        write(tmp_path / name, name.encode())
    found = files(tmp_path)
    assert [file.path for file in found] == ["a/b/c.py", "a/z.py", "b.py"]
    assert [file.content for file in found] == [b"a/b/c.py", b"a/z.py", b"b.py"]
    assert {(f.version, f.licence, f.language) for f in found} == {("", "NOASSERTION", "python")}


def test_a_stated_licence_holds_for_every_file(tmp_path: Path) -> None:
    write(tmp_path / "a.py")
    (found,) = DirectoryReader(tmp_path, licence="MIT").files(max_bytes=100)
    assert found.licence == "MIT"


def test_hidden_files_and_directories_are_passed_over(tmp_path: Path) -> None:
    for name in (".git/hook.py", "src/.venv/lib/x.py", ".secret.py", "src/seen.py"):
        write(tmp_path / name)
    assert [file.path for file in files(tmp_path)] == ["src/seen.py"]


def test_a_hidden_parent_of_the_source_does_not_matter(tmp_path: Path) -> None:
    write(tmp_path / ".cache" / "code" / "a.py")
    assert [file.path for file in files(tmp_path / ".cache" / "code")] == ["a.py"]


def test_symbolic_links_lead_nowhere(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "secret.py")
    root = tmp_path / "root"
    write(root / "kept.py")
    (root / "file.py").symlink_to(outside)
    (root / "tree").symlink_to(outside.parent)
    (root / "loop").symlink_to(root)
    (root / "broken.py").symlink_to(tmp_path / "nothing")
    assert [file.path for file in files(root)] == ["kept.py"]


def test_what_is_no_regular_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "directory.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    assert files(tmp_path) == []


def test_a_huge_file_is_measured_and_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "huge.py")
    os.truncate(path, LARGE)
    tracemalloc.start()
    try:
        (found,) = files(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found.content, found.size_bytes) == (None, LARGE)
    assert peak < 1 << 20


def test_a_name_that_is_no_utf8_is_read_under_a_name_that_is(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_bytes(b"x = 1\n")
    (found,) = files(tmp_path)
    assert found.content == b"x = 1\n"
    assert content_id("origin", found.path)
    assert "caf" in found.path


def test_an_empty_directory_gives_no_file(tmp_path: Path) -> None:
    assert files(tmp_path) == []


def test_a_directory_that_is_missing_is_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", write(tmp_path / "file.py")):
        with pytest.raises(SourceNotFound, match="is not a directory"):
            files(path)
