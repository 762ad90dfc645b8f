"""Reads source files from the rows of a JSON Lines file (`.jsonl` or `.jsonl.gz`).

Columns: `content` (the source text), and where present `path`, `repo_name`, `licence` (or
`license`), `language`. It is the row shape of The Stack v2 and of python-edu.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from codeio_ops.errors import SourceNotFound, SourceUnavailable
from codeio_ops.ingest.base import NO_LICENCE, SourceFile, storable


class JsonlReader:
    """A file with one source file per row."""

    def __init__(self, path: Path, *, licence: str) -> None:
        self._path = path
        self._licence = licence or NO_LICENCE

    def cursor(self) -> str:
        """Return size and modification time of the file."""
        try:
            status = self._path.stat()
        except OSError as exc:
            raise SourceNotFound(
                f"{self._path} cannot be read: {exc.strerror}", cure="check the path of the source"
            ) from exc
        return f"{status.st_size}:{status.st_mtime_ns}"

    def files(self, *, max_bytes: int) -> Iterator[SourceFile]:
        """Yield the rows in their order; a row that is no object has its own bytes as content."""
        self.cursor()
        try:
            with self._open() as lines:
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield self._row(number, line, max_bytes)
        except (OSError, EOFError, zlib.error) as exc:
            raise SourceUnavailable(f"{self._path} cannot be read: {exc}") from exc

    def _open(self) -> BinaryIO | gzip.GzipFile:
        if self._path.suffix == ".gz":
            return gzip.open(self._path, "rb")
        return self._path.open("rb")

    def _row(self, number: int, line: bytes, max_bytes: int) -> SourceFile:
        try:
            row = json.loads(line)
            content = row["content"].encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            row, content = {}, line
        language = str(row.get("language") or "python").lower() if row else ""
        place = "/".join(str(row[name]) for name in ("repo_name", "path") if row.get(name))
        return SourceFile(
            path=storable(place) or f"row {number}",
            version="",
            licence=storable(str(row.get("licence") or row.get("license") or self._licence)),
            language=storable(language),
            size_bytes=len(content),
            content=content if len(content) <= max_bytes else None,
        )
