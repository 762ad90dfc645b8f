"""Reading the body of a chat completion, whatever an endpoint put into it."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from codeio_ops.jsonvalue import Json, NotJson, check
from codeio_ops.teacher.messages import CallFailure, Completion, FailedCall
from codeio_ops.teacher.prices import call_cost_usd

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
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Body(_Part):
    id: str = ""
    model: str = ""
    choices: list[_Choice] = Field(default_factory=list)
    usage: _Usage | None = None
    codeio: dict[str, JsonValue] = Field(default_factory=dict)


def read_reply(
    key: str, body: bytes, *, asked_model: str, latency_ms: float, request_id: str
) -> Completion | FailedCall:
    """Turn the body of a 200 reply into a completion, or say why it is none."""
    try:
        parsed = _Body.model_validate_json(body)
    except ValidationError as exc:
        fault = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        detail = f"the body is no chat completion: {fault['type']} at {fault['loc']}"
        return FailedCall(key=key, reason=CallFailure.BAD_REPLY, detail=detail)
    usage = parsed.usage or _Usage()
    cost = _cost(asked_model, parsed.model, usage)
    failure = _failure(parsed)
    if failure is not None:
        reason, detail = failure
        return FailedCall(
            key=key,
            reason=reason,
            detail=detail,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=cost,
        )
    choice = parsed.choices[0]
    return Completion(
        key=key,
        text=choice.message.content or "",
        reasoning=choice.message.reasoning_content or choice.message.reasoning or "",
        finish_reason=choice.finish_reason or "",
        model=parsed.model or asked_model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        latency_ms=latency_ms,
        cost_usd=cost,
        request_id=request_id or parsed.id,
        provenance=_provenance(parsed.codeio),
    )


def _failure(body: _Body) -> tuple[CallFailure, str] | None:
    if not body.choices:
        return CallFailure.BAD_REPLY, "the reply has no choices"
    choice = body.choices[0]
    if choice.finish_reason == "length":
        return CallFailure.TRUNCATED, "the reply reached max_tokens"
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        return CallFailure.CONTENT_FILTER, "the endpoint withheld the reply"
    if choice.finish_reason not in _STOPS:
        return CallFailure.BAD_REPLY, f"finish_reason is {choice.finish_reason!r}"[:200]
    text = choice.message.content or ""
    if not text.strip():
        return CallFailure.BAD_REPLY, "the reply is empty"
    return _storable(text)


def _storable(text: str) -> tuple[CallFailure, str] | None:
    try:
        check(text)
    except NotJson as exc:
        return CallFailure.BAD_REPLY, f"the reply holds {exc}"
    return None


def _cost(asked_model: str, model: str, usage: _Usage) -> Decimal | None:
    """Price by the id the endpoint reports, or else by the id that was asked for."""
    costs = (
        call_cost_usd(
            name,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
        )
        for name in (model, asked_model)
    )
    return next((cost for cost in costs if cost is not None), None)


def _provenance(extra: dict[str, JsonValue]) -> dict[str, Json]:
    """The field `codeio`, or nothing where it could not be stored."""
    try:
        check(dict(extra))
    except NotJson:
        return {}
    return dict(extra)
