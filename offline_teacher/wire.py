"""The OpenAI chat-completions format, as far as the embedded teacher speaks it."""

from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, JsonValue

from codeio_ops.fingerprint import sha256_hex
from codeio_ops.jsonvalue import Json, compact
from offline_teacher.rationale import CHARS_PER_TOKEN

MAX_MESSAGE_CHARS = 2_000_000


class WireMessage(BaseModel):
    """One message of a request; only plain text is read."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: str


class WireRequest(BaseModel):
    """A request; sampling parameters are accepted and have no effect."""

    model_config = ConfigDict(extra="ignore")

    model: str
    messages: list[WireMessage]
    stream: bool = False


class WireError(Exception):
    """An error reply in OpenAI's shape."""

    def __init__(self, status: int, message: str, *, kind: str, code: str) -> None:
        """Keep the parts of the reply."""
        super().__init__(message)
        self.status = status
        self.body: dict[str, JsonValue] = {
            "error": {"message": message, "type": kind, "param": None, "code": code}
        }


def invalid(message: str, code: str = "invalid_request") -> WireError:
    """An error that the caller made."""
    return WireError(400, message, kind="invalid_request_error", code=code)


def models_reply(model: str, version: str) -> dict[str, Json]:
    """What `/v1/models` lists: one model, with a `version` that OpenAI's API does not have."""
    entry: dict[str, Json] = {
        "id": model,
        "object": "model",
        "created": 0,
        "owned_by": "codeio-ops",
        "version": version,
    }
    return {"object": "list", "data": [entry]}


def completion(
    request: WireRequest, text: str, provenance: dict[str, Json], *, created_s: int
) -> dict[str, Json]:
    """A finished reply.

    Token counts are estimates from the length of the text; this teacher has no tokenizer.
    """
    asked = _tokens("".join(message.content for message in request.messages))
    written = _tokens(text)
    return {
        "id": f"chatcmpl-{sha256_hex(request.model_dump_json().encode())[:24]}",
        "object": "chat.completion",
        "created": created_s,
        "model": request.model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": written,
            "total_tokens": asked + written,
        },
        "codeio": provenance,
    }


def stream_of(reply: dict[str, Json]) -> str:
    """Write a finished reply as a stream of events: its text at once, then its end."""
    head = {name: reply[name] for name in ("id", "created", "model")}
    head["object"] = "chat.completion.chunk"
    (choice,) = cast(list[dict[str, Json]], reply["choices"])
    said: Json = [{"index": 0, "delta": choice["message"], "finish_reason": None}]
    ended: Json = [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]
    rest = {name: reply[name] for name in ("usage", "codeio")}
    events: list[dict[str, Json]] = [{**head, "choices": said}, {**head, "choices": ended, **rest}]
    return "".join(f"data: {compact(event)}\n\n" for event in events) + "data: [DONE]\n\n"


def _tokens(text: str) -> int:
    return round(len(text) / CHARS_PER_TOKEN)
