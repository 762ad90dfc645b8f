"""The calls in flight: how many, whether the budget admits another, and what ended them."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from decimal import Decimal

from codeio_ops.errors import BudgetExceeded, CodeIOError
from codeio_ops.teacher.budget import Budget
from codeio_ops.teacher.journal import Spent, StoredReply
from codeio_ops.teacher.messages import Request
from codeio_ops.teacher.session import Result, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A call that ended: with a result, or (no result) with what concerns the endpoint."""

    request: Request
    result: Result | None = None
    reply: StoredReply | None = None


class Flight:
    """Calls in progress together.

    Attributes:
        error: What ended the run early; no call starts after it.
    """

    def __init__(self, session: Session, budget: Budget, size: int) -> None:
        """Begin with no call.

        Args:
            session: Makes the calls.
            budget: Admits them.
            size: Calls at the same time at most.
        """
        self._session = session
        self._budget = budget
        self._size = size
        self._tasks: set[asyncio.Task[Ended]] = set()
        self._delayed: Request | None = None
        self.error: CodeIOError | None = None

    async def fill(self, waiting: AsyncGenerator[Request | Result]) -> AsyncGenerator[Result]:
        """Start calls while there is room; pass on the results that `waiting` holds already."""
        while self.error is None and len(self._tasks) < self._size:
            found = self._delayed or await _next(waiting)
            if found is None:
                return
            if not isinstance(found, Request):
                yield found
            elif not self._start(found):
                return

    async def next_ended(self) -> list[Ended]:
        """Wait until calls end and return them; none when none is in flight.

        Raises:
            Exception: a call failed in a way that nobody foresaw.
        """
        if not self._tasks:
            return []
        done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = [task.result() for task in done]
        for call in ended:
            self._budget.ended(call.request)
        return ended

    def take_wasted(self) -> Decimal:
        """Return the cost of tries without a reply since the last time this was asked."""
        wasted, self._session.wasted_usd = self._session.wasted_usd, Decimal(0)
        return wasted

    def now_spent(self, spent: Spent) -> None:
        """Note what is spent, by all processes."""
        self._budget.now_spent(spent)

    async def abandon(self) -> None:
        """Cancel what is still in flight."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, request: Request) -> bool:
        self._delayed = None
        try:
            admitted = self._budget.admit(request)
        except BudgetExceeded as exc:
            self._end(exc)
            return False
        if not admitted:
            self._delayed = request
            return False
        self._tasks.add(asyncio.create_task(self._call(request)))
        return True

    async def _call(self, request: Request) -> Ended:
        try:
            result, reply = await self._session.call(request)
        except CodeIOError as exc:
            self._end(exc)
            return Ended(request=request)
        return Ended(request=request, result=result, reply=reply)

    def _end(self, error: CodeIOError) -> None:
        self.error = self.error or error
        self._session.leaving = True


async def _next(waiting: AsyncGenerator[Request | Result]) -> Request | Result | None:
    return await anext(waiting, None)
