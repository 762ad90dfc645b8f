"""The client of every teacher: any endpoint that speaks the OpenAI chat-completions API.

One process holds many requests in flight, up to `settings.teacher_concurrency`; memory does
not grow with the number of requests. A request whose reply is in the journal is not sent; a
reply is in the journal before anybody sees it.

What concerns one request comes back as a `FailedCall`. What concerns the endpoint is raised,
after the calls in flight have ended: they are paid for.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice

from codeio_ops.config import Settings
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.teacher.budget import Budget
from codeio_ops.teacher.endpoint import Endpoint
from codeio_ops.teacher.flight import Ended, Flight
from codeio_ops.teacher.journal import (
    Journal,
    NoJournal,
    PostgresJournal,
    StoredReply,
    request_sha256,
)
from codeio_ops.teacher.messages import Request, TeacherIdentity
from codeio_ops.teacher.pace import Gate, Limits, MemoryPace, Pace, PostgresPace
from codeio_ops.teacher.prices import known_price
from codeio_ops.teacher.reply import read_reply
from codeio_ops.teacher.session import Result, Session, connect, parameters
from codeio_ops.teacher.stated_version import stated_version


class Teacher:
    """A model behind an OpenAI-compatible endpoint."""

    def __init__(
        self, settings: Settings, endpoint: Endpoint, *, journal: Journal, pace: Pace
    ) -> None:
        """Prepare the teacher at `endpoint`; nothing is sent yet.

        Args:
            settings: Parameters, limits and budgets.
            endpoint: Where it is.
            journal: Where paid replies are kept and found.
            pace: Where slots are reserved; shared by who shares the endpoint's limits.
        """
        self._settings = settings
        self._endpoint = endpoint
        self._journal = journal
        self._pace = pace
        self._parameters = parameters(settings)

    @classmethod
    def open(cls, settings: Settings) -> "Teacher":
        """Prepare the teacher that the settings name, for one process without a database.

        Raises:
            SettingsError: no endpoint is named, or its address is no URL.
        """
        endpoint = Endpoint.chosen(settings)
        return cls(settings, endpoint, journal=NoJournal(), pace=MemoryPace())

    @classmethod
    def shared(
        cls, settings: Settings, endpoint: Endpoint, *, store: Store, writer: FactWriter
    ) -> "Teacher":
        """Prepare a teacher that shares its journal, budgets and limits with other processes."""
        # The embedded teacher sets no limits: nobody has to wait for anybody.
        pace = MemoryPace() if endpoint.offline else PostgresPace(store, endpoint.name)
        return cls(settings, endpoint, journal=PostgresJournal(store, writer, settings), pace=pace)

    @cached_property
    def identity(self) -> TeacherIdentity:
        """Who answers, as it is stored with every response; the embedded teacher is asked.

        Raises:
            TeacherUnavailable: the embedded teacher does not answer.
            TeacherRefused: it refuses the key or the model.
        """
        if not self._endpoint.offline:
            return self._endpoint.identity()
        return self._endpoint.identity(stated_version(self._settings, self._endpoint))

    @property
    def name(self) -> str:
        """Address and model."""
        return self._endpoint.name

    def fingerprint(self, request: Request) -> str:
        """Return the key of a request in the journal."""
        return request_sha256(request, self.identity, self._parameters)

    def complete_all(self, requests: Iterable[Request]) -> Iterator[Result]:
        """Complete every request; results come as they are ready, in no fixed order.

        `requests` is read lazily. Requests in flight wait while the caller handles a
        result; closing the iterator abandons them.

        Raises:
            TeacherUnavailable: the endpoint is down, too slow, or only gives server errors.
            TeacherRefused: the endpoint refuses the key, the model or the account.
            BudgetExceeded: the next call could cost more than is left.
            SettingsError: there is a budget, and no price.
        """
        with asyncio.Runner() as runner:
            results = self.complete(requests)
            try:
                while (result := runner.run(_next(results))) is not None:
                    yield result
            finally:
                runner.run(results.aclose())

    async def complete(self, requests: Iterable[Request]) -> AsyncGenerator[Result]:
        """Do what `complete_all` does, inside a running event loop."""
        budget = await self._open_budget()
        async with connect(self._settings, self._endpoint) as client:
            session = Session(
                client,
                self._settings,
                self._endpoint,
                self._open_gate(),
                self._journal.is_superseded,
            )
            flight = Flight(session, budget, self._settings.teacher_concurrency)
            try:
                async for result in self._fly(flight, self._with_replies(requests)):
                    yield result
            finally:
                await flight.abandon()
        if flight.error is not None:
            raise flight.error

    async def _fly(
        self, flight: Flight, waiting: AsyncGenerator[Request | Result]
    ) -> AsyncGenerator[Result]:
        while True:
            async for result in flight.fill(waiting):
                yield result
            ended = await flight.next_ended()
            if not ended:
                return
            await self._keep(ended, flight)
            for call in ended:
                if call.result is not None:
                    yield call.result

    async def _with_replies(self, requests: Iterable[Request]) -> AsyncGenerator[Request | Result]:
        """Pass requests on; in place of one whose reply is in the journal comes the result."""
        waiting = iter(requests)
        while group := list(islice(waiting, self._settings.teacher_concurrency)):
            keys = await asyncio.to_thread(lambda: [self.fingerprint(each) for each in group])
            found = await asyncio.to_thread(self._journal.find, keys)
            for key, request in zip(keys, group, strict=True):
                yield self._read(request, found[key]) if key in found else request

    def _read(self, request: Request, reply: StoredReply) -> Result:
        return read_reply(request.key, reply, settings=self._settings, model=self._endpoint.model)

    async def _keep(self, ended: list[Ended], flight: Flight) -> None:
        """Store the replies of calls before anything else is done with them."""
        replies = [
            replace(
                call.reply,
                request_sha256=self.fingerprint(call.request),
                cost_usd=call.result.cost_usd,
            )
            for call in ended
            if call.reply is not None and call.result is not None
        ]
        wasted = flight.take_wasted()
        if replies or wasted:
            flight.now_spent(await asyncio.to_thread(self._journal.keep, replies, wasted))

    async def _open_budget(self) -> Budget:
        price = known_price(self._settings, self._endpoint.model)
        return Budget(self._settings, price, await asyncio.to_thread(self._journal.spent))

    def _open_gate(self) -> Gate:
        limits = Limits(
            requests_per_minute=self._settings.teacher_requests_per_minute,
            tokens_per_minute=self._settings.teacher_tokens_per_minute,
        )
        return Gate(self._pace, Limits() if self._endpoint.offline else limits)


async def _next(results: AsyncGenerator[Result]) -> Result | None:
    return await anext(results, None)
