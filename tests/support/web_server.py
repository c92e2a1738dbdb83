"""A web server for one test: answers as a function says, over real HTTP, and remembers what it was asked."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """One request."""

    method: str
    #: Without the query, unquoted.
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """One answer."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Claimed where the body is to break off.
    length: int | None = None


NOT_FOUND = Answer(b"not found", 404)


@dataclass
class WebServer:
    """A running server."""

    url: str
    requests: list[Request] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.requests]


@contextmanager
def web_server(answer: Callable[[Request], Answer]) -> Iterator[WebServer]:
    """Serve on a free port of loopback inside the `with`."""
    server = WebServer("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            body = self.rfile.read(length)
            request = Request(self.command, unquote(parts.path), parts.query, dict(self.headers), body)
            server.requests.append(request)
            given = answer(request)
            self.send_response(given.status)
            for name, value in {"Content-Type": given.content_type, **given.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body) if given.length is None else given.length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(given.body)
            self.close_connection = self.close_connection or given.length is not None

        do_POST = do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing: the test reads `requests`."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that went away is no matter."""

    with Server(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def files_below(folder: Path, prefix: str = "/") -> Callable[[Request], Answer]:
    """Return answers that are the files of a folder; folders list their entries."""

    def answer(request: Request) -> Answer:
        path = (folder / request.path.removeprefix(prefix).lstrip("/")).resolve()
        if not request.path.startswith(prefix) or not path.is_relative_to(folder.resolve()) or not path.exists():
            return NOT_FOUND
        if path.is_dir():
            names = [f"{entry.name}/" if entry.is_dir() else entry.name for entry in sorted(path.iterdir())]
            listing = "".join(f'<a href="{name}">{name}</a>\n' for name in names)
            return Answer(listing.encode(), content_type="text/html")
        return Answer(path.read_bytes(), content_type="application/octet-stream")

    return answer
