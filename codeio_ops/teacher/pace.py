"""How fast requests go out: limits a minute, and the cool-down that an endpoint asks for.

Limits belong to an account, not to a process, so all processes share them: they are kept in
one row a teacher of `codeio.teacher_pace`. Each try reserves its slot there with one
statement and sleeps until the slot comes (the generic cell rate algorithm: a token bucket
that stores one time instead of a level). `MemoryPace` does the same inside one process, where
there is no database.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from codeio_ops.errors import TeacherUnavailable
from codeio_ops.storage.engine import Store

# Slots taken with one statement: as many as fit into this time.
_RESERVED_AHEAD_S = 0.05
# Who would sleep longer leaves instead, and comes back when its task is tried again.
LONGEST_WAIT_S = 120.0


class Pace(Protocol):
    """Where slots are reserved; all times are in seconds from now."""

    def reserve(self, *, requests_s: float, tokens_s: float) -> float:
        """Move the ends of both queues back by these seconds; return when the slot begins."""
        ...

    def cool_down(self, seconds: float) -> None:
        """Let nobody send for `seconds`."""
        ...

    def cooling(self) -> float:
        """Return how long nobody may send; 0 or less when everybody may."""
        ...


class MemoryPace:
    """The pace of one process."""

    def __init__(self) -> None:
        self._next_request = self._next_tokens = self._cool_until = time.monotonic()

    def reserve(self, *, requests_s: float, tokens_s: float) -> float:
        """See `Pace.reserve`."""
        now = time.monotonic()
        begins = max(self._next_request, self._next_tokens, self._cool_until, now)
        self._next_request = max(self._next_request, now) + requests_s
        self._next_tokens = max(self._next_tokens, now) + tokens_s
        return begins - now

    def cool_down(self, seconds: float) -> None:
        """See `Pace.cool_down`."""
        self._cool_until = max(self._cool_until, time.monotonic() + seconds)

    def cooling(self) -> float:
        """See `Pace.cooling`."""
        return self._cool_until - time.monotonic()


class PostgresPace:
    """The pace that all processes share which use one teacher."""

    def __init__(self, store: Store, teacher: str) -> None:
        """Keep the database and the name of the teacher's row."""
        self._store = store
        self._teacher = teacher

    def reserve(self, *, requests_s: float, tokens_s: float) -> float:
        """See `Pace.reserve`."""
        return float(
            self._store.value(
                "teacher.reserve", teacher=self._teacher, requests_s=requests_s, tokens_s=tokens_s
            )
        )

    def cool_down(self, seconds: float) -> None:
        """See `Pace.cool_down`."""
        with self._store.transaction() as transaction:
            transaction.execute("teacher.cool_down", teacher=self._teacher, seconds=seconds)

    def cooling(self) -> float:
        """See `Pace.cooling`."""
        return float(self._store.value("teacher.cooling", teacher=self._teacher) or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of an endpoint; 0 is none."""

    requests_per_minute: int = 0
    tokens_per_minute: int = 0


class Gate:
    """Lets one try after the other through, at the pace that the limits allow."""

    def __init__(self, pace: Pace, limits: Limits) -> None:
        """Keep the pace; nothing is reserved yet."""
        self._pace = pace
        self._limits = limits
        self._turn = asyncio.Lock()
        self._slots: list[float] = []

    async def enter(self, tokens: int) -> None:
        """Wait until a request of about `tokens` tokens may be sent.

        Raises:
            TeacherUnavailable: the endpoint wants more patience than a task should have.
        """
        async with self._turn:
            if not self._slots:
                await self._reserve(tokens)
            await _sleep(self._slots.pop() - time.monotonic())
            while (left := await asyncio.to_thread(self._pace.cooling)) > 0:
                await _sleep(left)

    async def correct(self, tokens: int) -> None:
        """Charge what a request used beyond, or below, what was reserved for it."""
        if self._limits.tokens_per_minute and tokens > 0:
            await asyncio.to_thread(self._pace.reserve, requests_s=0.0, tokens_s=self._s(tokens))

    async def cool_down(self, seconds: float) -> None:
        """Let no process send for `seconds`."""
        await asyncio.to_thread(self._pace.cool_down, seconds)

    async def _reserve(self, tokens: int) -> None:
        limit = self._limits.requests_per_minute
        each_s = 60.0 / limit if limit else 0.0
        # Tokens differ from request to request, so with a token limit slots are taken singly.
        single = not each_s or self._limits.tokens_per_minute
        count = 1 if single else max(int(_RESERVED_AHEAD_S / each_s), 1)
        wait = await asyncio.to_thread(
            self._pace.reserve, requests_s=each_s * count, tokens_s=self._s(tokens)
        )
        begins = time.monotonic() + wait
        self._slots = [begins + each_s * index for index in reversed(range(count))]

    def _s(self, tokens: int) -> float:
        limit = self._limits.tokens_per_minute
        return 60.0 * tokens / limit if limit else 0.0


async def _sleep(seconds: float) -> None:
    if seconds > LONGEST_WAIT_S:
        raise TeacherUnavailable(
            f"the endpoint's limits leave no room for another {seconds:.0f} s",
            cure="Wait, or raise CODEIO_TEACHER_REQUESTS_PER_MINUTE or "
            "CODEIO_TEACHER_TOKENS_PER_MINUTE when the endpoint allows more.",
        )
    if seconds > 0:
        await asyncio.sleep(seconds)
