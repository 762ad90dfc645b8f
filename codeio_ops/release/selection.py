"""Selection in the database: what a recipe takes, numbered and split, in no memory of this process.

The rules are those of `codeio_ops.release.select`, which says of one conversation why it is left
out; here all are chosen at once. What is selected is a temporary table, and lives as long as
its transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from codeio_ops.ingest.licence import is_allowed
from codeio_ops.records import SampleRow
from codeio_ops.release.content import MemberContent
from codeio_ops.release.refusal import Refusal
from codeio_ops.release.rows import PAGE_ROWS
from codeio_ops.release.teachers import Choice
from codeio_ops.storage.engine import Transaction
from codeio_ops.storage.runs import FactWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unknown:
    sample_id: UUID
    prompt_id: UUID
    first_verdict_id: UUID
    second_verdict_id: UUID | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Conversations that are selected in a transaction, from `take` to `place`."""

    transaction: Transaction

    @classmethod
    def take(cls, choice: Choice, transaction: Transaction) -> "Selection":
        """Select the conversations that a recipe takes."""
        transaction.execute("selection.take", **_conditions(choice, transaction))
        transaction.execute("selection.analyze_taken")
        return cls(transaction)

    def count(self) -> int:
        """Count them."""
        count: int = self.transaction.value("selection.count")
        return count

    def write_samples(self, writer: FactWriter) -> None:
        """Write the samples that no release took before, in transactions of their own."""
        unknown = self.transaction.stream("selection.unknown", _Unknown)
        run_id = writer.run.stage_run_id
        while page := list(islice(unknown, PAGE_ROWS)):
            writer.write([_sample(item, run_id) for item in page])

    def quarantined(self) -> list[Refusal]:
        """Return what is in quarantine, and so is left out."""
        return self.transaction.fetch("selection.quarantined", Refusal)

    def ids(self) -> list[UUID]:
        """Return the ids of all samples that are not in quarantine, in their order."""
        return self.transaction.column("selection.ids")

    def leave_out(self, sample_ids: Iterable[UUID]) -> None:
        """Take samples out again."""
        self.transaction.execute("selection.leave_out", sample_ids=list(sample_ids))

    def place(self, validation: Sequence[UUID]) -> None:
        """Give each sample its split and its position there.

        Args:
            validation: The programs whose samples are validation.
        """
        self.transaction.execute("selection.place", validation=list(validation))

    def teachers(self) -> Mapping[UUID, int]:
        """Return how many of the samples each teacher answered; they must have their places."""
        return dict(self.transaction.pairs("selection.teachers"))

    def contents(self, definition: UUID) -> Iterator[MemberContent]:
        """Yield what each sample is, split by split in order; a sample without a text is nothing.

        The gate on expectations finds such a one.
        """
        return self.transaction.stream(
            "selection.contents", MemberContent, definition_id=definition
        )

    def keep(self, release_id: UUID) -> None:
        """Write the samples as members of a release."""
        self.transaction.execute("selection.keep", release_id=release_id)


def _conditions(choice: Choice, transaction: Transaction) -> dict[str, object]:
    recipe = choice.recipe
    return {
        "teachers": list(choice.teachers),
        "transformers": list(choice.transformers),
        "sources": _any(recipe.sources),
        "repositories": _any(recipe.repositories),
        "licences": _any(_met(recipe.licences, transaction)),
        "languages": _any(recipe.languages),
        "present": recipe.files == "present",
        "since": recipe.since,
        "directions": list(recipe.directions),
        "questions": recipe.questions,
        "drops_wrong": recipe.wrong == "drop",
        "turns": recipe.turns,
        "share": recipe.share,
        "curriculum": recipe.order == "curriculum",
    }


def _any(words: Sequence[str]) -> list[str] | None:
    return list(words) or None


def _met(allowed: Sequence[str], transaction: Transaction) -> Sequence[str]:
    """Return the expressions that files have and these licences meet, and the licences."""
    if not allowed:
        return ()
    found: list[str] = transaction.column("selection.licences")
    return (*allowed, *(each for each in found if is_allowed(each, frozenset(allowed))))


def _sample(item: _Unknown, stage_run_id: UUID) -> SampleRow:
    return SampleRow(
        sample_id=item.sample_id,
        prompt_id=item.prompt_id,
        first_verdict_id=item.first_verdict_id,
        second_verdict_id=item.second_verdict_id,
        stage_run_id=stage_run_id,
    )
