"""Rows of a table, such as those of The Stack v2 and python-edu, as source files."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from codeio_ops.config import Settings
from codeio_ops.ingest.base import (
    MAX_NAME_CHARS,
    MAX_PATH_CHARS,
    NO_LICENCE,
    SourceFile,
    Unchanged,
    bounded,
    without_user,
)
from codeio_ops.ingest.licence import licence_of_column
from codeio_ops.ingest.shards import Shards
from codeio_ops.ingest.source_settings import Columns
from codeio_ops.jsonvalue import storable


def row_file(
    row: object, name: str, columns: Columns, *, licence: str, max_bytes: int, raw: bytes = b""
) -> SourceFile:
    """Return the source file of a row; a row without a text is a bad row.

    Args:
        row: The row, column -> value.
        name: What the file is called when the row gives no path.
        columns: Where the row has what.
        licence: SPDX id where the row states none.
        max_bytes: Longest content to keep.
        raw: Content of a bad row.
    """
    text = row.get(columns.content) if isinstance(row, Mapping) else None
    content = _bytes(text)
    if not isinstance(row, Mapping) or content is None:
        row, content = {}, raw
    language = str(row.get(columns.language) or "python").lower() if row else ""
    repository = without_user(storable(str(row.get(columns.repository) or "")))
    parts = (repository, storable(str(row.get(columns.path) or "")))
    path = "/".join(part.strip("/") for part in parts if part)
    stated = licence_of_column(row.get(columns.licence) or row.get("license"))
    return SourceFile(
        path=bounded(path, MAX_PATH_CHARS) or name,
        version="",
        licence=stated or licence or NO_LICENCE,
        language=bounded(storable(language), MAX_NAME_CHARS),
        size_bytes=len(content),
        content=content if len(content) <= max_bytes else None,
        repository=bounded(repository, MAX_NAME_CHARS),
    )


def _bytes(text: object) -> bytes | None:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode() if isinstance(text, str) else None
    except UnicodeEncodeError:
        return None


class RowReader:
    """One or more files with one source file per row.

    Attributes:
        suffixes: Endings of the names of such files.
    """

    suffixes: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        locator: str | Path,
        *,
        licence: str,
        columns: Columns | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._shards = Shards(locator, self.suffixes, settings)
        self._licence = licence or NO_LICENCE
        self._columns = columns or Columns()

    def cursor(self) -> str:
        """Return size and modification time of the file or files."""
        return self._shards.cursor()

    def unchanged(self, *, since: str) -> list[Unchanged]:
        """Return the files of the table that are as they were."""
        return [Unchanged(part=storable(f.name)) for f in self._shards.unchanged_files(since)]
