"""Sources that would fill the memory, leave their directory, or never end."""

import gzip
import io
import os
import subprocess
import sys
import tarfile
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from codeio_ops.config import Settings
from codeio_ops.errors import SourceDamaged, SourceUnavailable
from codeio_ops.ingest import archives
from codeio_ops.ingest.archives import members
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.filters import drop_reason
from codeio_ops.ingest.jsonl import JsonlReader

TWO_GIB = 2 << 30


def peak_of(action: object) -> int:
    tracemalloc.start()
    try:
        assert callable(action)
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def tar_of(name: str, content: bytes) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return body.getvalue()


def test_a_line_of_two_gigabytes_is_measured_and_never_held(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with path.open("wb") as out:
        out.write(b'{"content": "x = 1"}\n')
        out.truncate(TWO_GIB)
        out.seek(0, os.SEEK_END)
        out.write(b'\n{"content": "y = 1"}\n')
    found: list[SourceFile] = []
    reader = JsonlReader(path, licence="")
    peak = peak_of(lambda: found.extend(reader.files(max_bytes=100_000)))
    assert [file.content for file in found] == [b"x = 1", None, b"y = 1"]
    assert found[1].size_bytes > TWO_GIB - 100
    drop = drop_reason(found[1], Settings.model_validate({"home": tmp_path}))
    assert drop is not None
    assert drop.reason == "too_large"
    assert peak < 16 << 20


def test_a_zip_bomb_is_refused_before_a_byte_is_unpacked() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as bomb:
        for number in range(1100):
            bomb.writestr(f"{number}.py", b"0" * (1 << 20))
    with pytest.raises(SourceDamaged, match="would unpack"):
        members("bomb-1.0.whl", body.getvalue())


def test_a_zip_that_lies_about_its_sizes_gives_no_more_than_it_says() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("a.py", b"0" * (8 << 20))
    lying = body.getvalue().replace((8 << 20).to_bytes(4, "little"), (64).to_bytes(4, "little"))
    member = members("bomb-1.0.whl", lying)["a.py"]
    assert member.size_bytes == 64
    with pytest.raises(SourceDamaged, match="corrupt"):
        member.read()


def test_a_tar_bomb_is_refused_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1 << 20)
    with pytest.raises(SourceDamaged, match="would unpack"):
        members("bomb-1.0.tar.gz", tar_of("a.py", b"0" * (8 << 20)))


@pytest.mark.parametrize("filename", ["a-1.0.tar.gz", "a-1.0-py3-none-any.whl"])
def test_an_archive_that_is_cut_off_is_unavailable(filename: str) -> None:
    whole = tar_of("a.py", os.urandom(10_000))
    with pytest.raises((SourceUnavailable, SourceDamaged)):
        {name: member.read() for name, member in members(filename, whole[:5000]).items()}


@pytest.mark.parametrize("path", ["../../etc/cron.d/x.py", "a/../../b.py", "/etc/x.py"])
def test_a_path_that_leaves_its_source_is_dropped(path: str) -> None:
    (name,) = members("a-1.0.tar.gz", tar_of(path, b"x = 1\n"))
    file = SourceFile(
        path=name, version="1", licence="MIT", language="python", size_bytes=6, content=b"x = 1\n"
    )
    drop = drop_reason(file, Settings.model_validate({"home": Path("/nonexistent")}))
    assert drop is not None
    assert drop.reason == "unsafe_path"


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "down").mkdir()
    (tmp_path / "down" / "up").symlink_to(tmp_path)
    found = list(DirectoryReader(tmp_path, licence="").files(max_bytes=100))
    assert [file.path for file in found] == ["a.py"]


def test_a_gzip_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(os.urandom(10_000))[:5000])
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        list(JsonlReader(path, licence="").files(max_bytes=100))


@pytest.mark.parametrize(("offset", "value"), [(6, 1), (8, 99)], ids=["encrypted", "method"])
def test_a_member_that_cannot_be_unpacked_is_damaged(offset: int, value: int) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("a.py", b"x = 1")
    packed = bytearray(body.getvalue())
    for header, at in ((b"PK\x03\x04", offset), (b"PK\x01\x02", offset + 2)):
        packed[packed.find(header) + at] = value
    with pytest.raises(SourceDamaged, match=r"a\.py"):
        members("a.zip", bytes(packed))["a.py"].read()


def test_a_malformed_header_is_damaged() -> None:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("x/a.py")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
        tar.addfile(info)
    with pytest.raises(SourceDamaged, match="malformed"):
        members("x.tar", body.getvalue())


