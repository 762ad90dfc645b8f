"""A package index over HTTP, whose archives a test may change while it serves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler

from codeio_ops.testing.servers import LocalEndpoint, QuietHandler


@contextmanager
def package_index(
    archives: Mapping[str, bytes], yanked: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Serve the archives by their names, as any package; give the address of the index."""

    def link(name: str) -> str:
        withdrawn = ' data-yanked="broken"' if name in yanked else ""
        digest = sha256(archives[name]).hexdigest()
        return f'<a href="/{name}#sha256={digest}"{withdrawn}>{name}</a>'

    class Handler(QuietHandler, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            links = "".join(map(link, archives))
            page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
            self.answer(archives.get(self.path.strip("/"), page), content_type="text/html")

    with LocalEndpoint(Handler) as server:
        yield f"{server.url}/simple/"
