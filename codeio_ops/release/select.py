"""The rules of a recipe, told of one conversation: why it is left out.

`selection.sql` chooses by the same rules.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from codeio_ops.fingerprint import sha256_hex
from codeio_ops.ingest.licence import is_allowed
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.teachers import Choice
from codeio_ops.unified_form import Direction

CORRECT, WRONG = "correct", "wrong"
_HASHES = 1 << 32
_NOT_IN_FORCE = "its file is not in force: no source shows it now, or it repeats another"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What a recipe knows of a finished conversation when it chooses.

    Attributes:
        teacher_id: Who answered.
        transformer_id: Who wrote the program.
        program_made_at: When the task began that wrote it.
        source: Source of the file as `kind:name`; of a path the name is what releases have for it.
        night: First night on which the file was seen.
        licence: The licences of all places where the file was seen, as one SPDX expression.
        present: Whether a source shows the file now, and it is in force.
        question: Number among the questions of its program, from 1.
    """

    prompt_id: UUID
    program_id: UUID
    teacher_id: UUID
    transformer_id: UUID
    raw_file_id: UUID
    program_made_at: datetime
    source: str
    repository: str
    licence: str
    language: str
    night: str
    present: bool
    question: int
    direction: Direction
    first_verdict_id: UUID
    second_verdict_id: UUID | None
    verdict_1: str
    verdict_2: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a conversation is not taken: the field of the recipe, and the case."""

    field: str
    why: str


def left_out(choice: Choice, conversation: Conversation) -> LeftOut | None:
    """Say why the recipe does not take a conversation, or None when it does."""
    rules = (_other_teacher, _other_place, _other_question)
    return next((why for rule in rules if (why := rule(choice, conversation))), None)


def _other_teacher(choice: Choice, conversation: Conversation) -> LeftOut | None:
    if conversation.teacher_id not in choice.teachers:
        name = choice.name_of(conversation.teacher_id)
        return LeftOut(field="teachers", why=f"answered by {name}, which the recipe does not take")
    if conversation.transformer_id not in choice.transformers:
        name = choice.name_of(conversation.transformer_id)
        why = f"its program is by {name}, which the recipe does not take"
        return LeftOut(field="transformed_by", why=why)
    return None


def _other_place(choice: Choice, conversation: Conversation) -> LeftOut | None:
    recipe, of = choice.recipe, conversation
    wanted = (
        ("sources", recipe.sources, (of.source, of.source.partition(":")[2])),
        ("repositories", recipe.repositories, (of.repository,)),
        ("licences", recipe.licences, (of.licence, *_met(of.licence, recipe.licences))),
        ("languages", recipe.languages, (of.language,)),
    )
    for field, values, own in wanted:
        if values and not set(values) & set(own):
            return LeftOut(field=field, why=f"{own[0] or 'none'} is not among its {field}")
    if recipe.files == "present" and not of.present:
        return LeftOut(field="files", why=_NOT_IN_FORCE)
    if of.night < recipe.since:
        return LeftOut(field="since", why=f"its file came on {of.night}, before {recipe.since}")
    return None


def _met(licence: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the allowed licences where they meet an expression."""
    return allowed if is_allowed(licence, frozenset(allowed)) else ()


def _other_question(choice: Choice, conversation: Conversation) -> LeftOut | None:
    recipe, found = choice.recipe, final_verdict(choice.recipe, conversation)
    if conversation.direction not in recipe.directions:
        why = f"the recipe takes no questions for an {conversation.direction}"
        return LeftOut(field="directions", why=why)
    if recipe.questions is not None and conversation.question > recipe.questions:
        why = (
            f"question {conversation.question} of its program; the recipe takes {recipe.questions}"
        )
        return LeftOut(field="questions", why=why)
    if recipe.wrong == "drop" and found != CORRECT:
        return LeftOut(field="wrong", why=f"its answer is {found}; the recipe drops wrong ones")
    if _hash32(str(conversation.prompt_id)) >= recipe.share * _HASHES:
        why = f"not in the share of {recipe.share:g} that the recipe draws"
        return LeftOut(field="share", why=why)
    return None


def final_verdict(recipe: Recipe, conversation: Conversation) -> str:
    """Return the verdict on the last answer that the recipe trains on."""
    if recipe.turns == 2 and conversation.verdict_2 is not None:
        return conversation.verdict_2
    return conversation.verdict_1


def _hash32(text: str) -> int:
    return int(sha256_hex(text.encode())[:8], 16)
