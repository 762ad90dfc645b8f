"""The client of the Batch API, over real HTTP: what a batch that ended says."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import TeacherRefused
from codeio_ops.jsonvalue import Json
from codeio_ops.teacher.batch import BatchClient, failure_code, is_wrong
from codeio_ops.teacher.endpoint import Endpoint
from codeio_ops.teacher.messages import Message, Request
from codeio_ops.testing.batches import BatchEndpoint
from codeio_ops.testing.teachers import chat_reply


@contextmanager
def opened(endpoint: BatchEndpoint) -> Iterator[BatchClient]:
    settings = Settings.model_validate(
        {
            "home": Path("/nonexistent"),
            "openai_base_url": endpoint.base_url,
            "openai_api_key": "key",
            "model": "scripted",
        }
    )
    with closing(BatchClient(settings, Endpoint.chosen(settings))) as client:
        yield client


def request(name: str) -> tuple[str, Request]:
    return name, Request(key=name, messages=(Message(role="user", content=name),))


def replies_file(endpoint: BatchEndpoint, client: BatchClient, batch_id: str) -> bytes:
    """Return the file of replies as the endpoint gives it."""
    file_id = client.find(batch_id).output_file_id
    return httpx.get(f"{endpoint.base_url}/files/{file_id}/content").content


def test_replies_are_read_line_by_line_whatever_stands_in_them() -> None:
    text = "a\u2028b\x85c\rd"
    with BatchEndpoint(lambda _: chat_reply(text)) as endpoint, opened(endpoint) as client:
        batch = client.submit([request("one"), request("two")])
        endpoint.finish()
        replies = list(client.replies(client.find(batch.id)))
    assert [reply.request_sha256 for reply in replies] == ["one", "two"]
    assert all(reply.body and not reply.failure for reply in replies)


def test_a_line_that_cannot_be_read_costs_no_other() -> None:
    with BatchEndpoint(lambda _: chat_reply("fine")) as endpoint, opened(endpoint) as client:
        batch = client.submit([request("one"), request("two")])
        endpoint.finish()
        first, second = replies_file(endpoint, client, batch.id).splitlines()
        odd = b"\n".join([b"<html>", first, first[:40], b"[" * 100_000, b"{}", second])
        endpoint.batches[batch.id]["output_file_id"] = endpoint.add_file(odd)
        replies = list(client.replies(client.find(batch.id)))
    assert [reply.request_sha256 for reply in replies if reply.body] == ["one", "two"]


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codeio_ops.teacher.batch.MAX_FILE_BYTES", 100)
    with BatchEndpoint(lambda _: chat_reply("fine")) as endpoint, opened(endpoint) as client:
        batch = client.submit([request("one")])
        endpoint.finish()
        with pytest.raises(TeacherRefused, match="longer than 100 bytes"):
            list(client.replies(client.find(batch.id)))


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("token_limit_exceeded", False),
        ("server_error", False),
        ("invalid_json_line", True),
        ("", False),
    ],
)
def test_a_batch_that_failed_as_a_whole_says_why(code: str, wrong: bool) -> None:
    errors: Json = {"object": "list", "data": [{"code": code, "message": ""}] if code else []}
    with BatchEndpoint(lambda _: chat_reply("x")) as endpoint, opened(endpoint) as client:
        batch = client.submit([request("one")])
        endpoint.batches[batch.id]["errors"] = errors
        endpoint.finish("failed")
        found = client.find(batch.id)
    assert (failure_code(found), is_wrong(found)) == (code, wrong)
