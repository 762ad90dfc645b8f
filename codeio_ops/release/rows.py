"""A sample as it is released: one row, the same in every format."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from codeio_ops.fingerprint import sha256_hex
from codeio_ops.jsonvalue import Json, canonical, compact
from codeio_ops.release.recipe import Recipe


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
    direction: str
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


# What ran it, and when, is provenance: another run of the same facts has the same content.
_NOT_CONTENT = frozenset({"answer_run_id", "sandbox_image_digest"})


def content_sha256(recipe: Recipe, rows: list[SampleText]) -> str:
    """Fingerprint what a release says: its recipe and its rows, in the order of their ids."""
    lines = [canonical(recipe.model_dump(mode="json"))]
    for row in sorted(rows, key=lambda row: row.sample_id):
        values = row.to_json()
        lines.append(canonical({k: v for k, v in values.items() if k not in _NOT_CONTENT}))
    return sha256_hex("\n".join(lines).encode())


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
