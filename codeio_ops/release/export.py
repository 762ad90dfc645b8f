"""The files of a release: Parquet with provenance, chat JSON Lines, and plain turns.

The same rows give the same bytes: order, schema, compression and row groups are fixed.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING

from codeio_ops.jsonvalue import Json, compact
from codeio_ops.release.rows import SPLITS, SampleText
from codeio_ops.release.training import TrainingRow

if TYPE_CHECKING:
    import pyarrow

SHARD_ROWS = 20_000
_ROW_GROUP_ROWS = 5_000

# Inputs and outputs of every shape share a column: each is JSON text, a string and null as well.
VALUE_COLUMNS = ("input", "output")
TEXT_COLUMNS = (*(column.name for column in fields(SampleText)), "response")
FLAG_COLUMN = "answer_replaced"


def export_files(
    rows_of: Callable[[str], Iterable[TrainingRow]],
) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of each data file; a split without samples has none.

    Args:
        rows_of: Gives the rows of a split in the order they are written in; a shard of
            them is held in memory at a time.
    """
    for split in SPLITS:
        members = iter(rows_of(split))
        number = 0
        while shard := list(islice(members, SHARD_ROWS)):
            name = f"{split}-{number:05d}"
            yield f"data/{name}.parquet", _parquet(shard)
            yield f"chat/{name}.jsonl", _lines(_chat(row) for row in shard)
            yield f"turns/{name}.jsonl", _lines(_turns(row) for row in shard)
            number += 1


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


def _lines(values: Iterator[Json]) -> bytes:
    return "".join(f"{compact(value)}\n" for value in values).encode()


def _parquet(rows: list[TrainingRow]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = [_record(row) for row in rows]
    columns: dict[str, pyarrow.Array] = {
        name: pa.array([_text(record[name]) for record in records], pa.string())
        for name in TEXT_COLUMNS
    }
    columns[FLAG_COLUMN] = pa.array([row.replaced for row in rows], pa.bool_())
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
    return sink.getvalue()


def _record(row: TrainingRow) -> dict[str, Json]:
    values = {name: compact(getattr(row.sample, name)) for name in VALUE_COLUMNS}
    return {**row.sample.to_json(), **values, "prompt": row.prompt, "response": row.response}


def _text(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else compact(value)
