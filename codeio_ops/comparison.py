"""Teachers side by side: what each made of the prompts that another answered too.

The page and `codeio teacher compare` read it here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from codeio_ops.storage.engine import Store

LAST_ID = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A row of `codeio.teacher_comparison`, with the names of the teachers.

    Attributes:
        direction: What the prompts ask for: `input`, `output`, or `both` together.
        cost_usd: None where no price is known.
    """

    teacher_id: UUID
    teacher: str
    other_teacher_id: UUID
    other_teacher: str
    direction: str
    prompts: int
    right_at_first: int
    right_in_the_end: int
    only_right: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    cost_per_right_usd: float | None

    @property
    def is_alone(self) -> bool:
        """Whether it is over all that the teacher answered."""
        return self.teacher_id == self.other_teacher_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared.

    Attributes:
        share: Share of the prompts that was looked at.
        alone: Of each teacher its scores over all that it answered.
        pairs: Of each two that answered the same prompts the scores of both: first both
            directions together, then one by one, the two teachers below each other.
    """

    share: float
    alone: Sequence[Score]
    pairs: Sequence[Sequence[Score]]


def compare_teachers(store: Store, *, most_answers: int | None = None) -> Comparison:
    """Compare all teachers.

    Args:
        store: The database.
        most_answers: About how many answers to look at: with more, a share of the prompts is.
    """
    answers = store.value("teacher.answered") if most_answers else 0
    share = min(1.0, most_answers / answers) if most_answers and answers else 1.0
    upto = UUID(int=int(share * LAST_ID.int)) if share < 1 else LAST_ID
    scores = store.fetch("teacher.scores", Score, upto=upto)
    return Comparison(
        share=share,
        alone=[score for score in scores if score.is_alone],
        pairs=_pairs([score for score in scores if not score.is_alone]),
    )


def _pairs(scores: list[Score]) -> list[list[Score]]:
    def teachers(score: Score) -> list[str]:
        return sorted((str(score.teacher_id), str(score.other_teacher_id)))

    def place(score: Score) -> tuple[list[str], bool, str]:
        return teachers(score), score.direction != "both", score.direction

    return [list(pair) for _, pair in groupby(sorted(scores, key=place), key=teachers)]
