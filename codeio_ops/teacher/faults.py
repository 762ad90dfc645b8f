"""What a failed try means: for this request, for the next try, or for the whole endpoint."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from openai import APIStatusError

from codeio_ops.errors import TeacherRefused
from codeio_ops.teacher.endpoint import Endpoint
from codeio_ops.teacher.messages import CallFailure

_NO_CREDIT_CODES = ("insufficient_quota", "billing_hard_limit_reached")
_DEFAULT_COOL_DOWN_S = 1.0
RATE_CURE = (
    "Set CODEIO_TEACHER_REQUESTS_PER_MINUTE and CODEIO_TEACHER_TOKENS_PER_MINUTE to the limits of "
    "the account."
)
SLOW_CURE = "Wait, raise CODEIO_TEACHER_TIMEOUT_S or lower CODEIO_TEACHER_CONCURRENCY."


class PassingFault(Exception):
    """The same request may succeed later.

    Attributes:
        reason: How the request ends if every try meets such a fault.
        cure: What to do when it never passes.
        cool_down_s: How long the endpoint wants nobody to send.
        cost_usd: What the try cost all the same.
    """

    def __init__(
        self,
        reason: CallFailure,
        detail: str,
        *,
        cure: str = SLOW_CURE,
        cool_down_s: float = 0.0,
        cost_usd: Decimal | None = None,
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.cure = cure
        self.cool_down_s = cool_down_s
        self.cost_usd = cost_usd or Decimal(0)


class RequestRefused(Exception):
    """The endpoint answers, and refuses this one request."""

    def __init__(self, reason: CallFailure, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def fault_of(
    exc: APIStatusError, endpoint: Endpoint
) -> PassingFault | RequestRefused | TeacherRefused:
    """Say what an error status means."""
    refused = _endpoint_refuses(exc, endpoint)
    if refused is not None:
        return refused
    status = exc.status_code
    if status == 429:
        return PassingFault(
            CallFailure.RATE_LIMITED,
            "still rate limited after all tries",
            cure=RATE_CURE,
            cool_down_s=_retry_after_s(exc),
        )
    if status >= 500 or status in (408, 409):
        return PassingFault(CallFailure.UNAVAILABLE, f"status {status}")
    if exc.code == "content_filter":
        return RequestRefused(CallFailure.CONTENT_FILTER, "the endpoint refused the prompt")
    return RequestRefused(CallFailure.REJECTED, _code(exc))


def _endpoint_refuses(exc: APIStatusError, endpoint: Endpoint) -> TeacherRefused | None:
    status = exc.status_code
    if 300 <= status < 400:
        return _redirects(exc, endpoint)
    if status in (401, 403):
        return TeacherRefused(
            f"the teacher at {endpoint.base_url} refuses the key (status {status})",
            cure=f"Set {endpoint.key_setting} to a key that this endpoint accepts.",
        )
    if status == 404:
        return unknown_model(endpoint)
    if status == 402 or exc.code in _NO_CREDIT_CODES:
        return TeacherRefused(
            f"the account at {endpoint.base_url} has no credit left",
            cure=f"Add credit, or set {endpoint.key_setting} to a key of another account.",
        )
    return None


def _redirects(exc: APIStatusError, endpoint: Endpoint) -> TeacherRefused:
    there = urlsplit(exc.response.headers.get("location", ""))
    address = f"{there.scheme}://{there.hostname or ''}{there.path}"[:200]
    return TeacherRefused(
        f"the teacher at {endpoint.base_url} sends requests on to {address} "
        f"(status {exc.status_code}), and they are sent to nobody else",
        cure="Set OPENAI_BASE_URL to that address if it is the one you mean.",
    )


def unknown_model(endpoint: Endpoint) -> TeacherRefused:
    """The error of an endpoint that does not serve the model."""
    return TeacherRefused(
        f"the teacher at {endpoint.base_url} does not know the model {endpoint.model!r}",
        cure="Set CODEIO_MODEL to one of its models, or correct OPENAI_BASE_URL.",
    )


def _code(exc: APIStatusError) -> str:
    """The status, and the endpoint's code or type of error: its message may quote the prompt."""
    named = exc.code or exc.type
    return f"status {exc.status_code}" + (f": {named}"[:100] if named else "")


def _retry_after_s(exc: APIStatusError) -> float:
    """Read how long to wait, as milliseconds, seconds or an HTTP date.

    Source: RFC 9110, section 10.2.3; `retry-after-ms` is OpenAI's own.
    """
    headers = exc.response.headers
    with suppress(KeyError, ValueError):
        return max(float(headers["retry-after-ms"]) / 1000, 0.0)
    with suppress(KeyError, ValueError):
        return max(float(headers["retry-after"]), 0.0)
    with suppress(KeyError, ValueError, TypeError):
        until = parsedate_to_datetime(headers["retry-after"])
        return max((until - datetime.fromtimestamp(time.time(), UTC)).total_seconds(), 0.0)
    return _DEFAULT_COOL_DOWN_S
