"""JSON Lines as every command reads them: plain or compressed, with what editors add to a file.

A line ends at LF; byte order marks and lines of white space are passed over. Compression is
known by its first bytes, or by the name of the file where these are no JSON.
"""

import bz2
import codecs
import gzip
import io
import json
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from codeio_ops.errors import SourceDamaged, SourceNotFound, SourceUnavailable

if TYPE_CHECKING:
    from typing_extensions import Buffer

# The longest line that a command holds; the ingest of source files sets its own limit.
LONGEST_LINE = 32 << 20
# What a decoder of zstd must be told to accept a frame of `--long=31`, and how much of such a
# frame may be read: its window is held in memory as far as it is filled.
_LONG_WINDOW = 1 << 31
_LONG_FRAME_BYTES = 128 << 20
_BOM = b"\xef\xbb\xbf"
_PIECE = 1 << 20
# A block of four bytes may unpack to 128 KiB.
_FEED = 1 << 10
_POINTERS = (b"version https://git-lfs.github.com/spec/", b"/annex/objects/")
_OPENERS: Mapping[tuple[bytes, str], Callable[[BinaryIO], object]] = {
    (b"\x1f\x8b", ".gz"): lambda file: gzip.GzipFile(fileobj=file),
    (b"BZh", ".bz2"): bz2.BZ2File,
    (b"\xfd7zXZ", ".xz"): lzma.LZMAFile,
    # A frame, or one that is to be skipped, with which pzstd begins.
    **{
        (magic, ".zst"): lambda file: io.BufferedReader(_Zstd(file), _PIECE)
        for magic in (
            b"\x28\xb5\x2f\xfd",
            *(bytes([kind]) + b"\x2a\x4d\x18" for kind in range(0x50, 0x60)),
        )
    },
}
# What such files raise where they are cut off or corrupt.
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


def read_lines(path: Path, *, limit: int = LONGEST_LINE) -> Iterator[tuple[int, bytes]]:
    """Yield number, from 0, and bytes of each line of a file.

    Raises:
        SourceNotFound: the file cannot be opened.
        SourceUnavailable: it is cut off, or compressed badly.
        SourceDamaged: it is a pointer of git-lfs, or a line is longer than `limit`.
    """
    try:
        opened = path.open("rb")
    except OSError as exc:
        raise SourceNotFound(f"{path} cannot be read: {exc.strerror}") from exc
    with opened:
        yield from whole_lines(opened, str(path), limit=limit)


def whole_lines(
    opened: BinaryIO, name: str, *, limit: int = LONGEST_LINE
) -> Iterator[tuple[int, bytes]]:
    """Do what `read_lines` does, with a file that is open."""
    with _errors(name):
        for number, line, _ in lines(opened, name, limit=limit):
            if line is None:
                raise SourceDamaged(f"{name}, line {number + 1} is longer than {limit} bytes")
            yield number, line


def lines(opened: BinaryIO, name: str, *, limit: int) -> Iterator[tuple[int, bytes | None, int]]:
    """Yield number, bytes and length of each line that is not blank.

    A line longer than `limit` is never held: of such a one there is only the length.

    Raises:
        SourceDamaged: the file is a pointer of git-lfs or git-annex.
    """
    stream = unpacked(opened, name)
    number = 0
    while line := stream.readline(limit):
        size = len(line)
        whole: bytes | None = line if size < limit or line.endswith(b"\n") else None
        if whole is None:
            while (piece := stream.readline(_PIECE)) and not piece.endswith(b"\n"):
                size += len(piece)
            size += len(piece)
        else:  # files that were joined have their marks in the middle
            whole = whole.removeprefix(_BOM)
        if whole is None or whole.strip():
            yield number, whole, size
        number += 1


def parse_line(line: bytes, *, errors: str = "strict") -> object:
    """Read the JSON of a line; a whole number of thousands of digits becomes a `Decimal`.

    Raises:
        ValueError: it is not JSON, or not UTF-8.
        RecursionError: it is nested too deeply.
    """
    value: object = json.loads(line.decode(errors=errors), parse_int=_whole_number)
    return value


def refuse_pointer(head: bytes, name: str) -> None:
    """Raise where a file begins like what git-lfs leaves in the place of a large file.

    Raises:
        SourceDamaged: it does.
    """
    if head.startswith(_POINTERS):
        raise SourceDamaged(
            f"{name} is a pointer of git-lfs or git-annex and not the file",
            cure="run `git lfs pull` or `git annex get` where it lies",
        )


def unpacked(opened: BinaryIO, name: str) -> BinaryIO:
    """Return the content of a file, decompressed where it is compressed.

    Raises:
        SourceDamaged: it is a pointer of git-lfs or git-annex, or UTF-16.
    """
    head = opened.read(64)
    opened.seek(0)
    refuse_pointer(head, name)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SourceDamaged(f"{name} is UTF-16", cure="write it as UTF-8, as JSON Lines are")
    is_json = head.removeprefix(_BOM).lstrip().startswith(b"{")
    for (magic, suffix), opener in _OPENERS.items():
        if head.startswith(magic) or (name.endswith(suffix) and not is_json):
            return cast("BinaryIO", opener(opened))
    if isinstance(opened, io.BufferedReader | io.BytesIO):
        return opened
    return io.BufferedReader(cast("io.RawIOBase", opened), _PIECE)


class _Zstd(io.RawIOBase):
    """Reads the frames of zstd one after the other, and notices when the last is cut off."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._packed = b""
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._frame_bytes, self._window = 0, 0
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        while not self._plain and self._advance():
            pass
        piece = self._plain[: size if size >= 0 else None]
        self._plain = self._plain[len(piece) :]
        return piece.tobytes()

    def readinto(self, buffer: "Buffer", /) -> int:
        piece = self.read(len(view := memoryview(buffer)))
        view[: len(piece)] = piece
        return len(piece)

    def _advance(self) -> bool:
        """Unpack some more; return False at the end."""
        packed = self._packed + self._source.read(_FEED)
        if not packed and self._frame is not None:
            raise EOFError("the last frame is cut off")
        if packed and self._frame is None:
            self._window = zstandard.get_frame_parameters(packed).window_size
            self._frame = zstandard.ZstdDecompressor(max_window_size=_LONG_WINDOW).decompressobj()
            self._frame_bytes = 0
        self._packed = b""
        if packed and self._frame is not None:
            self._unpack(packed, self._frame)
        return bool(packed)

    def _unpack(self, packed: bytes, frame: "zstandard.ZstdDecompressionObj") -> None:
        self._plain = memoryview(frame.decompress(packed))
        self._frame_bytes += len(self._plain)
        if self._frame_bytes > _LONG_FRAME_BYTES < self._window:
            raise SourceDamaged(
                f"a zstd file with a window of {self._window} bytes needs as much memory",
                cure="unpack the file, or compress it without --long",
            )
        if frame.eof:
            self._packed, self._frame = frame.unused_data, None


def _whole_number(digits: str) -> int | Decimal:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return Decimal(digits)


@contextmanager
def _errors(name: str) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as exc:
        raise SourceUnavailable(f"{name} cannot be read: {exc}") from exc
