"""The client of every teacher: any endpoint that speaks the OpenAI chat-completions API.

One process holds many requests in flight, up to `settings.teacher_concurrency`; memory does
not grow with the number of requests. Retries happen in one place, the OpenAI SDK, which
backs off with jitter and honours `Retry-After`.

What concerns one request comes back as a `FailedCall`. What concerns the endpoint is raised.
"""

import asyncio
import ipaddress
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    Timeout,
)
from openai.types.chat import ChatCompletionMessageParam

from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError, TeacherRefused, TeacherUnavailable
from codeio_ops.teacher.messages import (
    CallFailure,
    Completion,
    FailedCall,
    Message,
    Request,
    TeacherIdentity,
    TeacherKind,
)
from codeio_ops.teacher.offline import OFFLINE_VERSION
from codeio_ops.teacher.reply import read_reply

DEFAULT_BASE_URL = "https://api.openai.com/v1"
MAX_RETRIES = 5
_CONNECT_TIMEOUT_S = 5.0
_FAILURES_IN_A_ROW = 8
_NO_CREDIT_CODES = ("insufficient_quota", "billing_hard_limit_reached")
_ADDRESS_CURE = "Check OPENAI_BASE_URL, or start the embedded teacher with `codeio up`."

Result = Completion | FailedCall


@dataclass(slots=True)
class _Health:
    """Tells a bad request from a bad endpoint by whether anything worked lately."""

    succeeded: bool = False
    failures: int = 0

    def success(self) -> None:
        self.succeeded = True
        self.failures = 0

    def failure(self) -> bool:
        """Count a failure; return whether the endpoint as a whole must be taken as down."""
        self.failures += 1
        return not self.succeeded or self.failures >= _FAILURES_IN_A_ROW


