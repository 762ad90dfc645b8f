"""Reads the source files below a local directory."""

import os
from collections.abc import Iterator
from pathlib import Path

from codeio_ops.errors import SourceNotFound, SourceUnavailable
from codeio_ops.ingest.base import SUFFIX_LANGUAGES, SourceFile
from codeio_ops.ingest.licence import MAX_LICENCE_BYTES, code_licence


class DirectoryReader:
    """A directory and all below it; hidden directories and symbolic links are passed over."""

    def __init__(self, root: Path, *, licence: str) -> None:
        self._root = root
        self._licence = licence

    def cursor(self) -> str:
        """Return the empty cursor: only reading the files tells whether they changed."""
        if not self._root.is_dir():
            raise SourceNotFound(
                f"{self._root} is not a directory", cure="check the path of the source"
            )
        return ""

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the files in the order of their paths."""
        self.cursor()
        licence = self._licence or self._root_licence()
        for path in sorted(self._root.rglob("*")):
            language = SUFFIX_LANGUAGES.get(path.suffix)
            parts = path.relative_to(self._root).parts
            if language is None or path.is_symlink() or any(p.startswith(".") for p in parts):
                continue
            if path.is_file():
                yield self._read(path, language, licence, max_bytes)

    def _root_licence(self) -> str:
        near = (*self._root.iterdir(), *self._root.glob("LICENSES/*"))
        files = {
            path.relative_to(self._root).as_posix(): path
            for path in near
            if path.is_file() and not path.is_symlink()
        }
        return code_licence(files, lambda name: _read_licence(files[name]))

    def _read(self, path: Path, language: str, licence: str, max_bytes: int) -> SourceFile:
        try:
            size = path.stat().st_size
            content = path.read_bytes() if size <= max_bytes else None
        except OSError as exc:
            raise SourceUnavailable(f"{path} cannot be read: {exc.strerror}") from exc
        return SourceFile(
            # A name need not be UTF-8, but what is stored must be.
            path=os.fsencode(path.relative_to(self._root).as_posix()).decode(errors="replace"),
            version="",
            licence=licence,
            language=language,
            size_bytes=size if content is None else len(content),
            content=content,
        )


def _read_licence(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_LICENCE_BYTES + 1)
    return content if len(content) <= MAX_LICENCE_BYTES else b""
