"""What goes to a teacher and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json

Role = Literal["system", "user", "assistant"]
TeacherKind = Literal["offline-trace", "local-model", "api-model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One conversation that a teacher is to continue.

    Attributes:
        key: The caller's name for it; it comes back on the result. Results arrive in any order.
        messages: The conversation so far, oldest first, ending with the user.
        seed: Sampling seed; endpoints treat it as best effort.
    """

    key: str
    messages: tuple[Message, ...]
    seed: int = 0

    @property
    def characters(self) -> int:
        """How long the conversation is."""
        return sum(len(message.content) for message in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A finished reply.

    Attributes:
        key: Key of the request.
        text: The reply, never empty.
        reasoning: Separate chain of thought, where the endpoint gives one.
        finish_reason: Why the model stopped, as the endpoint says: a natural stop, or `length`
            where the settings keep truncated replies.
        model: Model id as the endpoint reports it, which may be more exact than the one asked for.
        prompt_tokens: Tokens read, as reported; 0 when the endpoint does not say.
        completion_tokens: Tokens written, as reported; 0 when the endpoint does not say.
        latency_ms: From sending to the last byte, retries included.
        cost_usd: Price of the call, or None when the price of the model is not known.
        request_id: The endpoint's own id of the call, for support requests.
        provenance: Facts the endpoint adds about how the text came about (field `codeio`).
    """

    key: str
    text: str
    reasoning: str
    finish_reason: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    latency_ms: float
    cost_usd: Decimal | None
    request_id: str
    provenance: Mapping[str, Json] = field(default_factory=dict)


class CallFailure(StrEnum):
    """Why one request has no usable reply, while the endpoint as a whole works.

    `unavailable` is a request that timed out or met server errors at every try although the
    endpoint answers other requests; `bad_reply` one whose replies were no chat completions.
    """

    RATE_LIMITED = "rate_limited"
    TRUNCATED = "truncated"
    CONTENT_FILTER = "content_filter"
    BAD_REPLY = "bad_reply"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """A request without a usable reply.

    Attributes:
        key: Key of the request.
        reason: The kind of failure.
        detail: One line for people; never holds the prompt or a secret.
        lasting: Whether the same request would end so again.
        prompt_tokens: Tokens that were read, and paid, all the same.
        completion_tokens: Tokens that were written, and paid, all the same.
        cost_usd: What the failed call cost, or None when it is not known.
        latency_ms: From sending to the last byte; 0 where there is no reply.
        request_id: The endpoint's own id of the call; empty where there is none.
    """

    key: str
    reason: CallFailure
    detail: str
    lasting: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal | None = None
    latency_ms: float = 0.0
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherIdentity:
    """Who answers: one value, stored with every row that it writes.

    Attributes:
        kind: What sort of teacher it is.
        model_id: Model id as configured.
        version: Version of the offline teacher, sha256 of the weights of a local model where it is
            known; empty for other models, whose id is their version.
        endpoint_host: Host name of the endpoint, with port and path where two models may hide
            behind one name: where the address states them and the weights are not known.
    """

    kind: TeacherKind
    model_id: str
    version: str
    endpoint_host: str

    @property
    def is_stand_in(self) -> bool:
        """Whether it is the offline teacher, which is no model."""
        return self.kind == "offline-trace"

    @property
    def address(self) -> str:
        """Where it is; empty for the offline teacher, which is the same wherever it listens."""
        return "" if self.is_stand_in else self.endpoint_host

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """What makes it this teacher and no other."""
        return (self.kind, self.model_id, self.version, self.address)

    @property
    def teacher_id(self) -> UUID:
        """Id of its rows."""
        return content_id("teacher", *self.parts)

    @property
    def name(self) -> str:
        """What people call it; the SQL function `codeio.teacher_name` says the same."""
        return "offline teacher" if self.is_stand_in else f"{self.model_id} at {self.address}"
