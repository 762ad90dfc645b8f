"""The JSON Lines reader: rows of any shape, and a bad row never costs its neighbours."""

import gzip
import json
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import SourceNotFound, SourceUnavailable
from codeio_ops.fingerprint import content_id
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.filters import drop_reason
from codeio_ops.ingest.jsonl import JsonlReader

CODE = "def double(number):\n    return number * 2\n\n\nprint(double(21))  # forty-two\n"
GOOD = json.dumps({"repo_name": "who/what", "path": "a.py", "content": CODE}).encode()


def read(path: Path, *, max_bytes: int = 100_000) -> list[SourceFile]:
    return list(JsonlReader(path, licence="").files(max_bytes=max_bytes))


def rows(tmp_path: Path, *lines: bytes) -> list[SourceFile]:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return read(path)


def test_a_row_is_a_file_with_what_it_says_of_itself(tmp_path: Path) -> None:
    full = {"content": CODE, "license": "MIT", "language": "Python"}
    first, second = rows(tmp_path, GOOD, json.dumps(full).encode())
    assert first.path == "who/what/a.py"
    assert first.content == CODE.encode()
    assert (first.licence, first.language) == ("NOASSERTION", "python")
    assert second.path == "row 2"
    assert (second.licence, second.language) == ("MIT", "python")


def test_a_repository_is_named_without_a_credential(tmp_path: Path) -> None:
    row = {"content": CODE, "path": "a.py", "repo_name": "https://x-access-token:secret@host/o/r"}
    (file,) = rows(tmp_path, json.dumps(row).encode())
    assert (file.repository, file.path) == ("https://host/o/r", "https://host/o/r/a.py")


def test_empty_lines_are_passed_over_but_counted(tmp_path: Path) -> None:
    found = rows(tmp_path, b"", b"   ", json.dumps({"content": CODE}).encode())
    assert [file.path for file in found] == ["row 3"]


@pytest.mark.parametrize(
    "bad",
    [
        b'{"content": "x = 1',
        b"[1, 2, 3]",
        b'"just text that is long enough to be a file of at least sixty-four bytes"',
        b"42",
        b"null",
        b'{"path": "a.py", "text": "the column has another name, so there is no source here"}',
        b'{"path": "a.py", "content": 5, "more": "the content is a number and not a text"}',
        b'{"content": null, "more": "padding padding padding padding padding padding"}',
        b'{"content": "x = \\ud800", "more": "a lone surrogate, which UTF-8 cannot encode"}',
        b"\xff\xfe" + b"not UTF-8 " * 10,
        b"[" * 100_000,
    ],
)
def test_a_bad_row_is_dropped_and_its_neighbours_are_kept(tmp_path: Path, bad: bytes) -> None:
    found = rows(tmp_path, GOOD, bad, GOOD.replace(b"a.py", b"b.py"))
    assert len(found) == 3
    settings = Settings.model_validate({"home": tmp_path, "min_file_bytes": 1})
    drops = [drop_reason(file, settings) for file in found]
    assert [drop.reason if drop else "kept" for drop in drops] == ["kept", "bad_row", "kept"]


def test_two_bad_rows_have_two_places(tmp_path: Path) -> None:
    first, second = rows(tmp_path, b"[1]", b"[2]")
    assert first.path != second.path


@pytest.mark.parametrize("name", ["repo_name", "path", "licence", "language"])
@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b"])
def test_no_text_of_a_row_can_break_what_stores_it(tmp_path: Path, name: str, text: str) -> None:
    line = json.dumps({"content": CODE, name: "HERE"}).replace("HERE", text).encode()
    (found,) = rows(tmp_path, line)
    assert found.content == CODE.encode()
    for value in (found.path, found.licence, found.language):
        assert "\x00" not in value
        assert content_id("text", value)


@pytest.mark.parametrize("name", ["repo_name", "path", "language"])
def test_a_long_text_of_a_row_is_cut_and_stays_distinct(tmp_path: Path, name: str) -> None:
    longs = ["a" * 5000 + end for end in "bc"]
    lines = [json.dumps({"content": CODE, name: long}).encode() for long in longs]
    one, other = rows(tmp_path, *lines)
    assert one.content == other.content == CODE.encode()
    assert (one.path, one.repository, one.language) != (
        other.path,
        other.repository,
        other.language,
    )
    for text in (one.path, one.repository, one.language):
        assert len(text.encode()) < 2704


def test_a_licence_that_is_a_list_becomes_text(tmp_path: Path) -> None:
    line = json.dumps({"content": CODE, "license": ["MIT", "Apache-2.0"]}).encode()
    (found,) = rows(tmp_path, line)
    assert isinstance(found.licence, str)


def test_a_gzipped_file_reads_the_same(tmp_path: Path) -> None:
    plain, packed = tmp_path / "rows.jsonl", tmp_path / "rows.jsonl.gz"
    plain.write_bytes(GOOD + b"\n")
    packed.write_bytes(gzip.compress(GOOD + b"\n"))
    assert read(packed) == read(plain)


def test_a_long_row_keeps_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(json.dumps({"content": "x" * 1001}).encode())
    (found,) = read(path, max_bytes=1000)
    assert (found.content, found.size_bytes) == (None, 1001)


@pytest.mark.parametrize("damage", ["truncated", "not gzip", "flipped"])
def test_a_damaged_archive_is_unavailable(tmp_path: Path, damage: str) -> None:
    whole = gzip.compress(b"\n".join([GOOD] * 50))
    middle = len(whole) // 2
    broken = {
        "truncated": whole[:middle],
        "not gzip": b"plain text",
        "flipped": whole[:12] + bytes(255 - byte for byte in whole[12:middle]) + whole[middle:],
    }[damage]
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(broken)
    with pytest.raises(SourceUnavailable):
        read(path)


def test_an_empty_file_gives_no_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.touch()
    assert read(path) == []


def test_a_file_that_is_missing_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        read(tmp_path / "nothing.jsonl")


def test_the_cursor_moves_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(GOOD)
    reader = JsonlReader(path, licence="")
    before = reader.cursor()
    assert reader.cursor() == before
    path.write_bytes(GOOD + b"\n" + GOOD)
    assert reader.cursor() != before