@pytest.mark.parametrize("filename", ["x.tar.gz", "x.whl"])
def test_members_of_one_name_are_counted_too(
    filename: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    body = io.BytesIO()
    if filename.endswith(".whl"):
        with zipfile.ZipFile(body, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(4):
                archive.writestr("a.py", b"")
    else:
        with tarfile.open(fileobj=body, mode="w:gz") as tar:
            for _ in range(4):
                tar.addfile(tarfile.TarInfo("a.py"))
    with pytest.raises(SourceDamaged, match="3 files"):
        members(filename, body.getvalue())


def header_bomb(kind: bytes) -> bytes:
    header = tarfile.TarInfo("long")
    header.type, header.size = kind, BOMB_BYTES
    body = io.BytesIO()
    with gzip.GzipFile(fileobj=body, mode="wb") as packed:
        packed.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(BOMB_BYTES >> 20):
            packed.write(b"9" * (1 << 20))
        packed.write(tarfile.TarInfo("a.py").tobuf() + bytes(1024))
    return body.getvalue()


def zip_bomb(method: int) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("x/a.py", b"a" * BOMB_BYTES)
    return body.getvalue()


def parquet_bomb(kind: pa.DataType) -> bytes:
    """Return a file whose rows share one value of 8 MiB."""
    content = pa.array([LONG.encode() if pa.types.is_fixed_size_binary(kind) else LONG], kind)
    return parquet_of({"content": pa.concat_arrays([content] * 64)})


def licences_bomb(licences: pa.Array) -> bytes:
    return parquet_of({"content": pa.array(["x = 1"] * len(licences)), "license": licences})


def parquet_of(columns: dict[str, pa.Array]) -> bytes:
    table, body = pa.table(columns), io.BytesIO()
    pq.write_table(table, body, compression="zstd")
    return body.getvalue()


BOMB_BYTES = 300 << 20
LONG = "a" * (8 << 20)
BOMBS = {
    "long name.tar.gz": lambda: header_bomb(tarfile.GNUTYPE_LONGNAME),
    "pax.tar.gz": lambda: header_bomb(tarfile.XHDTYPE),
    "x-1.tar.gz": lambda: tar_of("x-1/PKG-INFO", b"License: " + b"a" * BOMB_BYTES),
    "y-1.tar.gz": lambda: tar_of("x-1/LICENSE", b"a" * BOMB_BYTES),
    "z-1.tar.gz": lambda: tar_of("x-1/a.py", b"a" * BOMB_BYTES),
    "lzma.zip": lambda: zip_bomb(zipfile.ZIP_LZMA),
    "bzip2.zip": lambda: zip_bomb(zipfile.ZIP_BZIP2),
    "deflated.zip": lambda: zip_bomb(zipfile.ZIP_DEFLATED),
    "texts.parquet": lambda: parquet_bomb(pa.string()),
    "large texts.parquet": lambda: parquet_bomb(pa.large_string()),
    "large bytes.parquet": lambda: parquet_bomb(pa.large_binary()),
    "fixed bytes.parquet": lambda: parquet_bomb(pa.binary(len(LONG))),
    "lists of texts.parquet": lambda: licences_bomb(pa.array([[LONG] * 4] * 16)),
    "objects in lists.parquet": lambda: licences_bomb(pa.array([[{"id": LONG}] * 4] * 16)),
    "lists of numbers.parquet": lambda: licences_bomb(
        pa.ListArray.from_arrays(np.arange(0, 41, 10) * 1_000_000, np.full(40_000_000, 7))
    ),
    "line.jsonl.gz": lambda: gzip.compress(b'{"content": "' + b"a" * BOMB_BYTES),
    "line.jsonl.zst": lambda: zstandard.compress(b'{"content": "' + b"a" * BOMB_BYTES),
}
_READ = """
import sys
from pathlib import Path
from codeio_ops.errors import SourceDamaged
from codeio_ops.ingest import pypi
from codeio_ops.ingest.archives import members
from codeio_ops.ingest.jsonl import JsonlReader
from codeio_ops.ingest.parquet import ParquetReader

def rss():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10

path = Path(sys.argv[1])
kind = ParquetReader if path.suffix == ".parquet" else JsonlReader
before = rss()
try:
    if ".tar" in path.name or path.suffix == ".zip":
        found = members(path.name, path.read_bytes())
        pypi._licence(found)
        for member in found.values():
            member.read(100_000)
    else:
        for file in kind(path, licence="").files(max_bytes=100_000):
            assert file.content is None
except SourceDamaged:
    pass
print(rss() - before)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_no_source_fills_the_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    read = subprocess.run(
        (sys.executable, "-c", _READ, os.fspath(path)), capture_output=True, text=True, timeout=120
    )
    assert read.returncode == 0, read.stderr
    assert int(read.stdout) < 200, f"{read.stdout} MiB"
