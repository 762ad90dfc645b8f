"""Reads source files from the rows of JSON Lines files (`.jsonl`, plain or compressed)."""

from collections.abc import Iterator
from dataclasses import replace

from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.rows import RowReader, row_file
from codeio_ops.jsonl import lines, parse_line
from codeio_ops.jsonvalue import storable

# JSON writes a byte of source in six characters at most.
_LARGEST_ESCAPE = 6
_OTHER_COLUMNS_BYTES = 1 << 20


class JsonlReader(RowReader):
    """One or more files with one source file per row."""

    suffixes = (".jsonl", ".jsonl.gz", ".jsonl.bz2", ".jsonl.xz", ".jsonl.zst")

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the rows in their order; a row that is no object has its own bytes as content.

        A line is never held whole when it is longer than a file of `max_bytes` can need.
        """
        limit = max_bytes * _LARGEST_ESCAPE + _OTHER_COLUMNS_BYTES
        for shard in self._shards.new_files(since):
            with self._shards.open(shard) as opened:
                for number, line, size in lines(opened, shard.path, limit=limit):
                    name = f"{shard.name} row {number + 1}".strip()
                    file = self._row(name, line, size, max_bytes)
                    yield replace(file, part=storable(shard.name))

    def _row(self, name: str, line: bytes | None, size: int, max_bytes: int) -> SourceFile:
        if line is None:
            return SourceFile(
                path=name, version="", licence=self._licence, language="python",
                size_bytes=size, content=None,
            )  # fmt: skip
        try:
            row = parse_line(line)
        except (ValueError, RecursionError):
            row = None
        return row_file(
            row, name, self._columns, licence=self._licence, max_bytes=max_bytes, raw=line
        )
