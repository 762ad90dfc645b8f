"""Reads wheels and source archives in memory: nothing is unpacked, so no path in one matters."""

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from bz2 import BZ2File
from typing import BinaryIO, cast

from codeio_ops.errors import SourceDamaged, SourceUnavailable

# An archive that unpacks to more than this is a bomb, or no source code.
MAX_UNPACKED_BYTES = 1 << 30
MAX_MEMBERS = 100_000
# Of the headers of one file, and of all beyond the 512 bytes that each must have.
MAX_HEADER_BYTES = 64 << 10
MAX_HEADERS_BYTES = 32 << 20
_XZ_MEMORY_BYTES = 128 << 20
# Those of which `zipfile` unpacks no more than it is asked for; no package uses others.
_STREAMED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CENTRAL_ENTRY = b"PK\x01\x02"

_UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError)
# What the libraries raise besides, for numbers, methods and flags that they do not take.
_MALFORMED = (ValueError, RuntimeError, RecursionError, OverflowError, lzma.LZMAError)


class Member:
    """A file inside an archive, read on demand."""

    def __init__(
        self,
        archive: zipfile.ZipFile | tarfile.TarFile,
        info: zipfile.ZipInfo | tarfile.TarInfo,
        size: int,
    ) -> None:
        self._archive, self._info, self.size_bytes = archive, info, size

    def read(self, limit: int = MAX_UNPACKED_BYTES) -> bytes:
        """Return the content, or its first `limit` bytes; never more than `size_bytes`.

        Raises:
            SourceDamaged: the archive is corrupt at this file, or packs it in an unknown way.
        """
        try:
            if isinstance(self._archive, zipfile.ZipFile):
                assert isinstance(self._info, zipfile.ZipInfo)
                if self._info.compress_type not in _STREAMED:
                    raise ValueError(f"compression method {self._info.compress_type}")
                with self._archive.open(self._info) as packed:
                    return packed.read(limit)
            assert isinstance(self._info, tarfile.TarInfo)
            stream = self._archive.extractfile(self._info)
            return stream.read(limit) if stream else b""
        except (*_UNREADABLE, *_MALFORMED) as exc:
            name = getattr(self._info, "filename", "") or getattr(self._info, "name", "")
            raise SourceDamaged(f"{name} in the archive is corrupt: {exc}") from exc


def members(filename: str, archive: bytes) -> dict[str, Member]:
    """Return the files of a wheel, zip or tar archive by their paths; of equal ones the last.

    Raises:
        SourceUnavailable: the archive is cut off or no archive.
        SourceDamaged: it is malformed, or would unpack to more than `MAX_UNPACKED_BYTES`.
    """
    try:
        if filename.endswith((".whl", ".zip")):
            return _zip(filename, archive)
        return _tar(filename, archive)
    except _UNREADABLE as exc:
        raise SourceUnavailable(f"{filename} is not a readable archive: {exc}") from exc
    except _MALFORMED as exc:
        raise SourceDamaged(
            f"{filename} is malformed: {exc}", cure="pause the source, or pin another version"
        ) from exc


def _bomb(filename: str) -> SourceDamaged:
    return SourceDamaged(
        f"{filename} would unpack to more than {MAX_UNPACKED_BYTES} bytes or {MAX_MEMBERS} files",
        cure="pause the source: this is no source code",
    )


def _zip(filename: str, archive: bytes) -> dict[str, Member]:
    if archive.count(_CENTRAL_ENTRY) > MAX_MEMBERS:
        raise _bomb(filename)
    opened = zipfile.ZipFile(io.BytesIO(archive))
    infos = [info for info in opened.infolist() if not info.is_dir()]
    if sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES:
        raise _bomb(filename)
    return {info.filename: Member(opened, info, info.file_size) for info in infos}


def _tar(filename: str, archive: bytes) -> dict[str, Member]:
    stream = _Bounded(_unpacked(archive), filename)
    # No further compression: what it unpacked to would not be counted.
    opened = tarfile.open(fileobj=cast("BinaryIO", stream), mode="r:")  # noqa: SIM115 - read later
    found: dict[str, Member] = {}
    count = size = 0
    while (info := opened.next()) is not None:
        opened.members.clear()  # type: ignore[attr-defined]  # memory is for what is kept
        stream.begin_member()
        count, size = count + 1, size + (info.size if info.isfile() else 0)
        if size > MAX_UNPACKED_BYTES or count > MAX_MEMBERS:
            raise _bomb(filename)
        if info.isfile():
            found[info.name] = Member(opened, info, info.size)
    stream.end_listing()
    return found


def _unpacked(archive: bytes) -> BinaryIO:
    raw = io.BytesIO(archive)
    if archive.startswith(b"\x1f\x8b"):
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw))
    if archive.startswith(b"BZh"):
        return cast("BinaryIO", BZ2File(raw))
    if archive.startswith(b"\xfd7zXZ"):
        # Raises where its dictionary would take more.
        lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES).decompress(archive[: 1 << 16], 1)
        return cast("BinaryIO", lzma.LZMAFile(raw))
    return raw


class _Bounded(io.RawIOBase):
    """A stream that refuses to go past `MAX_UNPACKED_BYTES`, and headers without end."""

    def __init__(self, stream: BinaryIO, filename: str) -> None:
        self._stream, self._filename = stream, filename
        self._lists, self._header, self._headers = True, 0, 0

    def begin_member(self) -> None:
        """Count the headers of the next file anew."""
        self._headers += max(self._header - tarfile.BLOCKSIZE, 0)
        self._header = 0

    def end_listing(self) -> None:
        """From now on contents are read, which have a limit of their own."""
        self._lists = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET and offset > MAX_UNPACKED_BYTES:
            raise _bomb(self._filename)
        return self._stream.seek(offset, whence)

    def read(self, size: int = -1, /) -> bytes:
        if self._stream.tell() > MAX_UNPACKED_BYTES:
            raise _bomb(self._filename)
        if self._lists:
            self._header += size
            if self._header > MAX_HEADER_BYTES or self._headers > MAX_HEADERS_BYTES:
                raise SourceDamaged(
                    f"{self._filename} has headers of more than {MAX_HEADER_BYTES} bytes",
                    cure="pause the source: this is no source code",
                )
        return self._stream.read(size)
