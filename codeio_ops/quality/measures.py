"""What is checked of the texts of a sample, measured once.

The measures serve all recipes that show the program, or all that do not: what each makes a response
of is chosen and added up later.
"""

from hashlib import sha256
from uuid import UUID

from codeio_ops.code_version import digest_of
from codeio_ops.errors import NotJson
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json, check, within_size_rules
from codeio_ops.records import SampleMeasure
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SampleText
from codeio_ops.release.select import CORRECT
from codeio_ops.release.text_facts import write_missing
from codeio_ops.release.training import shown_prompt, true_answer, turns
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.verify.extract import Answer, extract_answer


def definition_of(recipe: Recipe, store: Store) -> UUID:
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
    texts = store.value("release.definition_of_texts")
    return content_id("measures", code, texts, str(recipe.reference_code))


def store_measures(
    release_id: UUID, recipe: Recipe, definition: UUID, store: Store, writer: FactWriter
) -> None:
    """Measure the members of a release that were not yet."""

    def measured(sample: SampleText) -> SampleMeasure:
        return measure(sample, recipe, definition, writer.run.stage_run_id)

    write_missing(
        "expectations.unmeasured",
        measured,
        store=store,
        writer=writer,
        release_id=release_id,
        definition_id=definition,
    )


def measure(
    sample: SampleText, recipe: Recipe, definition: UUID, stage_run_id: UUID
) -> SampleMeasure:
    """Measure a sample."""
    prompt = shown_prompt(recipe, sample)
    turn_1, feedback_1, turn_2, feedback_2 = map(len, turns(sample))
    return SampleMeasure(
        sample_id=sample.sample_id,
        definition_id=definition,
        prompt_sha256=sha256(prompt.encode()).digest(),
        prompt_chars=len(prompt),
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
