"""Fakes that are shipped, so that users of the library can test with them too.

`ScriptedEndpoint` is a chat-completions endpoint that replies what a test tells it, faults
included, over real HTTP. `ScriptedSandbox` runs nothing: a test tells what becomes of each call.
`KeptFacts` takes what a stage writes and keeps it in memory.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from codeio_ops.config import OFFLINE_MODEL
from codeio_ops.jsonvalue import Json
from codeio_ops.records import Record, StageRun
from codeio_ops.sandbox.base import Limits, Program, RunResult
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedReply:
    """One HTTP reply.

    Attributes:
        status: HTTP status; 0 closes the connection without a reply.
        body: Body as text; not necessarily JSON.
        headers: Headers besides the length; the content type defaults to JSON.
        delay_s: Seconds to wait before replying.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


def chat_reply(
    text: str,
    *,
    finish_reason: str = "stop",
    model: str = "scripted",
    delay_s: float = 0.0,
    extra: Mapping[str, Json] | None = None,
) -> ScriptedReply:
    """A well-formed chat completion."""
    body: dict[str, Json] = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": text},
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        **(extra or {}),
    }
    return ScriptedReply(body=json.dumps(body), delay_s=delay_s)


def error_reply(
    status: int, code: str = "", *, headers: Mapping[str, str] | None = None
) -> ScriptedReply:
    """An error in OpenAI's shape."""
    error: dict[str, Json] = {"message": "scripted", "type": "scripted", "code": code or None}
    return ScriptedReply(status=status, body=json.dumps({"error": error}), headers=headers or {})


class ScriptedEndpoint(LocalEndpoint):
    """An endpoint on loopback that takes its replies from a script; a context manager.

    The script is a list that is used up, its last reply repeating, or a function of the
    request's body. Asked for its models, it lists the embedded teacher's, of version `scripted`.

    Attributes:
        requests: Bodies of the requests so far.
        most_at_once: Most requests that were ever in progress together.
    """

    def __init__(
        self, script: Iterable[ScriptedReply] | Callable[[dict[str, Json]], ScriptedReply]
    ) -> None:
        """Start to listen on a free port."""
        self.requests: list[dict[str, Json]] = []
        self.most_at_once = 0
        self._at_once = 0
        self._script = script if callable(script) else list(script)
        self._lock = threading.Lock()
        super().__init__(_handler(self))

    def reply_to(self, body: dict[str, Json]) -> ScriptedReply:
        """Take the next reply; called once for each request."""
        with self._lock:
            self.requests.append(body)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            if callable(self._script):
                return self._script(body)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def done(self) -> None:
        """Note that a reply has been sent."""
        with self._lock:
            self._at_once -= 1


def _handler(endpoint: ScriptedEndpoint) -> type[QuietHandler]:
    class Handler(QuietHandler, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            models: Json = [{"id": OFFLINE_MODEL, "object": "model", "version": "scripted"}]
            self.answer(json.dumps({"object": "list", "data": models}).encode())

        def do_POST(self) -> None:
            reply = endpoint.reply_to(json.loads(self.body()))
            time.sleep(reply.delay_s)
            body = reply.body.encode(errors="surrogateescape")
            if not reply.status:
                self.close_connection = True
                endpoint.done()
                return
            try:
                self.send_response(reply.status)
                for name, value in {"content-type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:  # the client gave up, which a test of timeouts wants
                self.close_connection = True
            finally:
                endpoint.done()

    return Handler


class ScriptedSandbox:
    """A sandbox that runs no program; safe to call from several threads.

    Attributes:
        jobs: Program, inputs and seed of each job so far.
    """

    image_digest = "sha256:scripted"
    workers = 1

    def __init__(self, script: Callable[[Program, Json], RunResult]) -> None:
        """Take the function that says what a program does with an input."""
        self.jobs: list[tuple[Program, list[Json], int]] = []
        self._script = script

    def run(
        self,
        program: Program,
        inputs: Sequence[Json],
        *,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> list[RunResult]:
        """Ask the script about each input, in order."""
        self.jobs.append((program, list(inputs), seed))
        return [self._script(program, given) for given in inputs]


class KeptFacts:
    """Stands where a `FactWriter` does and keeps what is written.

    Attributes:
        run: The stage run that facts name.
        records: What was written, in order.
    """

    def __init__(self, run: StageRun) -> None:
        """Take the run."""
        self.run = run
        self.records: list[Record] = []

    def write(self, records: Sequence[Record]) -> int:
        """Keep records."""
        self.records += records
        return len(records)
