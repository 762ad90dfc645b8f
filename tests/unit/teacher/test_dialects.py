"""What endpoints that call themselves compatible send, and what hostile ones do."""

import copy
import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import TeacherRefused
from codeio_ops.teacher.client import Teacher
from codeio_ops.teacher.messages import CallFailure, Completion, FailedCall, Message, Request
from codeio_ops.teacher.session import Result
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply

Body = dict[str, Any]
GOOD: Body = {
    "id": "a",
    "model": "m",
    "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "fine"}}
    ],
}
THOUGHT = [{"type": "text", "text": "hm"}]


def ask(base_url: str, **changes: object) -> Result:
    values: dict[str, object] = {
        "home": Path("/nonexistent"), "openai_base_url": base_url, "openai_api_key": "key",
        "model": "m", "teacher_timeout_s": 30.0, "teacher_retries": 1, **changes,
    }  # fmt: skip
    message = Message(role="user", content="secret source")
    teacher = Teacher.open(Settings.model_validate(values))
    (result,) = teacher.complete_all([Request(key="1", messages=(message,))])
    return result


def answered(body: Body) -> tuple[Result, int]:
    with ScriptedEndpoint([ScriptedReply(body=json.dumps(body))]) as endpoint:
        return ask(endpoint.base_url), len(endpoint.requests)


def changed(change: Callable[[Body], object]) -> Body:
    body = copy.deepcopy(GOOD)
    change(body)
    return body


def stopped(reason: str) -> Body:
    return changed(lambda body: body["choices"][0].update(finish_reason=reason))


def said(**message: object) -> Body:
    return changed(lambda body: body["choices"][0]["message"].update(message))


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        *(stopped(word) for word in ("eos_token", "stop_sequence", "STOP", "end_turn", "COMPLETE")),
        changed(lambda body: body.update(id=None, model=None, usage=None)),
        changed(lambda body: body["usage"].update(prompt_tokens=None, completion_tokens=None)),
        changed(lambda body: body.pop("id")),
        changed(lambda body: body.update(id=7)),
        changed(lambda body: body.update(codeio=None)),
        said(refusal=None, reasoning_content=None, reasoning=None),
        said(content=[{"type": "text", "text": "fi"}, "ne"]),
        said(content=[{"type": "output_text", "text": {"value": "fine"}}]),
        *(stopped(word) for word in ("FinishReason.STOP", "stop_token", "completed")),
        said(content={"type": "text", "text": "fine"}, reasoning={"content": "hm"}),
    ],
)
def test_every_dialect_is_one_completion(body: Body) -> None:
    result, posts = answered(body)
    assert isinstance(result, Completion)
    assert (result.text, posts) == ("fine", 1)


@pytest.mark.parametrize(
    "thought",
    [
        {"type": "thinking", "thinking": THOUGHT},
        {"type": "thinking", "thinking": "hm"},
        {"type": "reasoning", "text": "hm"},
    ],
)
def test_parts_that_are_thinking_are_the_reasoning(thought: Body) -> None:
    result, _ = answered(said(content=[thought, {"type": "text", "text": "fine"}]))
    assert isinstance(result, Completion)
    assert (result.text, result.reasoning) == ("fine", "hm")


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "model_length", "length"])
def test_a_reply_that_was_cut_is_truncated_in_every_dialect(reason: str) -> None:
    result, posts = answered(stopped(reason))
    assert isinstance(result, FailedCall)
    assert (result.reason, posts) == (CallFailure.TRUNCATED, 1)


@pytest.mark.parametrize("reason", ["SAFETY", "content_filter", "refusal"])
def test_a_reply_that_was_withheld_is_filtered_in_every_dialect(reason: str) -> None:
    result, posts = answered(stopped(reason))
    assert isinstance(result, FailedCall)
    assert (result.reason, posts) == (CallFailure.CONTENT_FILTER, 1)


def test_a_byte_order_mark_before_a_body_is_no_fault() -> None:
    with ScriptedEndpoint([ScriptedReply(body="\ufeff" + json.dumps(GOOD))]) as endpoint:
        assert isinstance(ask(endpoint.base_url), Completion)


def test_a_reply_that_the_endpoint_broke_off_is_asked_for_again() -> None:
    replies = [ScriptedReply(body=json.dumps(body)) for body in (stopped("error"), GOOD)]
    with ScriptedEndpoint(replies) as endpoint:
        assert isinstance(ask(endpoint.base_url), Completion)
        assert len(endpoint.requests) == 2


