"""What was paid for: every reply is stored here before anything else is done with it.

The key is everything that decides the answer: teacher, messages, parameters, seed. So a
process that was killed finds what it had paid for, and a changed parser reads the stored
bodies again. Only chat completions are kept; a reply that is none (HTML, no choices) is an
endpoint's fault and is asked for again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import zstandard

from codeio_ops.config import Settings
from codeio_ops.fingerprint import value_sha256
from codeio_ops.jsonvalue import Json
from codeio_ops.storage.blobs import PACK_LOCK, BlobLocation, BlobStore
from codeio_ops.storage.engine import Store, Transaction
from codeio_ops.storage.runs import FactWriter
from codeio_ops.teacher.messages import Request, TeacherIdentity

MAX_BODY_BYTES = 16_000_000
_SETTLED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """The body of a reply as it came.

    Attributes:
        request_sha256: Fingerprint of the request.
        body: A chat completion, as JSON.
        latency_ms: From sending to the last byte, retries included.
        request_id: The endpoint's own id of the call.
        cost_usd: Its price, or None when it is not known.
    """

    request_sha256: str
    body: bytes
    latency_ms: float
    request_id: str
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """US dollars spent so far."""

    run: Decimal
    month: Decimal


class Journal(Protocol):
    """Where replies are kept."""

    def find(self, fingerprints: Sequence[str]) -> dict[str, StoredReply]:
        """Return the stored replies among these requests."""
        ...

    def keep(self, replies: Sequence[StoredReply], wasted_usd: Decimal) -> Spent:
        """Store replies, add their cost and that of tries without one; return what is spent now.

        A reply that is there already was paid for twice: the first one stays, both costs count.
        """
        ...

    def spent(self) -> Spent:
        """Return what is spent now."""
        ...

    def is_superseded(self) -> bool:
        """Say whether a later try of the same task is at work; from now on this one is known."""
        ...


class NoJournal:
    """Adds up what this process spends and keeps no reply, for where there is no database."""

    def __init__(self) -> None:
        self._spent = Decimal(0)

    def find(self, fingerprints: Sequence[str]) -> dict[str, StoredReply]:
        """See `Journal.find`: nothing."""
        return {}

    def keep(self, replies: Sequence[StoredReply], wasted_usd: Decimal) -> Spent:
        """See `Journal.keep`."""
        self._spent += sum((reply.cost_usd or 0 for reply in replies), wasted_usd)
        return self.spent()

    def spent(self) -> Spent:
        """See `Journal.spent`."""
        return Spent(run=self._spent, month=self._spent)

    def is_superseded(self) -> bool:
        """See `Journal.is_superseded`: without a database there are no tries."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row(BlobLocation):
    """A reply: in the row itself, or as a blob once it is settled."""

    request_sha256: str
    body: memoryview | None
    latency_ms: float
    request_id: str
    cost_usd: Decimal | None


class PostgresJournal:
    """The journal of the platform, in `codeio.teacher_reply` and `codeio.teacher_spending`."""

    def __init__(self, store: Store, writer: FactWriter, settings: Settings) -> None:
        """Keep the database, the stage run that pays, and where settled replies lie."""
        self._store = store
        self._run = writer.run
        self._settings = settings
        self._is_known = False

    def find(self, fingerprints: Sequence[str]) -> dict[str, StoredReply]:
        """See `Journal.find`."""
        rows = self._store.fetch("teacher.replies", _Row, fingerprints=list(fingerprints))
        packed = [row for row in rows if row.body is None]
        settled = dict(BlobStore.open(self._settings).read(packed)) if packed else {}
        return {
            row.request_sha256: StoredReply(
                request_sha256=row.request_sha256,
                body=settled[row.sha256] if row.body is None else _unpacked(row.body),
                latency_ms=row.latency_ms,
                request_id=row.request_id,
                cost_usd=row.cost_usd,
            )
            for row in rows
        }

    def keep(self, replies: Sequence[StoredReply], wasted_usd: Decimal) -> Spent:
        """See `Journal.keep`."""
        pack = zstandard.ZstdCompressor().compress
        with self._store.transaction() as transaction:
            if replies:
                transaction.insert([self._run])
            cost = wasted_usd
            for reply in replies:
                transaction.execute(
                    "teacher.keep_reply",
                    request_sha256=reply.request_sha256,
                    body=pack(reply.body),
                    latency_ms=reply.latency_ms,
                    request_id=reply.request_id,
                    cost_usd=reply.cost_usd,
                    stage_run_id=self._run.stage_run_id,
                )
                cost += reply.cost_usd or 0
            return _spend(transaction, self._run.run_id, cost)

    def spent(self) -> Spent:
        """See `Journal.spent`."""
        with self._store.transaction() as transaction:
            return _spend(transaction, self._run.run_id, Decimal(0))

    def is_superseded(self) -> bool:
        """See `Journal.is_superseded`: a try is known by its stage run."""
        run = self._run
        with self._store.transaction() as transaction:
            if not self._is_known:
                transaction.insert([run])
            superseded: bool = transaction.value(
                "teacher.superseded",
                dag_id=run.dag_id,
                run_id=run.run_id,
                task_id=run.task_id,
                map_index=run.map_index,
                try_number=run.try_number,
            )
        self._is_known = True
        return superseded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsettled:
    request_sha256: str
    body: memoryview


def settle_replies(store: Store, blobs: BlobStore, writer: FactWriter, *, before: datetime) -> int:
    """Move the bodies of replies that came before a time to packs; return how many.

    The facts that were read out of them are stored by then, or never will be. What is moved is
    found as before. A run that dies leaves at most a pack that nothing refers to.
    """
    moved = 0
    while True:
        # Who collects garbage holds this lock alone: no pack goes before its blobs are named.
        with store.locked(PACK_LOCK, shared=True), store.transaction() as transaction:
            rows = transaction.fetch(
                "teacher.unsettled_replies", _Unsettled, before=before, most=_SETTLED_AT_ONCE
            )
            bodies = (_unpacked(row.body) for row in rows)
            stored = list(blobs.write(bodies, stage_run_id=writer.run.stage_run_id))
            transaction.insert([writer.run, *stored])
            settled: int = transaction.value(
                "teacher.settle_replies",
                requests=[row.request_sha256 for row in rows],
                blobs=[blob.sha256 for blob in stored],
            )
        moved += settled
        if len(rows) < _SETTLED_AT_ONCE:
            return moved


def _unpacked(body: memoryview) -> bytes:
    return zstandard.ZstdDecompressor().decompress(bytes(body), max_output_size=MAX_BODY_BYTES)


def _spend(transaction: Transaction, run_id: str, cost_usd: Decimal) -> Spent:
    (spent,) = transaction.fetch("teacher.spend", Spent, run_id=run_id, cost_usd=cost_usd)
    return spent


def request_sha256(
    request: Request, teacher: TeacherIdentity, parameters: Mapping[str, Json]
) -> str:
    """Fingerprint everything that decides the answer to a request."""
    return value_sha256(
        {
            "teacher": list(teacher.parts),
            "messages": [[message.role, message.content] for message in request.messages],
            "parameters": dict(parameters),
            "seed": request.seed,
        }
    )
