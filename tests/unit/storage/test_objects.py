"""The object store and the dialects of S3: nothing that must stay is ever replaced."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import BlobStoreRefused, BlobStoreUnavailable, ReleaseExists
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler

_CHECKSUMS = ("x-amz-checksum", "x-amz-trailer", "x-amz-sdk-checksum")
Open = Callable[[str], ObjectStore]


class _Store(QuietHandler, BaseHTTPRequestHandler):
    """A store in memory that lacks what its mode says."""

    protocol_version = "HTTP/1.1"
    mode = ""
    held: dict[str, bytes]

    def do_PUT(self) -> None:
        body = self.body()
        key, conditional = urlsplit(self.path).path, bool(self.headers.get("if-none-match"))
        summed = any(name.lower().startswith(_CHECKSUMS) for name in self.headers)
        if (self.mode == "no checksums" and summed) or (
            self.mode == "no conditions" and conditional
        ):
            self._refuse(501, "NotImplemented")
        elif self.mode == "conflict" and conditional:
            self._refuse(409, "ConditionalRequestConflict")
        elif conditional and self.mode != "ignores conditions" and key in self.held:
            self._refuse(412, "PreconditionFailed")
        else:
            self.held[key] = body
            self._say(200)

    def do_GET(self) -> None:
        found = self.held.get(urlsplit(self.path).path)
        if found is None:
            self._refuse(404, "NoSuchKey")
        else:
            self._say(200, found)

    def do_DELETE(self) -> None:
        self.held.pop(urlsplit(self.path).path, None)
        self._say(204)

    def _refuse(self, status: int, code: str) -> None:
        self._say(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _say(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("etag", '"x"')
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def opened() -> Iterator[Open]:
    servers = ExitStack()

    def opening(mode: str) -> ObjectStore:
        handler = type("Handler", (_Store,), {"mode": mode, "held": {}})
        values = {
            "s3_endpoint_url": servers.enter_context(LocalEndpoint(handler)).url,
            "s3_access_key": "k", "s3_secret_key": "s", "s3_bucket": "b",
        }  # fmt: skip
        return ObjectStore.open(Settings.model_validate(values))

    with servers:
        yield opening


@pytest.mark.parametrize("mode", ["as AWS", "no checksums", "ignores conditions"])
def test_what_is_there_is_never_replaced(mode: str, opened: Open) -> None:
    objects = opened(mode)
    objects.put("a", b"x")
    objects.put_new("m", b"first")
    objects.put_new("m", b"first")
    with pytest.raises(ReleaseExists):
        objects.put_new("m", b"second")
    assert objects.get("m") == b"first"


@pytest.mark.parametrize("mode", ["as AWS", "no checksums"])
def test_a_store_that_honours_conditions_is_accepted(mode: str, opened: Open) -> None:
    objects = opened(mode)
    objects.require_conditional_writes()
    objects.require_conditional_writes()  # the probe leaves nothing behind


@pytest.mark.parametrize("mode", ["ignores conditions", "no conditions"])
def test_a_store_without_conditions_is_found_out(mode: str, opened: Open) -> None:
    with pytest.raises(BlobStoreRefused) as caught:
        opened(mode).require_conditional_writes()
    assert "If-None-Match" in caught.value.cure


def test_a_store_without_conditions_creates_nothing(opened: Open) -> None:
    objects = opened("no conditions")
    with pytest.raises(BlobStoreRefused, match="without replacing") as caught:
        objects.put_new("m", b"first")
    assert "KEY" not in caught.value.cure
    with pytest.raises(BlobStoreRefused, match="lacks an object"):
        objects.get("m")


def test_two_writers_at_once_are_a_passing_fault(opened: Open) -> None:
    with pytest.raises(BlobStoreUnavailable):
        opened("conflict").put_new("m", b"first")
