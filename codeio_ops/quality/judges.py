"""Judges: what one has read or run, and found nothing in, is a fact and is not judged again.

A gate over a release thereby costs what is new. What a judge did find something in is not
stored here: it is judged again each time, so that the evidence is always whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.code_version import digest_of
from codeio_ops.fingerprint import content_id, value_sha256
from codeio_ops.records import CleanConversation, JudgeRow, PassedPair, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A part of a gate that judges row by row, in one version.

    Attributes:
        name: What it looks for.
        version: Digest of all that decides what it says.
    """

    name: str
    version: str

    @classmethod
    def of(cls, name: str, *modules: str, inputs: Iterable[str] = ()) -> "Judge":
        """Return the judge that these modules and packages make, with these inputs.

        Args:
            name: What it looks for.
            modules: Their dotted names; an edit of their text is another version.
            inputs: What else decides: digests of indexes, of an image.
        """
        return cls(name=name, version=value_sha256([digest_of(*modules), *inputs]))

    @property
    def judge_id(self) -> UUID:
        """Its id in the database."""
        return content_id("judge", self.name, self.version)

    def clean(self, conversations: Sequence[tuple[UUID, UUID]], stage_run_id: UUID) -> list[Record]:
        """Return the facts that it found nothing in conversations, each by its two verdicts."""
        found = [
            CleanConversation(
                judge_id=self.judge_id,
                first_verdict_id=first,
                last_verdict_id=last,
                stage_run_id=stage_run_id,
            )
            for first, last in conversations
        ]
        return [self._row(stage_run_id), *found]

    def passed(self, pairs: Iterable[UUID], stage_run_id: UUID) -> list[Record]:
        """Return the facts that nothing was wrong with pairs."""
        found = [
            PassedPair(judge_id=self.judge_id, io_pair_id=pair, stage_run_id=stage_run_id)
            for pair in pairs
        ]
        return [self._row(stage_run_id), *found]

    def _row(self, stage_run_id: UUID) -> JudgeRow:
        return JudgeRow(
            judge_id=self.judge_id,
            name=self.name,
            version=self.version,
            stage_run_id=stage_run_id,
        )
