"""Sends the waiting requests of a stage as batches; their replies go into the journal.

The stage itself then finds every reply in the journal and makes its facts from it, so a
batched row and a row asked for directly are made by the same code.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from codeio_ops.config import Settings
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.teacher.batch import BatchClient, has_ended
from codeio_ops.teacher.budget import Budget
from codeio_ops.teacher.client import Teacher
from codeio_ops.teacher.journal import PostgresJournal, StoredReply
from codeio_ops.teacher.messages import CallFailure, FailedCall, Request
from codeio_ops.teacher.prices import known_price
from codeio_ops.teacher.reply import read_reply

log = logging.getLogger(__name__)

_LOOKED_UP_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batched:
    request_sha256: str
    batches: int
    waiting: bool


class Batches:
    """The batches of one stage with one teacher."""

    def __init__(
        self,
        client: BatchClient,
        teacher: Teacher,
        *,
        purpose: str,
        store: Store,
        writer: FactWriter,
        settings: Settings,
    ) -> None:
        """Begin with the batches that earlier tries left open."""
        self._client = client
        self._teacher = teacher
        self._purpose = purpose
        self._store = store
        self._writer = writer
        self._settings = settings
        self._journal = PostgresJournal(store, writer)

    def advance(self, requests: Iterable[Request]) -> list[str]:
        """Collect batches that ended, submit what waits in none, and return the open ones.

        A request whose reply a batch failed to give is submitted again, up to
        `settings.teacher_batch_rounds` times; nothing else is.

        Raises:
            TeacherUnavailable: the endpoint cannot be reached or has a fault.
            TeacherRefused: it refuses the key, the batch, or has no Batch API.
            BudgetExceeded: not even the next request fits.
        """
        for batch_id in self._open():
            self._collect(batch_id)
        self._submit(requests)
        return self._open()

    def _open(self) -> list[str]:
        with self._store.transaction() as transaction:
            return transaction.column(
                "teacher.open_batches", teacher=self._teacher.name, purpose=self._purpose
            )

    def _submit(self, requests: Iterable[Request]) -> None:
        budget = self._budget()
        affordable = self._affordable(requests, budget)
        while chunk := list(islice(affordable, self._settings.teacher_batch_requests)):
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

    def _collect(self, batch_id: str) -> None:
        batch = self._client.find(batch_id)
        if not has_ended(batch):
            return
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
            "%s: batch %s is %s: %d replies, %d failures, %d left out",
            self._purpose,
            batch_id,
            batch.status,
            kept,
            failed,
            missing,
            extra={"action": "batch"},
        )

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
        self._journal.keep([replace(reply, cost_usd=found.cost_usd)], wasted_usd=Decimal(0))
        return ""
