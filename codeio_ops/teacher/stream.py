"""Streamed replies, put together into the body that the endpoint would have sent at once."""

import json

from openai import AsyncStream
from openai.types.chat import ChatCompletionChunk

from codeio_ops.jsonvalue import Json
from codeio_ops.teacher.body import BodyRefused
from codeio_ops.teacher.journal import MAX_BODY_BYTES
from codeio_ops.teacher.reply import texts_of


async def whole_body(stream: AsyncStream[ChatCompletionChunk]) -> bytes:
    """Read a stream to its end and return a chat completion, as JSON.

    A stream that broke off gives a body without a finish reason, which is no finished reply.

    Raises:
        BodyRefused: its texts are longer than any reply may be.
    """
    texts: dict[str, list[str]] = {"content": [], "reasoning_content": [], "refusal": []}
    body: dict[str, Json] = {"object": "chat.completion"}
    finish_reason: str | None = None
    size = 0
    async with stream:
        async for chunk in stream:
            fields = chunk.model_dump(mode="json", exclude_none=True, warnings=False)
            body |= {
                name: fields[name] for name in ("id", "model", "usage", "codeio") if name in fields
            }
            for choice in fields.get("choices", [])[:1]:
                finish_reason = choice.get("finish_reason") or finish_reason
                delta = choice.get("delta") or {}
                content = delta.get("content")
                added = {
                    "content": texts_of(content),
                    "reasoning_content": str(
                        delta.get("reasoning_content")
                        or delta.get("reasoning")
                        or texts_of(content, thinking=True)
                    ),
                    "refusal": str(delta.get("refusal") or ""),
                }
                for name, part in added.items():
                    texts[name].append(part)
                    size += len(part)
                if size > MAX_BODY_BYTES:
                    raise BodyRefused("the reply is too long")
    message: dict[str, Json] = {name: "".join(parts) or None for name, parts in texts.items()}
    body["choices"] = [
        {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", **message}}
    ]
    return json.dumps(body).encode()
