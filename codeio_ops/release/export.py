"""The files of a release: Parquet with provenance, chat JSON Lines, and plain turns.

The same rows give the same bytes: order, schema, compression and row groups are fixed. The files
of a shard are written side by side on the disk, a row group of them in memory at a time.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from codeio_ops.jsonvalue import Json, compact
from codeio_ops.release.rows import SPLITS, SampleText
from codeio_ops.release.training import TrainingRow

if TYPE_CHECKING:
    import pyarrow

_ROW_GROUP_ROWS = 5_000
_SHARD_ROW_GROUPS = 4

# Inputs and outputs of every shape share a column: each is JSON text, a string and null as well.
VALUE_COLUMNS = ("input", "output")
TEXT_COLUMNS = (*(column.name for column in fields(SampleText)), "response")
FLAG_COLUMN = "answer_replaced"


def export_files(
    rows_of: Callable[[str], Iterable[TrainingRow]],
) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of each data file; a split without samples has none.

    Args:
        rows_of: Gives the rows of a split in the order they are written in.
    """
    for split in SPLITS:
        groups = _groups(rows_of(split))
        number = 0
        while group := next(groups, None):
            shard = chain([group], islice(groups, _SHARD_ROW_GROUPS - 1))
            yield from _shard_files(f"{split}-{number:05d}", shard)
            number += 1


def _groups(rows: Iterable[TrainingRow]) -> Iterator[list[TrainingRow]]:
    members = iter(rows)
    while group := list(islice(members, _ROW_GROUP_ROWS)):
        yield group


def _shard_files(name: str, groups: Iterable[list[TrainingRow]]) -> Iterator[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as directory:
        table, chat, turns = (Path(directory, kind) for kind in ("data", "chat", "turns"))
        _write(groups, table, chat, turns)
        yield f"data/{name}.parquet", table.read_bytes()
        yield f"chat/{name}.jsonl", chat.read_bytes()
        yield f"turns/{name}.jsonl", turns.read_bytes()


def _write(groups: Iterable[list[TrainingRow]], table: Path, chat: Path, turns: Path) -> None:
    import pyarrow.parquet as pq

    with ExitStack() as opened:
        chats = opened.enter_context(chat.open("wb"))
        turned = opened.enter_context(turns.open("wb"))
        tables = opened.enter_context(pq.ParquetWriter(table, _schema(), compression="zstd"))
        for group in groups:
            tables.write_table(_table(group))
            chats.writelines(_line(_chat(row)) for row in group)
            turned.writelines(_line(_turns(row)) for row in group)


def _chat(row: TrainingRow) -> Json:
    return {
        "messages": [
            {"role": "user", "content": row.prompt},
            {"role": "assistant", "content": row.response},
        ],
        "sample_id": str(row.sample.sample_id),
    }


def _turns(row: TrainingRow) -> Json:
    return {
        "prompt": row.prompt,
        "turn_1": row.sample.turn_1,
        "feedback_1": row.sample.feedback_1,
        "turn_2": row.sample.turn_2,
        "feedback_2": row.sample.feedback_2,
        "sample_id": str(row.sample.sample_id),
    }


def _line(value: Json) -> bytes:
    return f"{compact(value)}\n".encode()


def _schema() -> "pyarrow.Schema":
    import pyarrow as pa

    texts = [(name, pa.string()) for name in TEXT_COLUMNS]
    return pa.schema([*texts, (FLAG_COLUMN, pa.bool_())])


def _table(rows: list[TrainingRow]) -> "pyarrow.Table":
    import pyarrow as pa

    records = [_record(row) for row in rows]
    columns: dict[str, list[str | None] | list[bool]] = {
        name: [_text(record[name]) for record in records] for name in TEXT_COLUMNS
    }
    columns[FLAG_COLUMN] = [row.replaced for row in rows]
    return pa.table(columns, schema=_schema())


def _record(row: TrainingRow) -> dict[str, Json]:
    values = {name: compact(getattr(row.sample, name)) for name in VALUE_COLUMNS}
    return {**row.sample.to_json(), **values, "prompt": row.prompt, "response": row.response}


def _text(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else compact(value)
