"""Sends the waiting requests of a stage as batches; their replies go into the journal.

The stage itself then finds every reply in the journal and makes its facts from it, so a
batched row and a row asked for directly are made by the same code.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from codeio_ops.errors import TeacherRefused, TeacherUnavailable
from codeio_ops.teacher.batch import BatchClient, failure_code, has_ended, is_wrong
from codeio_ops.teacher.budget import Budget
from codeio_ops.teacher.journal import PostgresJournal, StoredReply
from codeio_ops.teacher.messages import CallFailure, FailedCall, Request
from codeio_ops.teacher.prices import known_price
from codeio_ops.teacher.reply import read_reply
from codeio_ops.work import Work

log = logging.getLogger(__name__)

_LOOKED_UP_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batched:
    request_sha256: str
    batches: int
    waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closed:
    status: str
    requests: int


class Batches:
    """The batches of one stage with one teacher."""

    def __init__(self, client: BatchClient, work: Work) -> None:
        """Begin with the batches that earlier tries left open."""
        self._client = client
        self._teacher = work.teacher
        self._purpose = work.stage
        self._store = work.store
        self._writer = work.writer
        self._settings = work.settings
        self._journal = PostgresJournal(work.store, work.writer, work.settings)

    def advance(self, requests: Iterable[Request]) -> list[str]:
        """Collect batches that ended, submit what waits in none, and return the open ones.

        A request whose reply a batch failed to give is submitted again, up to
        `settings.teacher_batch_rounds` times; nothing else is. A batch that the endpoint had no
        room for is no try: it waits for the others, and then half as much is submitted.

        Raises:
            TeacherUnavailable: the endpoint cannot be reached, has a fault, or has no room.
            TeacherRefused: it refuses the key, the batch, or has no Batch API.
            BudgetExceeded: not even the next request fits.
        """
        codes = [self._collect(batch_id) for batch_id in self._open()]
        refused = self._refused()
        if refused is None:
            self._submit(requests)
        elif not self._open():
            if refused.requests == 1 and any(codes):
                raise TeacherUnavailable(
                    f"the Batch API takes not even one request: {', '.join(filter(None, codes))}",
                    cure="wait until the account's queue has room, or raise its limits",
                )
            self._submit(requests, size=max(refused.requests // 2, 1), most=1)
        return self._open()

    def _refused(self) -> "_Closed | None":
        """Return the last batch that ended, where the endpoint had no room for it."""
        closed = self._store.fetch(
            "teacher.last_batch", _Closed, teacher=self._teacher.name, purpose=self._purpose
        )
        return next((batch for batch in closed if batch.status == "failed"), None)

    def _open(self) -> list[str]:
        with self._store.transaction() as transaction:
            return transaction.column(
                "teacher.open_batches", teacher=self._teacher.name, purpose=self._purpose
            )

    def _submit(self, requests: Iterable[Request], *, size: int = 0, most: int = 0) -> None:
        """Submit what waits, by default all of it; `size` requests in each of `most` batches."""
        budget = self._budget()
        chunks = self._chunks(self._affordable(requests, budget), size)
        for chunk in islice(chunks, most or None):
            batch = self._client.submit(chunk)
            with self._store.transaction() as transaction:
                transaction.insert([self._writer.run])
                transaction.execute(
                    "teacher.add_batch",
                    batch_id=batch.id,
                    teacher=self._teacher.name,
                    purpose=self._purpose,
                    requests=len(chunk),
                    stage_run_id=self._writer.run.stage_run_id,
                    status=batch.status,
                    worst_usd=sum(budget.worst_cost(request) for _, request in chunk),
                )
                transaction.execute(
                    "teacher.add_batch_requests",
                    batch_id=batch.id,
                    fingerprints=[fingerprint for fingerprint, _ in chunk],
                )
            log.info(
                "%s: batch %s submitted with %d requests",
                self._purpose,
                batch.id,
                len(chunk),
                extra={"action": "batch"},
            )

    def _chunks(
        self, requests: Iterator[tuple[str, Request]], size: int
    ) -> Iterator[list[tuple[str, Request]]]:
        while chunk := list(islice(requests, size or self._settings.teacher_batch_requests)):
            yield chunk

    def _budget(self) -> Budget:
        price = known_price(self._settings, self._teacher.identity.model_id)
        in_flight = self._store.value("teacher.worst_cost_of_open_batches")
        return Budget(self._settings, price, self._journal.spent(), in_flight=in_flight)

    def _affordable(
        self, requests: Iterable[Request], budget: Budget
    ) -> Iterator[tuple[str, Request]]:
        for fingerprint, request in self._unsent(requests):
            if not budget.admit(request):
                return
            yield fingerprint, request

    def _unsent(self, requests: Iterable[Request]) -> Iterator[tuple[str, Request]]:
        """Leave out what is answered, waits in a batch, or has failed in too many."""
        waiting = iter(requests)
        while group := list(islice(waiting, _LOOKED_UP_AT_ONCE)):
            by_key = {self._teacher.fingerprint(request): request for request in group}
            answered = self._journal.find(list(by_key))
            rows = self._store.fetch("teacher.batched", _Batched, fingerprints=list(by_key))
            most = self._settings.teacher_batch_rounds
            kept = {row.request_sha256 for row in rows if row.waiting or row.batches >= most}
            yield from (
                (key, request)
                for key, request in by_key.items()
                if key not in answered and key not in kept
            )

    def _collect(self, batch_id: str) -> str:
        """Keep the replies of a batch that ended; return why it failed as a whole, if it did.

        Raises:
            TeacherRefused: it failed for what is in it.
        """
        batch = self._client.find(batch_id)
        if not has_ended(batch):
            return ""
        kept = failed = 0
        for line in self._client.replies(batch):
            failure = line.failure or self._keep(line.request_sha256, line.body, line.request_id)
            kept += not failure
            if failure:
                failed += 1
                with self._store.transaction() as transaction:
                    transaction.execute(
                        "teacher.fail_batch_request",
                        batch_id=batch_id,
                        request_sha256=line.request_sha256,
                        failure=failure,
                    )
        with self._store.transaction() as transaction:
            missing = transaction.execute("teacher.unanswered_of_batch", batch_id=batch_id)
            transaction.execute("teacher.close_batch", batch_id=batch_id, status=batch.status)
        log.info(
            "%s: batch %s is %s%s: %d replies, %d failures, %d left out",
            self._purpose,
            batch_id,
            batch.status,
            f" ({failure_code(batch)})" if failure_code(batch) else "",
            kept,
            failed,
            missing,
            extra={"action": "batch"},
        )
        if is_wrong(batch):
            raise TeacherRefused(
                f"the Batch API refuses batch {batch_id}: {failure_code(batch)}",
                cure="Lower CODEIO_TEACHER_BATCH_REQUESTS, or set CODEIO_TEACHER_BATCH=false.",
            )
        return (failure_code(batch) or "no reason") if batch.status == "failed" else ""

    def _keep(self, fingerprint: str, body: bytes | None, request_id: str) -> str:
        """Store a reply; return why it is none, or an empty text."""
        reply = StoredReply(
            request_sha256=fingerprint,
            body=body or b"",
            latency_ms=0.0,
            request_id=request_id,
            cost_usd=None,
        )
        model = self._teacher.identity.model_id
        found = read_reply(fingerprint, reply, settings=self._settings, model=model)
        if (
            isinstance(found, FailedCall)
            and found.reason is CallFailure.BAD_REPLY
            and not found.lasting
        ):
            return found.detail
        # A batch that was collected half-way is collected again; it was paid for once.
        if not self._journal.find([fingerprint]):
            paid = replace(reply, cost_usd=found.cost_usd)
            self._journal.keep([paid], wasted_usd=Decimal(0))
        return ""