class Teacher:
    """A model behind an OpenAI-compatible endpoint."""

    def __init__(self, settings: Settings, *, base_url: str, max_retries: int) -> None:
        """Keep what `open` has checked."""
        self._settings = settings
        self._base_url = base_url
        self._max_retries = max_retries

    @classmethod
    def open(cls, settings: Settings, *, max_retries: int = MAX_RETRIES) -> "Teacher":
        """Prepare the teacher that the settings name; nothing is sent yet.

        Raises:
            SettingsError: no endpoint is named, or its address is no URL.
        """
        named = settings.teacher_base_url
        base_url = DEFAULT_BASE_URL if named is None else named
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                f"the teacher's address is {base_url!r}, which is no URL", cure=_ADDRESS_CURE
            )
        return cls(settings, base_url=base_url, max_retries=max_retries)

    @property
    def identity(self) -> TeacherIdentity:
        """Who answers, as it is stored with every response."""
        host = urlsplit(self._base_url).hostname or ""
        kind = _kind(host, offline=self._settings.uses_offline_teacher)
        return TeacherIdentity(
            kind=kind,
            model_id=self._settings.model,
            version=OFFLINE_VERSION if kind == "offline-trace" else "",
            endpoint_host=host,
        )

    def complete_all(self, requests: Iterable[Request]) -> Iterator[Result]:
        """Complete every request; results come as they are ready, in no fixed order.

        `requests` is read lazily. Requests in flight wait while the caller handles a
        result; closing the iterator abandons them.

        Raises:
            TeacherUnavailable: the endpoint is down, too slow, or only gives server errors.
            TeacherRefused: the endpoint refuses the key, the model or the account.
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
        waiting = iter(requests)
        health = _Health()
        pending: set[asyncio.Task[Result]] = set()
        async with self._connect() as client:
            try:
                while True:
                    free = self._settings.teacher_concurrency - len(pending)
                    for request in islice(waiting, free):
                        pending.add(asyncio.create_task(self._call(client, request, health)))
                    if not pending:
                        return
                    done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                    # Replies that are paid for go out before an error ends the stream.
                    for task in sorted(done, key=lambda task: task.exception() is not None):
                        yield task.result()
            finally:
                for task in pending:
                    task.cancel()
                await asyncio.gather(*pending, return_exceptions=True)

    def _connect(self) -> AsyncOpenAI:
        settings = self._settings
        offline = settings.uses_offline_teacher
        key = settings.teacher_key if offline else settings.openai_api_key
        timeout = Timeout(settings.teacher_timeout_s, connect=_CONNECT_TIMEOUT_S)
        return AsyncOpenAI(
            base_url=self._base_url,
            api_key=key.get_secret_value() or "none",
            max_retries=self._max_retries,
            timeout=timeout,
            # The embedded teacher is on loopback, which no proxy can reach.
            http_client=DefaultAsyncHttpxClient(trust_env=not offline, timeout=timeout),
        )

    async def _call(self, client: AsyncOpenAI, request: Request, health: _Health) -> Result:
        started = time.monotonic()
        try:
            raw = await client.chat.completions.with_raw_response.create(
                model=self._settings.model,
                messages=[_param(message) for message in request.messages],
                temperature=self._settings.temperature,
                max_tokens=self._settings.max_tokens,
                seed=request.seed,
            )
        except APITimeoutError as exc:
            return self._unavailable(request, health, "no reply in time", exc)
        except APIConnectionError as exc:
            raise TeacherUnavailable(
                f"no teacher answers at {self._base_url}", cure=_ADDRESS_CURE
            ) from exc
        except APIStatusError as exc:
            return self._refusal(request, health, exc)
        health.success()
        return read_reply(
            request.key,
            raw.http_response.content,
            asked_model=self._settings.model,
            latency_ms=(time.monotonic() - started) * 1000,
            request_id=raw.request_id or "",
        )

    def _refusal(self, request: Request, health: _Health, exc: APIStatusError) -> FailedCall:
        """Map an error status to a failed call, or raise where it concerns every call."""
        self._raise_if_endpoint_refuses(exc)
        status = exc.status_code
        if status == 429:
            return _failed(request, CallFailure.RATE_LIMITED, "still rate limited after retries")
        if status >= 500 or status in (408, 409):
            return self._unavailable(request, health, f"status {status}", exc)
        if exc.code == "content_filter":
            return _failed(request, CallFailure.CONTENT_FILTER, "the endpoint refused the prompt")
        return _failed(request, CallFailure.REJECTED, f"status {status}: {_message(exc)}")

    def _raise_if_endpoint_refuses(self, exc: APIStatusError) -> None:
        status = exc.status_code
        if status in (401, 403):
            key = "CODEIO_TEACHER_KEY" if self._settings.uses_offline_teacher else "OPENAI_API_KEY"
            raise TeacherRefused(
                f"the teacher at {self._base_url} refuses the key (status {status})",
                cure=f"Set {key} to a key that this endpoint accepts.",
            ) from exc
        if status == 404:
            raise TeacherRefused(
                f"the teacher at {self._base_url} does not know the model {self._settings.model!r}",
                cure="Set CODEIO_MODEL to one of its models, or correct OPENAI_BASE_URL.",
            ) from exc
        if status == 402 or exc.code in _NO_CREDIT_CODES:
            raise TeacherRefused(
                f"the account at {self._base_url} has no credit left",
                cure="Add credit, or set OPENAI_API_KEY to a key of another account.",
            ) from exc

    def _unavailable(
        self, request: Request, health: _Health, what: str, exc: Exception
    ) -> FailedCall:
        if health.failure():
            raise TeacherUnavailable(
                f"the teacher at {self._base_url} fails: {what}",
                cure="Wait, raise CODEIO_TEACHER_TIMEOUT_S or lower CODEIO_TEACHER_CONCURRENCY.",
            ) from exc
        return _failed(request, CallFailure.UNAVAILABLE, what)


async def _next(results: AsyncGenerator[Result]) -> Result | None:
    return await anext(results, None)


def _param(message: Message) -> ChatCompletionMessageParam:
    match message.role:
        case "system":
            return {"role": "system", "content": message.content}
        case "assistant":
            return {"role": "assistant", "content": message.content}
        case "user":
            return {"role": "user", "content": message.content}


def _kind(host: str, *, offline: bool) -> TeacherKind:
    if offline:
        return "offline-trace"
    if host == "localhost" or host.endswith((".localhost", ".local")):
        return "local-model"
    try:
        return "local-model" if ipaddress.ip_address(host).is_private else "api-model"
    except ValueError:
        return "api-model"


def _failed(request: Request, reason: CallFailure, detail: str) -> FailedCall:
    return FailedCall(key=request.key, reason=reason, detail=detail)


def _message(exc: APIStatusError) -> str:
    """The endpoint's own code or type of error: its message may quote the prompt."""
    return str(exc.code or exc.type or "no error code")[:100]
