"""Reads source files from the rows of JSON Lines files (`.jsonl`, plain, `.gz` or `.zst`)."""

import gzip
import io
import json
from collections.abc import Iterator
from typing import BinaryIO, cast

import zstandard

from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.rows import RowReader, row_file

# JSON writes a byte of source in six characters at most.
_LARGEST_ESCAPE = 6
_OTHER_COLUMNS_BYTES = 1 << 20
_PIECE = 1 << 20


class JsonlReader(RowReader):
    """One or more files with one source file per row."""

    suffixes = (".jsonl", ".jsonl.gz", ".jsonl.zst")

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the rows in their order; a row that is no object has its own bytes as content.

        A line is never held whole when it is longer than a file of `max_bytes` can need.
        """
        limit = max_bytes * _LARGEST_ESCAPE + _OTHER_COLUMNS_BYTES
        for shard in self._shards.new_files(since):
            with self._shards.open(shard) as opened:
                for number, (line, size) in enumerate(_lines(_unpacked(opened, shard.path), limit)):
                    name = f"{shard.name} row {number + 1}".strip()
                    if line is None or line.strip():
                        yield self._row(name, line, size, max_bytes)

    def _row(self, name: str, line: bytes | None, size: int, max_bytes: int) -> SourceFile:
        if line is None:
            return SourceFile(
                path=name, version="", licence=self._licence, language="python",
                size_bytes=size, content=None,
            )  # fmt: skip
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        return row_file(
            row, name, self._columns, licence=self._licence, max_bytes=max_bytes, raw=line
        )


def _unpacked(opened: BinaryIO, path: str) -> BinaryIO:
    if path.endswith(".gz"):
        return cast("BinaryIO", gzip.GzipFile(fileobj=opened))
    if path.endswith(".zst"):
        reader = zstandard.ZstdDecompressor().stream_reader(opened, read_across_frames=True)
        return io.BufferedReader(cast("io.RawIOBase", reader))
    return io.BufferedReader(cast("io.RawIOBase", opened), _PIECE)


def _lines(stream: BinaryIO, limit: int) -> Iterator[tuple[bytes | None, int]]:
    """Yield each line with its length; of a line longer than `limit` only the length."""
    while line := stream.readline(limit):
        size = len(line)
        if size < limit or line.endswith(b"\n"):
            yield line, size
            continue
        while (piece := stream.readline(_PIECE)) and not piece.endswith(b"\n"):
            size += len(piece)
        yield None, size + len(piece)
