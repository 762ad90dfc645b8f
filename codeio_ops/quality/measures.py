"""What is checked of the texts of a sample, measured once.

The measures serve all recipes: what each makes text of is chosen and added up later.
"""

from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from uuid import UUID

from codeio_ops.code_version import digest_of
from codeio_ops.errors import NotJson, UnknownPrompt
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json, check, within_size_rules
from codeio_ops.records import SampleMeasure
from codeio_ops.release.rows import PAGE_ROWS, SampleText, read_texts
from codeio_ops.release.select import CORRECT
from codeio_ops.release.training import true_answer, turns
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.teacher.prompting import without_reference_code
from codeio_ops.verify.extract import Answer, extract_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unmeasured:
    sample_id: UUID


def definition_of(store: Store) -> UUID:
    """Return an id of all that decides the measures: this code, and what it reads."""
    code = digest_of(
        "codeio_ops.quality.measures",
        "codeio_ops.jsonvalue",
        "codeio_ops.release.rows",
        "codeio_ops.release.training",
        "codeio_ops.teacher.markdown",
        "codeio_ops.teacher.prompting",
        "codeio_ops.verify.extract",
        "codeio_ops.verify.literal",
    )
    return content_id("measures", code, store.value("release.definition_of_texts"))


def store_measures(release_id: UUID, definition: UUID, store: Store, writer: FactWriter) -> None:
    """Measure the members of a release that were not yet, a page of texts in memory at a time.

    Those whose texts cannot be read back, as when a file has no origin, get no measure.
    """
    with store.transaction() as transaction:
        found = transaction.stream(
            "expectations.unmeasured", _Unmeasured, release_id=release_id, definition_id=definition
        )
        while page := [row.sample_id for row in islice(found, PAGE_ROWS)]:
            texts = read_texts(store, page)
            run_id = writer.run.stage_run_id
            writer.write([measure(sample, definition, run_id) for sample in texts])


def measure(sample: SampleText, definition: UUID, stage_run_id: UUID) -> SampleMeasure:
    """Measure a sample."""
    bare = _bare_prompt(sample)
    turn_1, feedback_1, turn_2, feedback_2 = map(len, turns(sample))
    return SampleMeasure(
        sample_id=sample.sample_id,
        definition_id=definition,
        prompt_sha256=_digest(sample.prompt),
        prompt_chars=len(sample.prompt),
        bare_prompt_sha256=None if bare is None else _digest(bare),
        bare_prompt_chars=None if bare is None else len(bare),
        turn_1_chars=turn_1,
        feedback_1_chars=feedback_1,
        turn_2_chars=turn_2,
        feedback_2_chars=feedback_2,
        answer_chars=len(true_answer(sample)),
        input_fault=_value_fault(sample.input),
        output_fault=_value_fault(sample.output),
        answer_fault=_answer_fault(sample),
        stage_run_id=stage_run_id,
    )


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _bare_prompt(sample: SampleText) -> str | None:
    try:
        return without_reference_code(sample.prompt)
    except UnknownPrompt:
        return None


def _value_fault(value: Json) -> str | None:
    try:
        check(value)
    except NotJson as exc:
        return str(exc)
    return None if within_size_rules(value) else "larger than the size rules allow"


def _answer_fault(sample: SampleText) -> str | None:
    field = sample.direction
    answers = ((sample.verdict_1, sample.turn_1), (sample.verdict_2, sample.turn_2))
    for number, (verdict, text) in enumerate(answers, start=1):
        if verdict == CORRECT and not isinstance(extract_answer(text or "", field), Answer):
            return f"turn {number} is correct and holds no {field} as JSON"
    return None
