"""Reads source files from the rows of Parquet files, in the Hugging Face layout or alone."""

from collections.abc import Iterator
from dataclasses import replace
from io import SEEK_END
from typing import TYPE_CHECKING, Any, BinaryIO

from codeio_ops.errors import SourceDamaged
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.rows import RowReader, row_file
from codeio_ops.ingest.shards import ShardFile
from codeio_ops.jsonl import refuse_pointer
from codeio_ops.jsonvalue import storable

if TYPE_CHECKING:
    from pyarrow import Scalar
    from pyarrow.parquet import ParquetFile

_BATCH_ROWS = 256
_BATCH_BYTES = 16 << 20
# Source code never packs so well.
_LARGEST_RATIO = 200
# One value of so much is held eight times: packed, unpacked, as text, as bytes, in two rows.
_SAFE_GROUP_BYTES = 20 << 20
# What a reader holds of a footer is ten times as much.
_FOOTER_BYTES = 16 << 20
# Of a row in a column of lists, such as its licences; and of such a column beyond its rows.
_MOST_ITEMS = 100
_ITEMS_BYTES = 1 << 20
_SPARE_ITEMS = 100_000
# Stands for a nested value that is no short list of texts: no licence is called so.
_NESTED = "nested"


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
                    yield {name: _value(batch.column(name)[row]) for name in wanted}

    def _opened(self, opened: BinaryIO, path: str) -> "tuple[ParquetFile, list[str]]":
        """Return the file and the columns to read of it, texts as dictionaries."""
        from pyarrow import types
        from pyarrow.parquet import ParquetFile

        _refuse_footer(opened, path)
        file = ParquetFile(opened)
        kinds = {field.name: field.type for field in file.schema_arrow}
        content = self._columns.content
        if content not in kinds or types.is_nested(kinds[content]):
            there = f"only {kinds[content]} in column" if content in kinds else "no column"
            flat = sorted(name for name, kind in kinds.items() if not types.is_nested(kind))
            raise SourceDamaged(
                f"{path} has {there} {content!r}",
                cure=f"set columns.content to one of {', '.join(flat)}",
            )
        wanted = sorted(kinds.keys() & {*self._columns.model_dump().values(), "license"})
        leaves = [file.schema.column(index) for index in range(len(file.schema))]
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        return ParquetFile(opened, read_dictionary=texts), wanted


def _value(scalar: "Scalar[Any]") -> object:
    """Return a value of a row; of what is nested, only short lists of short texts."""
    from pyarrow import DictionaryArray, ListScalar, types

    if types.is_nested(scalar.type) and scalar.is_valid:
        texts = scalar.values if isinstance(scalar, ListScalar) else None
        is_text = isinstance(texts, DictionaryArray) and texts.dictionary.nbytes <= _ITEMS_BYTES
        if texts is None or len(texts) > (_MOST_ITEMS if is_text else 0):
            return _NESTED
    return scalar.as_py()


def _refuse_footer(opened: BinaryIO, path: str) -> None:
    """Raise where what describes a file is larger than that of any table of source code."""
    size = opened.seek(0, SEEK_END)
    opened.seek(max(size - 8, 0))
    described = int.from_bytes(opened.read(4), "little")
    opened.seek(0)
    if _FOOTER_BYTES < described < size:
        raise SourceDamaged(
            f"{path} is described by {described} bytes",
            cure="write it with fewer row groups and columns",
        )


def _batch_rows(file: "ParquetFile", wanted: list[str], path: str) -> int:
    """Return how many rows to read at once, by the bytes that they unpack to.

    Raises:
        SourceDamaged: a column unpacks to so much more than it holds that it is no source code.
    """
    lengths = [file.schema.column(index).length for index in range(len(file.schema))]
    largest = 1
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        read = [
            (group.column(index), lengths[index])
            for index in range(group.num_columns)
            if group.column(index).path_in_schema.partition(".")[0] in wanted
        ]
        unpacked = sum(chunk.total_uncompressed_size for chunk, _ in read)
        packed = sum(chunk.total_compressed_size for chunk, _ in read)
        items = max(chunk.num_values for chunk, _ in read)
        if (
            unpacked > max(_SAFE_GROUP_BYTES, _LARGEST_RATIO * packed)
            or items > _MOST_ITEMS * group.num_rows + _SPARE_ITEMS
        ):
            raise SourceDamaged(
                f"{path} unpacks to {unpacked} bytes and {items} values from {packed} bytes",
                cure="pause the source: this is no source code",
            )
        # A value of fixed length is held once a row, however often it repeats.
        fixed = sum(length for _, length in read)
        largest = max(largest, fixed, unpacked // max(group.num_rows, 1))
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // largest))
