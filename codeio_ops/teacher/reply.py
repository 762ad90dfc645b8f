"""Reading the body of a chat completion, whatever an endpoint put into it."""

import json

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from codeio_ops.config import Settings
from codeio_ops.errors import NotJson
from codeio_ops.jsonvalue import Json, check, storable
from codeio_ops.teacher.journal import MAX_BODY_BYTES, StoredReply
from codeio_ops.teacher.messages import CallFailure, Completion, FailedCall
from codeio_ops.teacher.prices import known_price

_STOPS = ("stop", "end_turn", "eos")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Message(_Part):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None


class _Choice(_Part):
    message: _Message
    finish_reason: str | None = None


class _Usage(_Part):
    prompt_tokens: int = Field(default=0, ge=0, lt=2**31)
    completion_tokens: int = Field(default=0, ge=0, lt=2**31)


class _Body(_Part):
    id: str = ""
    model: str = ""
    choices: list[_Choice] = Field(default_factory=list)
    usage: _Usage | None = None
    codeio: dict[str, JsonValue] = Field(default_factory=dict)


def read_reply(
    key: str, reply: StoredReply, *, settings: Settings, model: str
) -> Completion | FailedCall:
    """Turn the body of a 200 reply to a request for `model` into a completion.

    `bad_reply` says that the body is no finished chat completion. Bytes and characters that
    cannot be stored are replaced, so that the answer around them can be judged.
    """
    try:
        parsed = _Body.model_validate(_decoded(reply.body))
    except (ValidationError, ValueError, RecursionError) as exc:
        return FailedCall(key=key, reason=CallFailure.BAD_REPLY, detail=_fault(exc))
    usage = parsed.usage or _Usage()
    price = known_price(settings, parsed.model, model)
    cost = price.cost(usage.prompt_tokens, usage.completion_tokens) if price else None
    failure = _failure(parsed, keeps_truncated=settings.teacher_truncated == "keep")
    if failure is not None:
        return FailedCall(
            key=key,
            reason=failure[0],
            detail=failure[1],
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=cost,
            latency_ms=reply.latency_ms,
            request_id=reply.request_id,
        )
    choice = parsed.choices[0]
    return Completion(
        key=key,
        text=storable(choice.message.content or ""),
        reasoning=storable(choice.message.reasoning_content or choice.message.reasoning or ""),
        finish_reason=storable(choice.finish_reason or ""),
        model=storable(parsed.model or model),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        latency_ms=reply.latency_ms,
        cost_usd=cost,
        request_id=storable(reply.request_id or parsed.id),
        provenance=_provenance(parsed.codeio),
    )


def _decoded(body: bytes) -> object:
    if len(body) > MAX_BODY_BYTES:
        raise ValueError("the reply is too long")
    decoded: object = json.loads(body.decode(errors="replace"))
    return decoded


def _fault(exc: Exception) -> str:
    if not isinstance(exc, ValidationError):
        return "the body is no JSON that can be read"
    fault = exc.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"the body is no chat completion: {fault['type']} at {fault['loc']}"


def _failure(body: _Body, *, keeps_truncated: bool) -> tuple[CallFailure, str] | None:
    if not body.choices:
        return CallFailure.BAD_REPLY, "the reply has no choices"
    choice = body.choices[0]
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        return CallFailure.CONTENT_FILTER, "the endpoint withheld the reply"
    if choice.finish_reason == "length" and not keeps_truncated:
        return CallFailure.TRUNCATED, "the reply reached max_tokens"
    if choice.finish_reason not in (*_STOPS, "length"):
        return CallFailure.BAD_REPLY, storable(f"finish_reason is {choice.finish_reason!r}"[:200])
    if not (choice.message.content or "").strip():
        if choice.finish_reason == "length":
            return CallFailure.TRUNCATED, "the reply reached max_tokens before its first word"
        return CallFailure.BAD_REPLY, "the reply is empty"
    return None


def _provenance(extra: dict[str, JsonValue]) -> dict[str, Json]:
    """The field `codeio`, or nothing where it could not be stored."""
    try:
        check(dict(extra))
    except NotJson:
        return {}
    return dict(extra)
