"""Reading the body of a chat completion, whatever an endpoint put into it."""

import json

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from codeio_ops.config import Settings
from codeio_ops.errors import NotJson
from codeio_ops.jsonvalue import Json, check, storable
from codeio_ops.teacher.journal import MAX_BODY_BYTES, StoredReply
from codeio_ops.teacher.messages import CallFailure, Completion, FailedCall
from codeio_ops.teacher.prices import known_price

# What endpoints of all makers say, in lower case: OpenAI, Anthropic, Gemini, Cohere, Mistral, TGI.
_STOPS = {
    "stop", "end_turn", "eos", "eos_token", "stop_sequence", "stop_token", "complete", "completed",
    "end", "finish", "finished", "done",
}  # fmt: skip
_LENGTHS = {
    "length", "max_length", "max_tokens", "max_new_tokens", "model_length", "max_output_tokens",
    "model_context_window_exceeded",
}  # fmt: skip
_WITHHELD = {
    "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content",
    "spii", "refusal", "error_toxic", "sensitive", "guardrail_intervened",
}  # fmt: skip
# The endpoint broke off; another try may end.
_BROKEN_OFF = {"error", "abort", "aborted", "cancelled", "insufficient_system_resource"}


class _Part(BaseModel):
    """A part of a body: a field that is null is one that is not said."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _said(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: part for name, part in value.items() if part is not None}


class _Message(_Part):
    """A reply; a list of parts, as some endpoints send it, is text and reasoning."""

    content: str = ""
    reasoning: str = ""
    refusal: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_parts(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        parts = value.get("content")
        said = texts_of(value.get("reasoning_content") or value.get("reasoning"))
        thought = said or texts_of(parts, thinking=True)
        return {"refusal": value.get("refusal"), "content": texts_of(parts), "reasoning": thought}


class _Choice(_Part):
    message: _Message
    finish_reason: str = ""


class _Usage(_Part):
    prompt_tokens: int = Field(default=0, ge=0, lt=2**31)
    completion_tokens: int = Field(default=0, ge=0, lt=2**31)


class _Body(_Part):
    id: str = ""
    model: str = ""
    choices: list[_Choice] = Field(default_factory=list)
    usage: _Usage = _Usage()
    codeio: dict[str, JsonValue] = Field(default_factory=dict)


def texts_of(value: object, *, thinking: bool = False) -> str:
    """Return the text of a content, or of a list of its parts: the answer, or the thinking."""
    match value:
        case str():
            return "" if thinking else value
        case list():
            return "".join(texts_of(part, thinking=thinking) for part in value)
        case (
            {"thinking": thought}
            | {"reasoning": thought}
            | {"type": "thinking" | "reasoning", "text": thought}
        ):
            return texts_of(thought) if thinking else ""
        case {"text": text}:
            return texts_of(text, thinking=thinking)
        case {"value": text} | {"content": text}:
            return texts_of(text, thinking=thinking)
        case _:
            return ""


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
    usage = parsed.usage
    price = known_price(settings, parsed.model, model)
    cost = price.cost(usage.prompt_tokens, usage.completion_tokens) if price else None
    failure = _failure(parsed, keeps_truncated=settings.teacher_truncated == "keep")
    if failure is not None:
        return FailedCall(
            key=key,
            reason=failure[0],
            detail=failure[1],
            lasting=_stopped(parsed) not in {"", *_STOPS, *_BROKEN_OFF},
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=cost,
            latency_ms=reply.latency_ms,
            request_id=reply.request_id,
        )
    choice = parsed.choices[0]
    return Completion(
        key=key,
        text=storable(choice.message.content),
        reasoning=storable(choice.message.reasoning),
        finish_reason=storable(choice.finish_reason),
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
    decoded: object = json.loads(body.decode("utf-8-sig", errors="replace"))
    return decoded


def _fault(exc: Exception) -> str:
    if not isinstance(exc, ValidationError):
        return "the body is no JSON that can be read"
    fault = exc.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"the body is no chat completion: {fault['type']} at {fault['loc']}"


def _failure(body: _Body, *, keeps_truncated: bool) -> tuple[CallFailure, str] | None:
    if not body.choices:
        return CallFailure.BAD_REPLY, "the reply has no choices"
    choice, stopped = body.choices[0], _stopped(body)
    if stopped in _WITHHELD or choice.message.refusal:
        return CallFailure.CONTENT_FILTER, "the endpoint withheld the reply"
    if stopped in _LENGTHS and not keeps_truncated:
        return CallFailure.TRUNCATED, "the reply reached max_tokens"
    if stopped not in _STOPS | _LENGTHS:
        said = choice.finish_reason or None
        return CallFailure.BAD_REPLY, storable(f"finish_reason is {said!r}"[:200])
    if not choice.message.content.strip():
        if stopped in _LENGTHS:
            return CallFailure.TRUNCATED, "the reply reached max_tokens before its first word"
        return CallFailure.BAD_REPLY, "the reply is empty"
    return None


def _stopped(body: _Body) -> str:
    """Return the reason for the end, without the name of the type that some print with it."""
    return body.choices[0].finish_reason.lower().rpartition(".")[2] if body.choices else ""


def _provenance(extra: dict[str, JsonValue]) -> dict[str, Json]:
    """The field `codeio`, or nothing where it could not be stored."""
    try:
        check(dict(extra))
    except NotJson:
        return {}
    return dict(extra)
