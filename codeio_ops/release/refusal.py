"""Rows that a release leaves out, because a gate would refuse them; the gate then proves it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.reasons import AT_WORK, ExplainedEnum
from codeio_ops.records import Record, ReleaseLeftOut
from codeio_ops.storage.engine import Store

_SCREENED = (
    f"{AT_WORK} If the finding is wrong, `/codeio/dropped` has it with its place, and what was "
    "dropped can be taken back."
)


class RefusalReason(ExplainedEnum):
    """Why a release leaves out a sample that its recipe takes."""

    LICENCE = (
        "licence",
        "A licence of the file, or of a place where it was seen, is not allowed now.",
        "Correct the licence of its source, or name it in CODEIO_LICENCES if it may be released.",
    )
    LEAK = ("leak", "The program, its texts or its file hold an item of a benchmark.", _SCREENED)
    SECRET = ("secret", "The program or its texts hold what looks like a key.", _SCREENED)
    PERSONAL_DATA = (
        "personal_data",
        "The program or its texts hold an address or number of a person.",
        _SCREENED,
    )
    CONSTANT_OUTPUT = ("constant_output", "All pairs of the program have the same output.")
    DUPLICATE_PROMPT = (
        "duplicate_prompt",
        "The same teacher answers the same prompt in another sample of the release.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A sample that is left out; `detail` says what was found and where, never the words."""

    sample_id: UUID
    reason: str
    detail: str

    def __str__(self) -> str:
        """Return reason and detail."""
        return f"{self.reason}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutCount:
    """How many samples a release leaves out for a reason."""

    reason: str
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRow:
    """A sample that a release leaves out, with the place that stands for its file."""

    reason: str
    detail: str
    sample_id: UUID
    raw_file_id: UUID
    source: str
    path: str


Refuse = Callable[[Sequence[UUID]], Iterable[Refusal]]
"""Returns those of the samples that a gate would refuse, each once."""


def refuse_none(sample_ids: Sequence[UUID]) -> Iterable[Refusal]:
    """Refuse no sample: the gates judge all of them."""
    return ()


def left_out_counts(store: Store, release_id: UUID) -> list[LeftOutCount]:
    """Return what a release leaves out, by reason, the most frequent first."""
    return store.fetch("release.left_out", LeftOutCount, release_id=release_id)


def left_out_rows(store: Store, release_id: UUID, *, most: int) -> list[LeftOutRow]:
    """Return what a release leaves out, by reason and place, `most` rows at most."""
    return store.fetch("release.left_out_rows", LeftOutRow, release_id=release_id, most_rows=most)


def counted(counts: Iterable[LeftOutCount]) -> str:
    """Return counts as people read them: `3 licence, 1 secret`."""
    return ", ".join(f"{each.samples:,} {each.reason}" for each in counts)


def cures_of(reasons: Iterable[str]) -> str:
    """Return what to do about samples that are left out for these reasons."""
    known: Mapping[str, RefusalReason] = {str(reason): reason for reason in RefusalReason}
    return " ".join(dict.fromkeys(known[reason].cure for reason in reasons if reason in known))


def facts_of(release_id: UUID, refusals: Iterable[Refusal], *, stage_run_id: UUID) -> list[Record]:
    """Return what a release leaves out as facts."""
    return [
        ReleaseLeftOut(
            release_id=release_id,
            sample_id=refusal.sample_id,
            reason=refusal.reason,
            detail=refusal.detail,
            stage_run_id=stage_run_id,
        )
        for refusal in refusals
    ]