@pytest.mark.parametrize("reason", ["tool_calls", "whatever"])
def test_a_reason_that_nobody_knows_is_not_asked_for_again(reason: str) -> None:
    result, posts = answered(stopped(reason))
    assert isinstance(result, FailedCall)
    assert (result.reason, posts) == (CallFailure.BAD_REPLY, 1)
    assert reason in result.detail


def test_parts_of_a_stream_are_put_together() -> None:
    deltas = [
        {"content": [{"type": "thinking", "thinking": THOUGHT}]},
        {"content": [{"type": "text", "text": "fi"}]},
        {"content": "ne"},
    ]
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "eos_token"}]})
    text = "".join(f"data: {json.dumps({**GOOD, **chunk})}\n\n" for chunk in chunks)
    reply = ScriptedReply(body=text, headers={"content-type": "text/event-stream"})
    with ScriptedEndpoint([reply]) as endpoint:
        result = ask(endpoint.base_url, teacher_stream=True)
    assert isinstance(result, Completion)
    assert (result.text, result.reasoning) == ("fine", "hm")


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize("stream", [False, True])
def test_no_prompt_follows_a_redirect(status: int, stream: bool) -> None:
    with ScriptedEndpoint([chat_reply("owned")]) as other:
        location = {"location": f"{other.base_url}/chat/completions?token=x"}
        with (
            ScriptedEndpoint([ScriptedReply(status=status, headers=location)]) as one,
            pytest.raises(TeacherRefused, match="sends requests on to http://127") as caught,
        ):
            ask(one.base_url, teacher_stream=stream)
        assert other.requests == []
    assert "token" not in str(caught.value)


def test_a_body_that_is_packed_is_read() -> None:
    body = gzip.compress(json.dumps(GOOD).encode()).decode(errors="surrogateescape")
    reply = ScriptedReply(body=body, headers={"content-encoding": "gzip"})
    with ScriptedEndpoint([reply]) as endpoint:
        assert isinstance(ask(endpoint.base_url), Completion)


_CLIENT = """
import sys
from pathlib import Path
from codeio_ops.config import Settings
from codeio_ops.errors import TeacherUnavailable
from codeio_ops.teacher.client import Teacher
from codeio_ops.teacher.messages import Message, Request
settings = Settings.model_validate({
    "home": Path("/nonexistent"), "openai_base_url": sys.argv[1], "openai_api_key": "key",
    "model": "m", "teacher_timeout_s": 60.0, "teacher_retries": 0,
    "teacher_stream": sys.argv[2] == "1",
})
request = Request(key="1", messages=(Message(role="user", content="hi"),))
def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10
before = peak()
try:
    print(list(Teacher.open(settings).complete_all([request])))
except TeacherUnavailable as exc:
    assert "too long" in str(exc), exc
    print(peak() - before)
"""
_MEBIBYTES = 400


@pytest.fixture(params=["plain", "gzip", "stream"])
def flood(request: pytest.FixtureRequest) -> Iterator[tuple[str, bool]]:
    """An endpoint that sends far more than a reply may have, and whether it is asked to stream."""
    spaces = b" " * (1 << 20)
    streams = request.param == "stream"
    pieces = [spaces] * _MEBIBYTES
    if request.param == "gzip":
        pieces = [gzip.compress(spaces * _MEBIBYTES)]
    if streams:
        chunk = {"choices": [{"index": 0, "delta": {"content": "a" * (1 << 20)}}]}
        pieces = [f"data: {json.dumps(chunk)}\n\n".encode()] * _MEBIBYTES

    class Handler(QuietHandler, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.body()
            self.send_response(200)
            kind = "text/event-stream" if streams else "application/json"
            self.send_header("content-type", kind)
            if request.param == "gzip":
                self.send_header("content-encoding", "gzip")
            self.end_headers()
            try:
                for piece in pieces:
                    self.wfile.write(piece)
            except ConnectionError:  # the client has had enough, which is the point
                self.close_connection = True

    with LocalEndpoint(Handler) as server:
        yield server.base_url, streams


def test_no_reply_fills_the_memory(flood: tuple[str, bool]) -> None:
    address, streams = flood
    client = subprocess.run(
        (sys.executable, "-c", _CLIENT, address, str(int(streams))),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert client.returncode == 0, client.stderr
    assert int(client.stdout) < 200
