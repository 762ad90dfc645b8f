"""A sample as it is released: one row, the same in every format."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import count
from uuid import UUID

from codeio_ops.jsonvalue import Json, compact
from codeio_ops.storage.engine import Store
from codeio_ops.unified_form import Direction

SPLITS = ("train", "validation")
PAGE_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleText:
    """The columns of `codeio.sample_text`, described there."""

    sample_id: UUID
    prompt_id: UUID
    program_id: UUID
    io_pair_id: UUID
    raw_file_id: UUID
    source_kind: str
    source_locator: str
    source_version: str
    source_path: str
    licence: str
    language: str
    direction: Direction
    prompt: str
    input: Json
    output: Json
    problem_statement: str
    io_description: str
    reference_code: str
    turn_1: str
    feedback_1: str
    verdict_1: str
    turn_2: str | None
    feedback_2: str | None
    verdict_2: str | None
    teacher_kind: str
    teacher_model: str
    transform_provenance: Json
    rationale_provenance: Json
    template_sha256: str
    verifier_version: str
    answer_run_id: str
    sandbox_image_digest: str
    split: str = ""

    def to_json(self) -> dict[str, Json]:
        """Return the row with every value as JSON; nested values become JSON text."""
        return {column.name: _cell(getattr(self, column.name)) for column in fields(self)}


def read_rows(store: Store, release_id: UUID, split: str) -> Iterator[SampleText]:
    """Yield the rows of a split in the order of the release, a page in memory at a time."""
    for ids in read_members(store, release_id, split):
        for row in read_texts(store, ids):
            yield replace(row, split=split)


def read_members(store: Store, release_id: UUID, split: str) -> Iterator[list[UUID]]:
    """Yield the ids of the samples of a split in the order of the release, page by page."""
    for low in count(0, PAGE_ROWS):
        with store.transaction() as transaction:
            ids = transaction.column(
                "release.page", release_id=release_id, split=split, low=low, high=low + PAGE_ROWS
            )
        if not ids:
            return
        yield ids


def read_texts(store: Store, sample_ids: list[UUID]) -> Iterator[SampleText]:
    """Yield the rows of these samples, in the order of the ids, a page in memory at a time.

    A sample of which a part is missing, such as the origin of its file, has no row; the gate
    on expectations finds it.
    """
    for start in range(0, len(sample_ids), PAGE_ROWS):
        page = sample_ids[start : start + PAGE_ROWS]
        found = store.fetch("release.sample_texts", SampleText, sample_ids=page)
        by_id = {row.sample_id: row for row in found}
        yield from (by_id[sample_id] for sample_id in page if sample_id in by_id)


def _cell(value: object) -> Json:
    match value:
        case UUID() | datetime():
            return str(value)
        case dict() | list():
            return compact(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"no JSON form for {type(value).__name__}")
