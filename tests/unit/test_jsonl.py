"""JSON Lines: what editors, tools and other systems do to such files costs no row."""

import bz2
import gzip
import json
import lzma
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import zstandard

from codeio_ops.errors import SettingsError, SourceDamaged, SourceNotFound, SourceUnavailable
from codeio_ops.ingest.jsonl import JsonlReader
from codeio_ops.jsonl import parse_line, read_lines
from codeio_ops.quality.leakage.items import read_items
from codeio_ops.sample.replay import read_programs
from codeio_ops.sandbox.attack import load_attacks

ROW = {
    "refcode": "def main_solution(s):\n    return s",
    "entry_point": "main_solution",
    "io_pairs": [{"input": {"s": "a\u2028b\x85c"}, "output": "a\u2028b\x85c"}],
    "name": "one",
    "acceptable": ["ok"],
    "code": "def main_solution():\n    return 1",
    "content": "x = 1\n",
    "q": "What is it?",
}
LINE = json.dumps(ROW, ensure_ascii=False).encode() + b"\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"


def long_window(content: bytes) -> bytes:
    """Compress as `zstd --long=31` does, without saying how long the content is."""
    wide = zstandard.ZstdCompressionParameters.from_level(3, window_log=31, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    return compressor.compress(content) + compressor.flush()


FORMS = {
    "plain": LINE,
    "no end": LINE.rstrip(),
    "BOM": b"\xef\xbb\xbf" + LINE,
    "CRLF": LINE.replace(b"\n", b"\r\n"),
    "blank": b"\n \t\r\n" + LINE + b"  \n",
    "gzip": gzip.compress(LINE),
    "two gzip members": gzip.compress(LINE[:20]) + gzip.compress(LINE[20:]),
    "bzip2": bz2.compress(LINE),
    "xz": lzma.compress(LINE),
    "zstd": zstandard.compress(LINE),
    "zstd with a long window": long_window(LINE),
    "zstd, the second frame long": zstandard.compress(LINE[:20]) + long_window(LINE[20:]),
    "zstd, a frame that is skipped": b"\x50\x2a\x4d\x18\x02\0\0\0hi" + zstandard.compress(LINE),
    "zstd, another frame that is skipped": b"\x5f\x2a\x4d\x18\x01\0\0\0h"
    + zstandard.compress(LINE),
    "BOM in gzip": gzip.compress(b"\xef\xbb\xbf" + LINE),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_command_reads_every_form(form: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(FORMS[form])
    assert [parse_line(line) for _, line in read_lines(path)] == [ROW]
    (program,) = read_programs(path)
    assert program.io_pairs[0].output == "a\u2028b\x85c"
    assert [one.name for one in load_attacks(path)] == ["one"]
    assert [file.content for file in JsonlReader(path, licence="").files(max_bytes=9)] == [
        b"x = 1\n"
    ]
    (item,) = read_items(path.read_bytes(), origin="rows")
    assert item.segments == ("What is it?",)


def test_joined_files_have_byte_order_marks_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(2 * (b"\xef\xbb\xbf" + LINE))
    assert [parse_line(line) for _, line in read_lines(path)] == [ROW, ROW]


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.jsonl.xz", "rows.jsonl.zst"])
def test_a_name_alone_makes_no_file_compressed(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf\n" + LINE)
    assert [parse_line(line) for _, line in read_lines(tmp_path / name)] == [ROW]


@pytest.mark.parametrize("form", ["gzip", "bzip2", "xz", "zstd"])
def test_a_directory_is_read_whatever_packs_its_files(form: str, tmp_path: Path) -> None:
    suffix = {"gzip": "gz", "bzip2": "bz2", "xz": "xz", "zstd": "zst"}[form]
    (tmp_path / f"a.jsonl.{suffix}").write_bytes(FORMS[form])
    assert len(list(JsonlReader(tmp_path, licence="").files(max_bytes=9))) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_utf_16_is_named_with_its_cure(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(("\ufeff" + LINE.decode()).encode(encoding))
    with pytest.raises(SourceDamaged, match="is UTF-16") as caught:
        list(read_lines(path))
    assert "UTF-8" in caught.value.cure


@pytest.mark.parametrize("read", [read_programs, load_attacks])
@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_a_file_without_programs_is_refused(
    read: Callable[[Path], object], content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(SettingsError):
        read(path)


def test_a_number_of_thousands_of_digits_is_read() -> None:
    assert parse_line(b'{"id": ' + b"9" * 5000 + b"}") == {"id": Decimal("9" * 5000)}


def test_a_number_of_thousands_of_digits_costs_no_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(LINE[:-2] + b', "id": ' + b"9" * 5000 + b"}\n")
    assert [file.content for file in JsonlReader(path, licence="").files(max_bytes=9)] == [
        b"x = 1\n"
    ]


def test_a_pointer_of_git_lfs_is_named_with_its_cure(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(POINTER)
    for read in (read_lines, read_programs, load_attacks):
        with pytest.raises(SourceDamaged) as caught:
            list(read(path))
        assert "git lfs pull" in caught.value.cure
    with pytest.raises(SourceDamaged):
        list(JsonlReader(path, licence="").files(max_bytes=9))


def test_what_cannot_be_read_is_one_of_our_errors(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        list(read_lines(tmp_path / "nowhere.jsonl"))
    for name, content in {
        "cut.gz": gzip.compress(LINE)[:-9],
        "cut.zst": zstandard.compress(LINE)[:-9],
        "corrupt.xz": lzma.compress(LINE)[:40] + bytes(99),
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceUnavailable):
            list(read_lines(tmp_path / name))
        with pytest.raises(SourceUnavailable):
            list(JsonlReader(tmp_path / name, licence="").files(max_bytes=9))


@pytest.mark.parametrize("compress", [gzip.compress, long_window])
def test_a_bomb_of_one_line_is_refused_and_never_held(compress: object, tmp_path: Path) -> None:
    assert callable(compress)
    path = tmp_path / "bomb.jsonl"
    path.write_bytes(compress(b" " * (300 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(SourceDamaged):
            list(read_lines(path))
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()
