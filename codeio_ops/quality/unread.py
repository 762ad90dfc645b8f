"""Finished conversations that a judge has not read, program by program."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from codeio_ops.quality.judges import Judge
from codeio_ops.quality.leakage.training import Conversations, TrainingText, by_program
from codeio_ops.work import Work

_PROGRAMS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Some programs, each by all its finished conversations, and who reads them."""

    read: Sequence[Conversations]
    judge: Judge
    work: Work

    def keep_clean(self, found: Collection[UUID]) -> None:
        """Store that nothing was found in these programs, but in those of `found`."""
        clean = [
            (text.first_verdict_id, text.last_verdict_id)
            for conversations in self.read
            for text in conversations
            if text.program_id not in found
        ]
        writer = self.work.writer
        writer.write(self.judge.clean(clean, writer.run.stage_run_id))


def unread(judge: Judge, work: Work) -> Iterator[Programs]:
    """Give the programs with a finished conversation that the judge has not read, a part at a time.

    What is stored of one part is not seen by the next: all of them are read in one snapshot.
    """
    with work.store.transaction() as transaction:
        texts = transaction.stream(
            "benchmark.training_texts", TrainingText, sample_ids=None, judge_id=judge.judge_id
        )
        programs = by_program(texts)
        while part := list(islice(programs, _PROGRAMS_AT_ONCE)):
            yield Programs(read=part, judge=judge, work=work)
