"""Reads source files from the rows of Parquet files, in the Hugging Face layout or alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from codeio_ops.errors import SourceDamaged
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.rows import RowReader, row_file
from codeio_ops.ingest.shards import ShardFile
from codeio_ops.jsonl import refuse_pointer
from codeio_ops.jsonvalue import storable

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_BATCH_ROWS = 256
_BATCH_BYTES = 16 << 20
# Source code never packs so well.
_LARGEST_RATIO = 200
_SAFE_CHUNK_BYTES = 64 << 20


class ParquetReader(RowReader):
    """One or more files with one source file per row."""

    suffixes = (".parquet",)

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the rows in their order, reading no column that is not mapped.

        Raises:
            SourceDamaged: a file is no Parquet, or lacks the content column.
        """
        for shard in self._shards.new_files(since):
            for number, row in enumerate(self._rows(shard), start=1):
                name = f"{shard.name} row {number}".strip()
                file = row_file(
                    row, name, self._columns, licence=self._licence, max_bytes=max_bytes
                )
                yield replace(file, part=storable(shard.name))

    def _rows(self, shard: ShardFile) -> Iterator[dict[str, object]]:
        with self._shards.open(shard) as opened:
            refuse_pointer(opened.read(64), shard.path)
            file, wanted = self._opened(opened, shard.path)
            for batch in file.iter_batches(
                batch_size=_batch_rows(file, wanted, shard.path), columns=wanted
            ):
                # Row by row: a value that many rows share is one value in the batch.
                for row in range(batch.num_rows):
                    yield {name: batch.column(name)[row].as_py() for name in wanted}

    def _opened(self, opened: BinaryIO, path: str) -> "tuple[ParquetFile, list[str]]":
        """Return the file and the columns to read of it, texts as dictionaries."""
        from pyarrow import types
        from pyarrow.parquet import ParquetFile

        schema = ParquetFile(opened).schema_arrow
        names = set(schema.names)
        if self._columns.content not in names:
            raise SourceDamaged(
                f"{path} has no column {self._columns.content!r}",
                cure=f"set columns.content to one of {', '.join(sorted(names))}",
            )
        wanted = sorted(names & {*self._columns.model_dump().values(), "license"})
        texts = [
            name
            for name in wanted
            if types.is_string(kind := schema.field(name).type) or types.is_binary(kind)
        ]
        return ParquetFile(opened, read_dictionary=texts), wanted


def _batch_rows(file: "ParquetFile", wanted: list[str], path: str) -> int:
    """Return how many rows to read at once, by the bytes that they unpack to.

    Raises:
        SourceDamaged: a column unpacks to so much more than it holds that it is no source code.
    """
    largest = 1
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        chunks = [group.column(index) for index in range(group.num_columns)]
        read = [chunk for chunk in chunks if chunk.path_in_schema.partition(".")[0] in wanted]
        for chunk in read:
            unpacked = chunk.total_uncompressed_size
            if unpacked > max(_SAFE_CHUNK_BYTES, _LARGEST_RATIO * chunk.total_compressed_size):
                raise SourceDamaged(
                    f"{path} unpacks to {unpacked} bytes from {chunk.total_compressed_size}",
                    cure="pause the source: this is no source code",
                )
        size = sum(chunk.total_uncompressed_size for chunk in read)
        largest = max(largest, size // max(group.num_rows, 1))
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // largest))
