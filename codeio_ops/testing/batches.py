"""A Batch API that is shipped for tests: `/v1/files` and `/v1/batches`, over real HTTP.

The replies of a batch come from a script, as with `ScriptedEndpoint`; a batch ends when the test
says so.
"""

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from codeio_ops.jsonvalue import Json
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler
from codeio_ops.testing.teachers import ScriptedReply

_PART = re.compile(rb'name="file".*?\r\n\r\n(.*?)\r\n--', re.DOTALL)


class BatchEndpoint(LocalEndpoint):
    """An endpoint with a Batch API; a context manager.

    The script gives the reply to a request's body; status 0 leaves the request out of the
    files, as an expired batch does.

    Attributes:
        batches: The batches by id, as the API shows them.
        sent: Bodies of the requests of each batch, in the order of submission.
    """

    def __init__(self, script: Callable[[dict[str, Json]], ScriptedReply]) -> None:
        """Start to listen on a free port."""
        self.batches: dict[str, dict[str, Json]] = {}
        self.sent: list[list[dict[str, Json]]] = []
        self._files: dict[str, bytes] = {}
        self._script = script
        super().__init__(_handler(self))

    def finish(self, status: str = "completed") -> None:
        """End every open batch; one that failed as a whole has no files."""
        for number, batch in enumerate(self.batches.values()):
            if batch["status"] != "in_progress":
                continue
            lines: dict[bool, list[str]] = {True: [], False: []}
            ran = self._lines(str(batch["input_file_id"])) if status != "failed" else []
            for request in ran:
                body = request["body"]
                assert isinstance(body, dict)
                reply = self._script(body)
                if reply.status:
                    answered = reply.status == 200
                    lines[answered].append(_line(str(request["custom_id"]), reply))
            for answered, name in ((True, "output"), (False, "error")):
                if lines[answered]:
                    batch[f"{name}_file_id"] = self.add_file(
                        "\n".join(lines[answered]).encode(), f"{name}-{number}"
                    )
            batch["status"] = status

    def add_file(self, content: bytes, name: str = "") -> str:
        """Store a file and return its id."""
        file_id = f"file-{name or len(self._files)}"
        self._files[file_id] = content
        return file_id

    def add_batch(self, wanted: dict[str, Json]) -> dict[str, Json]:
        """Take a batch and return it as the API shows it."""
        batch: dict[str, Json] = {
            **wanted,
            "id": f"batch_{len(self.batches)}",
            "object": "batch",
            "status": "in_progress",
            "created_at": 0,
        }
        self.batches[str(batch["id"])] = batch
        requests = self._lines(str(wanted["input_file_id"]))
        self.sent.append([body for line in requests if isinstance(body := line["body"], dict)])
        return batch

    def content(self, file_id: str) -> bytes:
        """Return a file."""
        return self._files[file_id]

    def _lines(self, file_id: str) -> list[dict[str, Json]]:
        return [json.loads(line) for line in self._files[file_id].splitlines()]


def _line(custom_id: str, reply: ScriptedReply) -> str:
    response = {
        "status_code": reply.status,
        "request_id": f"req-{custom_id[:8]}",
        "body": json.loads(reply.body),
    }
    return json.dumps({"custom_id": custom_id, "response": response, "error": None})


def _handler(endpoint: BatchEndpoint) -> type[QuietHandler]:
    class Handler(QuietHandler, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.body()
            if self.path == "/v1/files":
                part = _PART.search(body)
                assert part is not None
                file = {"object": "file", "bytes": 0, "created_at": 0, "filename": "requests.jsonl"}
                file |= {
                    "id": endpoint.add_file(part[1]),
                    "purpose": "batch",
                    "status": "processed",
                }
                self.answer(json.dumps(file).encode())
            else:
                self.answer(json.dumps(endpoint.add_batch(json.loads(body))).encode())

        def do_GET(self) -> None:
            words = self.path.partition("?")[0].strip("/").split("/")
            match words:
                case ["v1", "batches"]:
                    listed = {"object": "list", "data": list(endpoint.batches.values())}
                    self.answer(json.dumps({**listed, "has_more": False}).encode())
                case ["v1", "batches", batch_id]:
                    self.answer(json.dumps(endpoint.batches[batch_id]).encode())
                case ["v1", "files", file_id, "content"]:
                    self.answer(endpoint.content(file_id))
                case _:
                    self.send_error(404)

    return Handler
