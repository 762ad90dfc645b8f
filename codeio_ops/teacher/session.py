"""One open connection to a teacher: single calls, with their retries.

The retries are here and not in the client library, because each try must pass the gate that
keeps the limits, and because a 429 must stop every process and not only its own request.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    Timeout,
)
from openai.types.chat import ChatCompletionMessageParam
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from codeio_ops.config import Settings
from codeio_ops.errors import TaskSuperseded, TeacherRefused, TeacherUnavailable
from codeio_ops.jsonvalue import Json
from codeio_ops.proxies import http_options
from codeio_ops.teacher.body import BodyRefused, ask_for_plain_bytes, bound
from codeio_ops.teacher.budget import tokens_of
from codeio_ops.teacher.endpoint import ADDRESS_CURE, Endpoint
from codeio_ops.teacher.faults import PassingFault, RequestRefused, fault_of
from codeio_ops.teacher.journal import StoredReply
from codeio_ops.teacher.messages import CallFailure, Completion, FailedCall, Message, Request
from codeio_ops.teacher.pace import Gate
from codeio_ops.teacher.reply import read_reply
from codeio_ops.teacher.stream import whole_body

_CONNECT_TIMEOUT_S = 5.0
# A rate limit is no fault of the request, and the cool-down makes its tries rare.
_RATE_LIMITED_TRIES = 12
_BACKOFF = wait_random_exponential(multiplier=0.5, max=20.0)
_PROBE = Request(key="probe", messages=(Message(role="user", content="Reply with: OK"),))
_PROBE_TOKENS = 16

Result = Completion | FailedCall
Called = tuple[Result, StoredReply | None]


def connect(settings: Settings, endpoint: Endpoint) -> AsyncOpenAI:
    """Open a client of the official library that does not retry."""
    timeout = Timeout(settings.teacher_timeout_s, connect=_CONNECT_TIMEOUT_S)
    return AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.key.get_secret_value(),
        max_retries=0,
        timeout=timeout,
        http_client=DefaultAsyncHttpxClient(
            **http_options(endpoint.base_url, direct=endpoint.offline),
            timeout=timeout,
            # Prompts go to nobody but the endpoint that was named.
            follow_redirects=False,
            event_hooks={"request": [ask_for_plain_bytes], "response": [bound]},
        ),
    )


def parameters(settings: Settings) -> dict[str, Json]:
    """Return the sampling parameters that are sent with every request."""
    return {"temperature": settings.temperature, settings.max_tokens_field: settings.max_tokens}


def wire_message(message: Message) -> ChatCompletionMessageParam:
    """Return a message as the API has it."""
    match message.role:
        case "system":
            return {"role": "system", "content": message.content}
        case "assistant":
            return {"role": "assistant", "content": message.content}
        case "user":
            return {"role": "user", "content": message.content}


class Session:
    """Calls over one connection.

    Attributes:
        leaving: Set when the run ends early: calls in flight are finished, and not tried again.
        wasted_usd: Cost of tries that gave no reply; who reads it sets it back.
    """

    def __init__(
        self,
        client: AsyncOpenAI,
        settings: Settings,
        endpoint: Endpoint,
        gate: Gate,
        is_superseded: Callable[[], bool],
    ) -> None:
        self._client = client
        self._settings = settings
        self._endpoint = endpoint
        self._gate = gate
        self._is_superseded = is_superseded
        self._last_success = -1.0
        self.leaving = False
        self.wasted_usd = Decimal(0)

    async def call(self, request: Request) -> Called:
        """Complete a request; return what came of it, and the reply to keep.

        Raises:
            TeacherUnavailable: the endpoint answers no request.
            TeacherRefused: the endpoint refuses the key, the model or the account.
            TaskSuperseded: this task was given up for a later try of it.
        """
        started = time.monotonic()
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(PassingFault),
            stop=self._stop(),
            wait=_wait_s,
            reraise=True,
        )
        try:
            return await retrying(self._try, request, started)
        except RequestRefused as refusal:
            self._last_success = time.monotonic()
            return _failed(request, refusal.reason, str(refusal)), None
        except PassingFault as fault:
            if self.leaving:  # not all tries were made, so nothing is said of the request
                raise TeacherUnavailable(f"the run ended early: {fault}") from fault
            if fault.reason is CallFailure.RATE_LIMITED:
                return _failed(request, fault.reason, str(fault)), None
            await self._check_endpoint(fault, since=started)
            detail = f"{fault} at every try, while the endpoint answers other requests"
            return _failed(request, fault.reason, detail), None

    def _stop(self) -> Callable[[RetryCallState], bool]:
        """Count the tries of one request by the class of their faults."""
        tries: Counter[CallFailure] = Counter()
        allowed = self._settings.teacher_retries

        def stop(state: RetryCallState) -> bool:
            fault = state.outcome.exception() if state.outcome else None
            if self.leaving or not isinstance(fault, PassingFault):
                return True
            tries[fault.reason] += 1
            limited = tries[CallFailure.RATE_LIMITED]
            return limited > _RATE_LIMITED_TRIES or tries.total() - limited > allowed

        return stop

    async def _try(self, request: Request, started: float) -> Called:
        expected = tokens_of(request.characters)
        await self._gate.enter(expected)
        # A frozen process that wakes up would pay for what its successor pays for.
        if await asyncio.to_thread(self._is_superseded):
            raise TaskSuperseded("a later try of this task is at work")
        try:
            body, request_id = await self._send(request, self._settings.max_tokens)
        except RequestRefused as refusal:
            await self._check_settings(refusal)
            raise
        reply = StoredReply(
            request_sha256="",
            body=body,
            latency_ms=(time.monotonic() - started) * 1000,
            request_id=request_id,
            cost_usd=None,
        )
        result = read_reply(request.key, reply, settings=self._settings, model=self._endpoint.model)
        await self._gate.correct(result.prompt_tokens + result.completion_tokens - expected)
        if (
            isinstance(result, FailedCall)
            and result.reason is CallFailure.BAD_REPLY
            and not result.lasting
        ):
            self.wasted_usd += result.cost_usd or 0
            raise PassingFault(result.reason, result.detail, cure=ADDRESS_CURE)
        self._last_success = time.monotonic()
        return result, reply

    async def _send(self, request: Request, max_tokens: int) -> tuple[bytes, str]:
        """Send one request once; return the body and the endpoint's id of the call."""
        try:
            async with asyncio.timeout(self._settings.teacher_timeout_s):
                return await self._exchange(request, max_tokens)
        except BodyRefused as exc:
            raise PassingFault(CallFailure.BAD_REPLY, str(exc), cure=ADDRESS_CURE) from exc
        except (APITimeoutError, TimeoutError) as exc:
            raise PassingFault(CallFailure.UNAVAILABLE, "no reply in time") from exc
        except APIConnectionError as exc:
            if isinstance(exc.__cause__, BodyRefused):
                raise PassingFault(
                    CallFailure.BAD_REPLY, str(exc.__cause__), cure=ADDRESS_CURE
                ) from exc
            raise PassingFault(
                CallFailure.UNAVAILABLE, "no connection, or one that broke off", cure=ADDRESS_CURE
            ) from exc
        except APIStatusError as exc:
            fault = fault_of(exc, self._endpoint)
            if isinstance(fault, PassingFault) and fault.cool_down_s:
                await self._gate.cool_down(fault.cool_down_s)
            raise fault from exc
        except (APIError, ValueError) as exc:
            raise PassingFault(
                CallFailure.BAD_REPLY, "a stream that cannot be read", cure=ADDRESS_CURE
            ) from exc

    async def _exchange(self, request: Request, max_tokens: int) -> tuple[bytes, str]:
        create = self._client.chat.completions.with_raw_response.create
        messages = [wire_message(message) for message in request.messages]
        limit = {self._settings.max_tokens_field: max_tokens}
        if self._settings.teacher_stream:
            streamed = await create(
                model=self._endpoint.model,
                messages=messages,
                temperature=self._settings.temperature,
                seed=request.seed,
                extra_body=limit,
                stream=True,
                stream_options={"include_usage": True},
            )
            return await whole_body(streamed.parse()), streamed.request_id or ""
        raw = await create(
            model=self._endpoint.model,
            messages=messages,
            temperature=self._settings.temperature,
            seed=request.seed,
            extra_body=limit,
        )
        return raw.http_response.content, raw.request_id or ""

    async def _check_endpoint(self, fault: PassingFault, *, since: float) -> None:
        """Raise unless the endpoint answers something, so that the fault is the request's own."""
        if self._last_success >= since or await self._answers_probe():
            return
        raise TeacherUnavailable(
            f"the teacher at {self._endpoint.base_url} fails: {fault}", cure=fault.cure
        ) from fault

    async def _check_settings(self, refused: RequestRefused) -> None:
        """Raise if even a request of our own is refused: no row is to blame for that."""
        # The embedded teacher knows the platform's prompts only, so it refuses a probe.
        succeeded = self._last_success >= 0
        if refused.reason is not CallFailure.REJECTED or succeeded or self._endpoint.offline:
            return
        try:
            await self._probe(self._settings.max_tokens)
        except RequestRefused as refusal:
            raise TeacherRefused(
                f"the teacher at {self._endpoint.base_url} refuses every request ({refusal})",
            ) from refusal

    async def _answers_probe(self) -> bool:
        """Send a request of our own; a refusal is an answer too."""
        try:
            found = await self._probe(_PROBE_TOKENS)
        except PassingFault:
            return False
        except RequestRefused:
            return True
        return isinstance(found, Completion) or found.reason is not CallFailure.BAD_REPLY

    async def _probe(self, max_tokens: int) -> Result:
        await self._gate.enter(_PROBE_TOKENS)
        body, _ = await self._send(_PROBE, max_tokens)
        reply = StoredReply(
            request_sha256="", body=body, latency_ms=0.0, request_id="", cost_usd=None
        )
        found = read_reply("probe", reply, settings=self._settings, model=self._endpoint.model)
        self.wasted_usd += found.cost_usd or 0
        return found


def _wait_s(state: RetryCallState) -> float:
    """Back off with full jitter; after a 429 the gate waits, so only spread the tries."""
    fault = state.outcome.exception() if state.outcome else None
    if isinstance(fault, PassingFault) and fault.cool_down_s:
        return random.uniform(0, min(fault.cool_down_s, 5.0))  # noqa: S311
    return float(_BACKOFF(state))


def _failed(request: Request, reason: CallFailure, detail: str) -> FailedCall:
    return FailedCall(key=request.key, reason=reason, detail=detail)
