"""Training text: what a model reads and what it learns to write, as the recipe has it."""

import json
from dataclasses import dataclass

from codeio_ops.jsonvalue import Json
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SampleText
from codeio_ops.release.select import CORRECT
from codeio_ops.teacher.markdown import fenced
from codeio_ops.teacher.prompting import without_reference_code


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
    """A sample with the text that a recipe makes of it.

    Attributes:
        sample: The sample as recorded.
        prompt: What a model reads.
        response: What it learns to write.
        replaced: Whether the true value stands in place of the teacher's answer.
    """

    sample: SampleText
    prompt: str
    response: str
    replaced: bool


def training_row(recipe: Recipe, sample: SampleText) -> TrainingRow:
    """Make training text of a sample.

    Source: arXiv 2502.07316, section 2.4: the turns and their feedback are joined.
    """
    replaced = recipe.wrong == "replace" and sample.verdict_1 != CORRECT
    return TrainingRow(
        sample=sample,
        prompt=shown_prompt(recipe, sample),
        response=true_answer(sample) if replaced else _conversation(recipe, sample),
        replaced=replaced,
    )


def shown_prompt(recipe: Recipe, sample: SampleText) -> str:
    """Return what a model reads: the prompt, with or without the program.

    Raises:
        UnknownPrompt: it is to stand without, and was not rendered from one of our templates.
    """
    return sample.prompt if recipe.reference_code else without_reference_code(sample.prompt)


def _conversation(recipe: Recipe, sample: SampleText) -> str:
    if recipe.turns == 1:
        return sample.turn_1
    return recipe.separator.join(part for part in turns(sample) if part)


def turns(sample: SampleText) -> tuple[str, str, str, str]:
    """Return the first answer, what is said of it, the revision, and what is said of that."""
    return (sample.turn_1, sample.feedback_1, sample.turn_2 or "", sample.feedback_2 or "")


def true_answer(sample: SampleText) -> str:
    """Return the answer that is right, without a word of how to find it."""
    value: Json = sample.output if sample.direction == "output" else sample.input
    answer = {sample.direction: value}
    return fenced(json.dumps(answer, ensure_ascii=False, allow_nan=False), "json")
