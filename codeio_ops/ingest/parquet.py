"""Reads source files from the rows of Parquet files, in the Hugging Face layout or alone."""

from collections.abc import Iterator

from codeio_ops.errors import SourceDamaged
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.rows import RowReader, row_file
from codeio_ops.ingest.shards import ShardFile

_BATCH_ROWS = 256


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
                yield row_file(row, name, self._columns, licence=self._licence, max_bytes=max_bytes)

    def _rows(self, shard: ShardFile) -> Iterator[dict[str, object]]:
        from pyarrow.parquet import ParquetFile

        with self._shards.open(shard) as opened:
            file = ParquetFile(opened)
            names = set(file.schema_arrow.names)
            if self._columns.content not in names:
                raise SourceDamaged(
                    f"{shard.path} has no column {self._columns.content!r}",
                    cure=f"set columns.content to one of {', '.join(sorted(names))}",
                )
            wanted = sorted(names & {*self._columns.model_dump().values(), "license"})
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=wanted):
                yield from batch.to_pylist()
