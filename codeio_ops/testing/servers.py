"""HTTP servers on loopback, which the endpoints of this package and of tests are made of."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class QuietHandler(BaseHTTPRequestHandler):
    """Answers without a line in the log for each request.

    A handler names `BaseHTTPRequestHandler` behind it: by that linters know its methods.
    """

    def answer(
        self, body: bytes = b"", *, status: int = 200, content_type: str = "application/json"
    ) -> None:
        """Send a whole reply."""
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        """Read the body of the request."""
        return self.rfile.read(int(self.headers.get("content-length", "0")))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class LocalEndpoint:
    """An HTTP server on a free port of loopback; a context manager."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        """Start to listen."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        """Its port."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """Base URL for a client, with the `/v1` of the API."""
        return f"{self.url}/v1"

    def __enter__(self) -> Self:
        """Start to reply."""
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
