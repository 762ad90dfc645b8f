"""The files of a release: Parquet with provenance, chat JSON Lines, and plain turns.

The same rows give the same bytes: order, schema, compression and row groups are fixed.
"""

import io
from collections.abc import Iterator
from itertools import islice

from codeio_ops.jsonvalue import Json, compact
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SampleText

SHARD_ROWS = 50_000
SPLITS = ("train", "validation")


def export_files(recipe: Recipe, rows: list[SampleText]) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of each data file; a split without samples has none.

    Args:
        recipe: Says how a conversation becomes training text.
        rows: The samples; they are written in the order of their ids.
    """
    ordered = sorted(rows, key=lambda row: row.sample_id)
    for split in SPLITS:
        members = iter([row for row in ordered if row.split == split])
        number = 0
        while shard := list(islice(members, SHARD_ROWS)):
            yield f"data/{split}-{number:05d}.parquet", _parquet(shard)
            yield f"chat/{split}-{number:05d}.jsonl", _lines(_chat(recipe, r) for r in shard)
            yield f"turns/{split}-{number:05d}.jsonl", _lines(_turns(r) for r in shard)
            number += 1


def training_text(recipe: Recipe, row: SampleText) -> str:
    """Return what a model learns to write: the first answer, or the whole conversation.

    Source: arXiv 2502.07316, section 2.4: the turns and their feedback are joined.
    """
    if recipe.turns == 1:
        return row.turn_1
    parts = (row.turn_1, row.feedback_1, row.turn_2, row.feedback_2)
    return recipe.separator.join(part for part in parts if part)


def _chat(recipe: Recipe, row: SampleText) -> Json:
    return {
        "messages": [
            {"role": "user", "content": row.prompt},
            {"role": "assistant", "content": training_text(recipe, row)},
        ],
        "sample_id": str(row.sample_id),
    }


def _turns(row: SampleText) -> Json:
    return {
        "prompt": row.prompt,
        "turn_1": row.turn_1,
        "feedback_1": row.feedback_1,
        "turn_2": row.turn_2,
        "feedback_2": row.feedback_2,
        "sample_id": str(row.sample_id),
    }


def _lines(values: Iterator[Json]) -> bytes:
    return "".join(f"{compact(value)}\n" for value in values).encode()


def _parquet(rows: list[SampleText]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(rows[0].to_json())
    records = [row.to_json() for row in rows]
    # Inputs and outputs of every shape share a column: each is JSON text.
    table = pa.table(
        {name: pa.array([_text(r[name]) for r in records], pa.string()) for name in columns}
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=5_000)
    return sink.getvalue()


def _text(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else compact(value)
