"""A door into a master that is not there: real HTTP, the protocol of ARCHITECTURE.md, and faults on demand."""
from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.free_ports import free_ports

TOKEN = "door-token-of-the-tests"


class FakeDoor:
    """Remembers jobs by key; `answers` are given first, one each, before it behaves."""

    def __init__(self, port: int = 0) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.requests = 0
        #: (status, headers, body) for the next requests.
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        #: Fault to answer with, by name of a check.
        self.refuse: dict[str, str] = {}
        #: What `GET /waiting` says.
        self.waiting: list[dict[str, Any]] = []
        #: Its own although it is closed for a while: nobody else listens there meanwhile.
        self.port = port or free_ports(1)[0]
        self._known: dict[str, int] = {}
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listen; on the same port as before after a `close`."""
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet: apart, the second waits 40 ms for the first to be acknowledged.
            wbufsize = -1

            def setup(self) -> None:
                super().setup()
                door._connections.append(self.connection)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.answer(*door.take(self.path, self.headers.get("Authorization", ""), body))

            def do_GET(self) -> None:
                said = {"jobs": door.waiting} if self.path == "/waiting" else {"pending": 3, "accepting": True}
                self.answer(200, {}, json.dumps(said).encode())

            def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                return

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._connections.clear()
            self._server = None

    def take(self, path: str, authorization: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self.requests += 1
            if self.answers:
                return self.answers.pop(0)
            if authorization != f"Bearer {TOKEN}":
                return 401, {}, b"{}"
            if path != "/schedule":
                return 404, {}, b"{}"
            job = json.loads(body)
            if job["taskname"] in self.refuse:
                return 400, {}, json.dumps({"faults": [self.refuse[job["taskname"]]]}).encode()
            known = self._known.get(job["key"])
            if known is None:
                self.jobs.append(job)
                self._known[job["key"]] = len(self._known) + 1
            number = self._known[job["key"]]
            answer = json.dumps({"buildset": number, "build_id": job["build_id"]}).encode()
            return 201 if known is None else 200, {}, answer


@contextmanager
def running_door() -> Iterator[FakeDoor]:
    """Give a door that is open."""
    door = FakeDoor()
    door.open()
    try:
        yield door
    finally:
        door.close()


@contextmanager
def door_process() -> Iterator[str]:
    """Give the address of a door in a process of its own, for measurements."""
    process = subprocess.Popen([sys.executable, "-c", "from tests.support import door; door.main()"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(60)


def main() -> None:
    """Say the address, and stay until standard input ends."""
    with running_door() as door:
        print(door.url, flush=True)
        sys.stdin.read()


def token_file(folder: Path, token: str = TOKEN) -> Path:
    """Write the token as the stack does."""
    path = folder / "door-token"
    path.write_text(token + "\n")
    path.chmod(0o600)
    return path
