"""The client of the Batch API, over real HTTP: what a batch that ended says."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from codeio_ops.config import Settings
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


def test_replies_are_read_line_by_line_whatever_stands_in_them() -> None:
    text = "a\u2028b\x85c\rd"
    with BatchEndpoint(lambda _: chat_reply(text)) as endpoint, opened(endpoint) as client:
        batch = client.submit([request("one"), request("two")])
        endpoint.finish()
        replies = list(client.replies(client.find(batch.id)))
    assert [reply.request_sha256 for reply in replies] == ["one", "two"]
    assert all(reply.body and not reply.failure for reply in replies)


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
