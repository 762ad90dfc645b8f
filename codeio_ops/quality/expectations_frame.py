"""The candidate as a table of checkable columns: no long text, one row a member.

A member of the release whose text cannot be read back, as when its file has no origin, is a
row of nulls, so that it is seen.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil
from typing import TYPE_CHECKING
from uuid import UUID

from codeio_ops.errors import NotJson
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.jsonvalue import Json, check, within_size_rules
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SPLITS, SampleText, read_members, read_texts
from codeio_ops.release.select import CORRECT
from codeio_ops.release.training import training_row
from codeio_ops.storage.engine import Store
from codeio_ops.verify.extract import Answer, extract_answer

if TYPE_CHECKING:
    import pandas as pd

# Tokenisers of today give a token to 3 or more characters of English and code.
CHARS_PER_TOKEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """What is checked of a member.

    Attributes:
        input_fault: Why the input is no JSON within the size rules; None when it is.
        output_fault: The same of the output.
        answer_fault: Why an answer judged correct cannot be read from its text.
        tokens: Estimated length of prompt and response in tokens, rather too high.
        correct_output: 1 or 0 for a first answer to a question for an output, else None.
        correct_input: The same for an input.
        asks_output: 1 for a question for an output, 0 for an input.
    """

    sample_id: str
    split: str
    prompt_id: str | None = None
    program_id: str | None = None
    io_pair_id: str | None = None
    raw_file_id: str | None = None
    source_locator: str | None = None
    source_path: str | None = None
    licence: str | None = None
    direction: str | None = None
    verdict_1: str | None = None
    verdict_2: str | None = None
    teacher_id: str | None = None
    teacher_kind: str | None = None
    teacher_model: str | None = None
    template_sha256: str | None = None
    verifier_version: str | None = None
    sandbox_image_digest: str | None = None
    prompt_sha256: str | None = None
    prompt_chars: int | None = None
    response_chars: int | None = None
    tokens: int | None = None
    input_fault: str | None = None
    output_fault: str | None = None
    answer_fault: str | None = None
    correct_output: int | None = None
    correct_input: int | None = None
    asks_output: int | None = None


def candidate_frame(release_id: UUID, recipe: Recipe, store: Store) -> "pd.DataFrame":
    """Read all members of a release, a page of texts in memory at a time."""
    import pandas as pd

    members = [
        asdict(row)
        for split in SPLITS
        for page in read_members(store, release_id, split)
        for row in _page_rows(page, split, recipe, store)
    ]
    return pd.DataFrame(members, columns=list(CandidateRow.__slots__))


def _page_rows(ids: list[UUID], split: str, recipe: Recipe, store: Store) -> Iterator[CandidateRow]:
    found = {text.sample_id: text for text in read_texts(store, ids)}
    with store.transaction() as transaction:
        teachers = dict(transaction.pairs("release.teachers_of_samples", sample_ids=ids))
    for sample_id in ids:
        text = found.get(sample_id)
        if text is None:
            yield CandidateRow(sample_id=str(sample_id), split=split)
        else:
            yield _row(text, teachers[sample_id], split, recipe)


def _row(sample: SampleText, teacher_id: UUID, split: str, recipe: Recipe) -> CandidateRow:
    training = training_row(recipe, sample)
    output = sample.direction == "output"
    correct = int(sample.verdict_1 == CORRECT)
    return CandidateRow(
        sample_id=str(sample.sample_id),
        split=split,
        prompt_id=str(sample.prompt_id),
        program_id=str(sample.program_id),
        io_pair_id=str(sample.io_pair_id),
        raw_file_id=str(sample.raw_file_id),
        source_locator=sample.source_locator,
        source_path=sample.source_path,
        licence=sample.licence,
        direction=sample.direction,
        verdict_1=sample.verdict_1,
        verdict_2=sample.verdict_2,
        teacher_id=str(teacher_id),
        teacher_kind=sample.teacher_kind,
        teacher_model=sample.teacher_model,
        template_sha256=sample.template_sha256,
        verifier_version=sample.verifier_version,
        sandbox_image_digest=sample.sandbox_image_digest,
        prompt_sha256=sha256_hex(training.prompt.encode()),
        prompt_chars=len(training.prompt),
        response_chars=len(training.response),
        tokens=ceil((len(training.prompt) + len(training.response)) / CHARS_PER_TOKEN),
        input_fault=_value_fault(sample.input),
        output_fault=_value_fault(sample.output),
        answer_fault=_answer_fault(sample),
        correct_output=correct if output else None,
        correct_input=None if output else correct,
        asks_output=int(output),
    )


def _value_fault(value: Json) -> str | None:
    try:
        check(value)
    except NotJson as exc:
        return str(exc)
    return None if within_size_rules(value) else "larger than the size rules allow"


def _answer_fault(sample: SampleText) -> str | None:
    field = sample.direction
    turns = ((sample.verdict_1, sample.turn_1), (sample.verdict_2, sample.turn_2))
    for number, (verdict, text) in enumerate(turns, start=1):
        if verdict == CORRECT and not isinstance(extract_answer(text or "", field), Answer):
            return f"turn {number} is correct and holds no {field} as JSON"
    return None
