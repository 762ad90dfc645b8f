"""A reader of one more kind of source: the Python files of a tar archive."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from codeio_ops.errors import SourceDamaged, SourceNotFound
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.ingest.base import NO_LICENCE, SUFFIX_LANGUAGES, SourceFile, Unchanged
from codeio_ops.jsonvalue import storable


class TarReader:
    """A tar archive, packed or not."""

    def __init__(self, path: Path, *, licence: str) -> None:
        """Take the archive and the licence that its source states."""
        self._path = path
        self._licence = licence or NO_LICENCE

    def cursor(self) -> str:
        """Return the sha256 of the archive."""
        if not self._path.is_file():
            raise SourceNotFound(f"{self._path} is not a file", cure="check the path of the source")
        return sha256_hex(self._path.read_bytes())

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the files in the order of their paths; nothing is unpacked to disk."""
        try:
            with tarfile.open(self._path) as archive:
                for member in sorted(archive, key=lambda member: member.name):
                    language = SUFFIX_LANGUAGES.get(Path(member.name).suffix)
                    if language and member.isfile():
                        yield self._read(archive, member, language, max_bytes)
        except tarfile.TarError as exc:
            raise SourceDamaged(f"{self._path} is no tar archive: {exc}") from exc

    def unchanged(self, *, since: str) -> tuple[Unchanged, ...]:
        """Return nothing: `files` names every file, so what it does not name is gone."""
        return ()

    def _read(
        self, archive: tarfile.TarFile, member: tarfile.TarInfo, language: str, max_bytes: int
    ) -> SourceFile:
        opened = archive.extractfile(member) if member.size <= max_bytes else None
        return SourceFile(
            path=storable(member.name),
            version="",
            licence=self._licence,
            language=language,
            size_bytes=member.size,
            content=opened.read() if opened else None,
        )
