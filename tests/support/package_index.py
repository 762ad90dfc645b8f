"""A package index over HTTP, whose archives a test may change while it serves."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def package_index(
    archives: Mapping[str, bytes], yanked: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Serve the archives by their names, as any package; give the address of the index."""

    def link(name: str) -> str:
        withdrawn = ' data-yanked="broken"' if name in yanked else ""
        digest = sha256(archives[name]).hexdigest()
        return f'<a href="/{name}#sha256={digest}"{withdrawn}>{name}</a>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            links = "".join(map(link, archives))
            page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
            body = archives.get(self.path.strip("/"), page)
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()
