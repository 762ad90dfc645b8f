"""Selection: which finished conversations a recipe takes, their split and their order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.release.recipe import Recipe
from codeio_ops.unified_form import Direction

CORRECT, WRONG = "correct", "wrong"
_HASHES = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What a recipe knows of a finished conversation when it chooses.

    Attributes:
        question: Number among the questions of its program, from 1.
        code_chars: Length of the program.
        answer_chars: Length of the first answer.
    """

    prompt_id: UUID
    program_id: UUID
    question: int
    direction: Direction
    first_verdict_id: UUID
    second_verdict_id: UUID | None
    verdict_1: str
    verdict_2: str | None
    code_chars: int
    answer_chars: int

    @property
    def sample_id(self) -> UUID:
        """Id of the sample that this conversation is."""
        second = str(self.second_verdict_id) if self.second_verdict_id else None
        return content_id("sample", str(self.prompt_id), str(self.first_verdict_id), second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A conversation with its place in the release; `position` counts within the split."""

    conversation: Conversation
    sample_id: UUID
    split: str
    position: int


def choose(
    recipe: Recipe, conversations: Iterable[Conversation], splits: Mapping[UUID, str]
) -> list[Chosen]:
    """Return the conversations that the recipe takes, in its order.

    Args:
        recipe: The recipe.
        conversations: Those that are finished.
        splits: The split of each of their programs.
    """
    taken = [(c, c.sample_id) for c in conversations if left_out(recipe, c) is None]
    taken.sort(key=lambda pair: (_difficulty(recipe, pair[0]), pair[1]))
    chosen, counts = [], {"train": 0, "validation": 0}
    for conversation, sample_id in taken:
        split = splits[conversation.program_id]
        chosen.append(
            Chosen(
                conversation=conversation,
                sample_id=sample_id,
                split=split,
                position=counts[split],
            )
        )
        counts[split] += 1
    return chosen


def left_out(recipe: Recipe, conversation: Conversation) -> str | None:
    """Say why the recipe does not take a conversation, or None when it does."""
    if conversation.direction not in recipe.directions:
        return f"the recipe takes no questions for an {conversation.direction}"
    if recipe.questions is not None and conversation.question > recipe.questions:
        return (
            f"question {conversation.question} of its program; the recipe takes {recipe.questions}"
        )
    if recipe.wrong == "drop" and final_verdict(recipe, conversation) != CORRECT:
        return f"its answer is {final_verdict(recipe, conversation)}; the recipe drops wrong ones"
    if _hash32(str(conversation.prompt_id)) >= recipe.share * _HASHES:
        return f"not in the share of {recipe.share:g} that the recipe draws"
    return None


def final_verdict(recipe: Recipe, conversation: Conversation) -> str:
    """Return the verdict on the last answer that the recipe trains on."""
    if recipe.turns == 2 and conversation.verdict_2 is not None:
        return conversation.verdict_2
    return conversation.verdict_1


def _difficulty(recipe: Recipe, conversation: Conversation) -> int:
    if recipe.order == "id":
        return 0
    return conversation.code_chars + conversation.answer_chars


def _hash32(text: str) -> int:
    return int(sha256_hex(text.encode())[:8], 16)
