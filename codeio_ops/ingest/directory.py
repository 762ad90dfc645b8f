"""Reads the source files below a local directory."""

import os
from collections.abc import Iterator
from pathlib import Path

from codeio_ops.errors import SourceNotFound, SourceUnavailable
from codeio_ops.ingest.base import SUFFIX_LANGUAGES, SourceFile, Unchanged
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
        """Yield the files in the order of their paths.

        Raises:
            SourceUnavailable: a directory or file cannot be read, or went while it was read.
        """
        self.cursor()
        licence = self._licence or self._root_licence()
        for path in sorted(self._source_files()):
            yield self._read(path, SUFFIX_LANGUAGES[path.suffix], licence, max_bytes)

    def unchanged(self, *, since: str) -> tuple[Unchanged, ...]:
        """Return nothing: every file is read each time."""
        return ()

    def _source_files(self) -> Iterator[Path]:
        for directory, below, names in os.walk(self._root, onerror=_unlisted):
            below[:] = [name for name in below if not name.startswith(".")]
            for path in (Path(directory, name) for name in names if not name.startswith(".")):
                if path.suffix in SUFFIX_LANGUAGES and path.is_file() and not path.is_symlink():
                    yield path

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


def _unlisted(error: OSError) -> None:
    """Say that a directory cannot be listed: its files must not count as gone."""
    raise SourceUnavailable(f"{error.filename} cannot be listed: {error.strerror}") from error


def _read_licence(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_LICENCE_BYTES + 1)
    return content if len(content) <= MAX_LICENCE_BYTES else b""
