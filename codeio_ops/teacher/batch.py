"""An endpoint's Batch API: many requests as one file, for a lower price, within a day.

Source: https://platform.openai.com/docs/guides/batch; `/v1/files` and `/v1/batches`.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openai import (
    APIConnectionError,
    APIStatusError,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    DefaultHttpxClient,
    OpenAI,
)
from openai.types import Batch

from codeio_ops.config import Settings
from codeio_ops.errors import TeacherRefused, TeacherUnavailable
from codeio_ops.fingerprint import value_sha256
from codeio_ops.jsonl import lines, parse_line
from codeio_ops.proxies import http_options
from codeio_ops.teacher.endpoint import ADDRESS_CURE, Endpoint
from codeio_ops.teacher.faults import PassingFault, fault_of
from codeio_ops.teacher.journal import MAX_BODY_BYTES
from codeio_ops.teacher.messages import Request
from codeio_ops.teacher.session import parameters, wire_message

# No endpoint takes so many requests that their replies would be longer.
MAX_FILE_BYTES = 4 << 30
_ENDED = ("completed", "failed", "expired", "cancelled")
# Why a batch as a whole fails although nothing is wrong with it.
_PASSING = ("token_limit_exceeded", "request_limit_exceeded", "rate_limit_exceeded", "server_error")
_SMALLER = "Lower CODEIO_TEACHER_BATCH_REQUESTS, or set CODEIO_TEACHER_BATCH=false."
_KEY = "codeio_batch"
_RECENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReply:
    """What a batch says of one request: a body, or why there is none."""

    request_sha256: str
    body: bytes | None
    request_id: str
    failure: str


class BatchClient:
    """Submits batches, asks for their state and reads their replies."""

    def __init__(self, settings: Settings, endpoint: Endpoint) -> None:
        """Prepare a client; nothing is sent yet."""
        self._settings = settings
        self._endpoint = endpoint
        self._client = OpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.key.get_secret_value(),
            timeout=settings.teacher_timeout_s,
            http_client=DefaultHttpxClient(
                **http_options(endpoint.base_url), follow_redirects=False
            ),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def submit(self, requests: Sequence[tuple[str, Request]]) -> Batch:
        """Hand in requests with their fingerprints, or find the batch that already holds them.

        A process may die after the endpoint took a batch and before its id is stored. So the
        batch bears a key of its content, and recent batches are searched for it first.

        Raises:
            TeacherUnavailable: the endpoint cannot be reached or has a fault.
            TeacherRefused: it refuses the key, or has no Batch API.
        """
        key = value_sha256([fingerprint for fingerprint, _ in requests])
        lines = "".join(self._line(fingerprint, request) for fingerprint, request in requests)
        with _mapped(self._endpoint):
            for batch in self._client.batches.list(limit=_RECENT).data:
                if (batch.metadata or {}).get(_KEY) == key and batch.status not in _ENDED:
                    return batch
            file = self._client.files.create(
                file=("requests.jsonl", lines.encode()), purpose="batch"
            )
            return self._client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={_KEY: key},
            )

    def find(self, batch_id: str) -> Batch:
        """Return a batch as it stands; see `submit` for what is raised."""
        with _mapped(self._endpoint):
            return self._client.batches.retrieve(batch_id)

    def replies(self, batch: Batch) -> Iterator[BatchReply]:
        """Read the files of a batch that ended, replies before errors."""
        for file_id in (batch.output_file_id, batch.error_file_id):
            if not file_id:
                continue
            with tempfile.TemporaryDirectory() as directory:
                path = Path(directory) / "replies.jsonl"
                self._download(file_id, path)
                with path.open("rb") as opened:
                    for _, line, _ in lines(opened, path.name, limit=2 * MAX_BODY_BYTES):
                        yield _reply(_parsed(line))

    def _download(self, file_id: str, path: Path) -> None:
        """Write a file of the API to disk: it is never held whole, and never without end."""
        get = self._client.files.with_streaming_response.content
        with _mapped(self._endpoint), get(file_id) as response, path.open("wb") as file:
            for piece in response.iter_bytes():
                file.write(piece)
                if file.tell() > MAX_FILE_BYTES:
                    raise TeacherRefused(
                        f"a file of a batch at {self._endpoint.base_url} is longer than "
                        f"{MAX_FILE_BYTES} bytes",
                        cure=_SMALLER,
                    )

    def _line(self, fingerprint: str, request: Request) -> str:
        body = {
            "model": self._endpoint.model,
            "messages": [wire_message(message) for message in request.messages],
            "seed": request.seed,
            **parameters(self._settings),
        }
        line = {"custom_id": fingerprint, "method": "POST", "url": "/v1/chat/completions"}
        return json.dumps({**line, "body": body}) + "\n"


def has_ended(batch: Batch) -> bool:
    """Say whether a batch will not change any more."""
    return batch.status in _ENDED


def failure_code(batch: Batch) -> str:
    """Return why a batch failed as a whole; empty when the endpoint does not say."""
    errors = (batch.errors.data if batch.errors else None) or []
    return next((error.code for error in errors if error.code), "")


def is_wrong(batch: Batch) -> bool:
    """Say whether a batch failed for what is in it, so that it would fail again."""
    return batch.status == "failed" and failure_code(batch) not in ("", *_PASSING)


async def any_ended(settings: Settings, endpoint: Endpoint, batch_ids: Sequence[str]) -> bool:
    """Ask once, without blocking, whether one of these batches has ended.

    Raises:
        TeacherUnavailable: the endpoint cannot be reached or has a fault.
        TeacherRefused: it refuses the key or does not know a batch.
    """
    client = AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.key.get_secret_value(),
        timeout=settings.teacher_timeout_s,
        http_client=DefaultAsyncHttpxClient(
            **http_options(endpoint.base_url), follow_redirects=False
        ),
    )
    async with client:
        with _mapped(endpoint):
            for batch_id in batch_ids:
                if has_ended(await client.batches.retrieve(batch_id)):
                    return True
    return False


@contextmanager
def _mapped(endpoint: Endpoint) -> Iterator[None]:
    """Turn errors of the client library into ours."""
    try:
        yield
    except APIConnectionError as exc:
        raise TeacherUnavailable(
            f"no teacher answers at {endpoint.base_url}", cure=ADDRESS_CURE
        ) from exc
    except APIStatusError as exc:
        if exc.status_code == 404:
            raise TeacherRefused(
                f"the endpoint at {endpoint.base_url} has no Batch API, or lost the batch",
                cure="Set CODEIO_TEACHER_BATCH=false, or correct OPENAI_BASE_URL.",
            ) from exc
        fault = fault_of(exc, endpoint)
        if isinstance(fault, PassingFault):
            raise TeacherUnavailable(
                f"the Batch API at {endpoint.base_url} fails: {fault}", cure=fault.cure
            ) from exc
        if isinstance(fault, TeacherRefused):
            raise fault from exc
        raise TeacherRefused(
            f"the Batch API at {endpoint.base_url} refuses the batch ({fault})",
            cure=_SMALLER,
        ) from exc


def _parsed(line: bytes | None) -> object:
    """Return the object of a line; of one that cannot be read nothing: its request is left out."""
    try:
        return parse_line(line or b"", errors="replace")
    except (ValueError, RecursionError):
        return None


def _reply(row: object) -> BatchReply:
    line = row if isinstance(row, dict) else {}
    response, error = line.get("response"), line.get("error")
    found = response if isinstance(response, dict) else {}
    status, body = found.get("status_code"), found.get("body")
    code = error.get("code") if isinstance(error, dict) else None
    answered = status == 200 and body is not None
    return BatchReply(
        request_sha256=str(line.get("custom_id", "")),
        body=json.dumps(body).encode() if answered else None,
        request_id=str(found.get("request_id") or ""),
        failure="" if answered else f"status {status}, code {code}"[:200],
    )
