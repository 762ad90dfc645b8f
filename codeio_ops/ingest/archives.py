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


class Member:
    """A file inside an archive, read on demand."""

    def __init__(self, archive: zipfile.ZipFile | tarfile.TarFile, name: str, size: int) -> None:
        self._archive, self._name, self.size_bytes = archive, name, size

    def read(self) -> bytes:
        """Return the content; never more than `size_bytes`.

        Raises:
            SourceDamaged: the archive is corrupt at this file.
        """
        try:
            if isinstance(self._archive, zipfile.ZipFile):
                return self._archive.read(self._name)
            stream = self._archive.extractfile(self._name)
            return stream.read() if stream else b""
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError) as exc:
            raise SourceDamaged(f"{self._name} in the archive is corrupt: {exc}") from exc


def members(filename: str, archive: bytes) -> dict[str, Member]:
    """Return the files of a wheel, zip or tar archive by their paths.

    Raises:
        SourceUnavailable: the archive is cut off or no archive.
        SourceDamaged: it would unpack to more than `MAX_UNPACKED_BYTES`.
    """
    try:
        found = _zip(archive) if filename.endswith((".whl", ".zip")) else _tar(filename, archive)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError) as exc:
        raise SourceUnavailable(f"{filename} is not a readable archive: {exc}") from exc
    size = sum(member.size_bytes for member in found.values())
    if size > MAX_UNPACKED_BYTES or len(found) > MAX_MEMBERS:
        raise _bomb(filename)
    return found


def _bomb(filename: str) -> SourceDamaged:
    return SourceDamaged(
        f"{filename} would unpack to more than {MAX_UNPACKED_BYTES} bytes or {MAX_MEMBERS} files",
        cure="pause the source: this is no source code",
    )


def _zip(archive: bytes) -> dict[str, Member]:
    opened = zipfile.ZipFile(io.BytesIO(archive))
    infos = [info for info in opened.infolist() if not info.is_dir()]
    return {info.filename: Member(opened, info.filename, info.file_size) for info in infos}


def _tar(filename: str, archive: bytes) -> dict[str, Member]:
    stream = _Bounded(_unpacked(archive), filename)
    opened = tarfile.open(fileobj=cast("BinaryIO", stream))  # noqa: SIM115 - read later
    return {info.name: Member(opened, info.name, info.size) for info in opened if info.isfile()}


def _unpacked(archive: bytes) -> BinaryIO:
    raw = io.BytesIO(archive)
    if archive.startswith(b"\x1f\x8b"):
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw))
    if archive.startswith(b"BZh"):
        return cast("BinaryIO", BZ2File(raw))
    if archive.startswith(b"\xfd7zXZ"):
        return cast("BinaryIO", lzma.LZMAFile(raw))
    return raw


class _Bounded(io.RawIOBase):
    """A stream that refuses to go past `MAX_UNPACKED_BYTES`."""

    def __init__(self, stream: BinaryIO, filename: str) -> None:
        self._stream, self._filename = stream, filename

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
        return self._stream.read(size)
