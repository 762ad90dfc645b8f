"""Sends the requests of a stage to the teacher and stores what comes back, paid once.

Results are stored in small transactions while others are in flight. A crash loses no reply:
the teacher's journal has it, and gives it back without a call.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from codeio_ops.errors import TeacherUnavailable
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.progress import tracked
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord, Record, TeacherCall, TeacherRow
from codeio_ops.storage.runs import FactWriter
from codeio_ops.teacher.messages import CallFailure, Completion, FailedCall, Request
from codeio_ops.work import Work

if TYPE_CHECKING:
    from codeio_ops.teacher.client import Teacher

log = logging.getLogger(__name__)

# Whichever comes first: a slow model's answers are seen one by one, and a fast one's cost little.
FLUSH_RESULTS = 20
FLUSH_EVERY_S = 2.0

# A later try of the same request may succeed: the row stays pending.
_PASSING = frozenset({CallFailure.RATE_LIMITED, CallFailure.UNAVAILABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A reply with the ids its facts will name."""

    subject_id: UUID
    teacher_id: UUID
    teacher_call_id: UUID
    stage_run_id: UUID
    completion: Completion


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a stage makes of a reply: the facts in it, and a word for what it was worth."""

    outcome: str
    records: tuple[Record, ...]


class CallRecorder:
    """Sends requests of one stage and records calls, facts and failures.

    `template_of` gives the fingerprint of the template that asked about a subject, and `clock`
    the seconds.
    """

    def __init__(
        self,
        teacher: "Teacher",
        work: Work,
        *,
        template_of: Callable[[UUID], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._teacher = teacher
        self._writer = work.writer
        self._store = work.store
        self._settings = work.settings
        self._tries = work.settings.teacher_tries
        self._purpose = work.stage
        self._template_of = template_of
        self._parameters: Json = {
            "temperature": work.settings.temperature,
            "max_tokens": work.settings.max_tokens,
        }
        self._unavailable: list[UUID] = []
        self._clock = clock
        self._unwritten: list[Record] = []
        self._unwritten_results = 0
        self._flushed = clock()

    @cached_property
    def _teacher_row(self) -> TeacherRow:
        return teacher_row(self._teacher, self._writer)

    @property
    def _fallible(self) -> UUID | None:
        """The teacher, where a row that it fails at waits for any other one."""
        return self._teacher_row.teacher_id if self._purpose == "transform" else None

    def run(
        self, requests: Iterable[Request], use: Callable[[Answered], Use], *, total: int
    ) -> Counter[str]:
        """Complete the `total` requests, whose keys are the ids of their subjects.

        Returns:
            Counts by outcome.

        Raises:
            TeacherUnavailable: the endpoint failed, or left some requests unanswered; what
                was answered is stored, and the rest stays pending. A request that failed in
                `settings.teacher_tries` runs while others succeeded is dropped instead.
            TeacherRefused: the endpoint refuses key, model or account.
            BudgetExceeded: the next call could cost more than is left.
        """
        counts: Counter[str] = Counter()
        try:
            with closing(self._teacher.complete_all(requests)) as results:  # type: ignore[type-var]
                seen = tracked(results, total=total, what=f"{self._purpose} requests")
                for result in seen:
                    counts[self._record(result, use)] += 1
                    self._flush_when_due()
        finally:
            self._flush()
        log.info("%s: %s", self._purpose, dict(counts), extra={"action": self._purpose})
        unanswered = sum(counts[reason] for reason in _PASSING) - self._give_up()
        if unanswered:
            raise TeacherUnavailable(
                f"{unanswered} of {counts.total()} requests got no answer; they stay pending"
            )
        return counts

    def _give_up(self) -> int:
        """Drop the subjects that failed in too many runs; return how many."""
        if not self._unavailable:
            return 0
        with self._store.transaction() as transaction:
            subjects = transaction.column(
                "teacher.given_up",
                purpose=self._purpose,
                teacher_id=self._teacher_row.teacher_id,
                subjects=self._unavailable,
                tries=self._tries,
            )
        detail = f"no reply in {self._tries} runs, while the endpoint answered other requests"
        drop = Drop(reason=DropReason.UNAVAILABLE, detail=detail)
        self._writer.write([self._drop(drop, subject) for subject in subjects])
        return len(subjects)

    def _drop(self, drop: Drop, subject_id: UUID) -> DropRecord:
        return DropRecord.new(
            drop,
            stage=self._purpose,
            subject_id=subject_id,
            stage_run_id=self._writer.run.stage_run_id,
            teacher_id=self._teacher_row.teacher_id,
            decided_by=drop.decided_by(self._settings, self._fallible),
        )

    def _flush_when_due(self) -> None:
        self._unwritten_results += 1
        waited = self._clock() - self._flushed
        if self._unwritten_results >= FLUSH_RESULTS or waited >= FLUSH_EVERY_S:
            self._flush()

    def _flush(self) -> None:
        if self._unwritten:
            self._writer.write([self._teacher_row, *self._unwritten])
        self._unwritten, self._unwritten_results = [], 0
        self._flushed = self._clock()

    def _record(self, result: Completion | FailedCall, use: Callable[[Answered], Use]) -> str:
        if isinstance(result, FailedCall):
            return self._record_failure(result)
        subject_id = UUID(result.key)
        answered = Answered(
            subject_id=subject_id,
            teacher_id=self._teacher_row.teacher_id,
            teacher_call_id=self._call_id(subject_id),
            stage_run_id=self._writer.run.stage_run_id,
            completion=result,
        )
        used = use(answered)
        self._unwritten += [self._call(result, used.outcome), *used.records]
        return used.outcome

    def _record_failure(self, failed: FailedCall) -> str:
        if failed.reason is CallFailure.UNAVAILABLE:
            self._unavailable.append(UUID(failed.key))
            self._unwritten.append(self._call(failed, failed.reason))
        if failed.reason in _PASSING:
            return failed.reason
        self._unwritten += [
            self._call(failed, failed.reason),
            self._drop(
                Drop(reason=DropReason(failed.reason), detail=failed.detail), UUID(failed.key)
            ),
        ]
        return failed.reason

    def _call_id(self, subject_id: UUID) -> UUID:
        run = str(self._writer.run.stage_run_id)
        teacher = str(self._teacher_row.teacher_id)
        return content_id("teacher_call", self._purpose, str(subject_id), teacher, run)

    def _call(self, result: Completion | FailedCall, outcome: str) -> TeacherCall:
        finished = result if isinstance(result, Completion) else None
        return TeacherCall(
            teacher_call_id=self._call_id(UUID(result.key)),
            teacher_id=self._teacher_row.teacher_id,
            purpose=self._purpose,
            subject_id=UUID(result.key),
            template_sha256=self._template_of(UUID(result.key)),
            parameters=self._parameters,
            outcome=outcome,
            finish_reason=finished.finish_reason if finished else "",
            prompt_tokens=result.prompt_tokens,
            completion_tokens=result.completion_tokens,
            cost_usd=result.cost_usd,
            latency_ms=result.latency_ms,
            request_id=result.request_id,
            stage_run_id=self._writer.run.stage_run_id,
        )


def teacher_row(teacher: "Teacher", writer: FactWriter) -> TeacherRow:
    """Build the record of a teacher."""
    identity = teacher.identity
    return TeacherRow(
        teacher_id=identity.teacher_id,
        kind=identity.kind,
        model=identity.model_id,
        version=identity.version,
        endpoint_host=identity.address,
        stage_run_id=writer.run.stage_run_id,
    )
