"""The embedded results database as a process of its own, and a small client to it."""
from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any

import requests

_START_SECONDS = 90
_STOP_SECONDS = 60
_COMMAND = "from reporting.database.commands.serve import serve; serve()"


@dataclass
class DatabaseServer:
    """A running server. `api("GET", "/results")` speaks below /api/v2.0."""

    url: str
    database_url: str
    process: subprocess.Popen[str]
    session: requests.Session = field(default_factory=requests.Session)

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request below /api/v2.0."""
        return self.session.request(method, f"{self.url}/api/v2.0{path}", timeout=60, **options)

    def get(self, path: str, **options: Any) -> Any:
        """Return the JSON of a request that must work."""
        answer = self.api("GET", path, **options)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def post(self, path: str, body: Any, **options: Any) -> Any:
        """Return the JSON of a POST that must create."""
        answer = self.api("POST", path, json=body, **options)
        assert answer.status_code == 201, (answer.status_code, answer.text)
        return answer.json()

    def add(self, outcome: str = "PASSED", testcase: Any = "dist.rpmlint", **fields: Any) -> Any:
        """Store a result; `data` is given by keyword like every other field."""
        return self.post("/results", {"outcome": outcome, "testcase": testcase, **fields})

    def ids(self, path: str, **options: Any) -> list[int]:
        """Return the ids of the results that a path lists."""
        return [row["id"] for row in self.get(path, **options)["data"]]


@contextmanager
def database_server(database_url: str, options: Sequence[str] = ()) -> Iterator[DatabaseServer]:
    """Start a server on a free port, stop it by SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "--port", "0", "--database", database_url, *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        server = DatabaseServer(_ready_url(process), database_url, process)
        # a server that has much to say must not wait for a reader
        threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
        yield server
        server.session.close()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        finally:
            process.kill()
            process.wait()


def _drain(stream: IO[str] | None) -> None:
    assert stream
    with stream, suppress(OSError):
        while os.read(stream.fileno(), 65536):
            pass


def _ready_url(process: subprocess.Popen[str]) -> str:
    """Return the URL that the server prints when it is ready."""
    assert process.stdout is not None
    said = ""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if select.select([process.stdout], [], [], 0.5)[0]:
            # not readline: a line that waits in its buffer would not wake select
            said += os.read(process.stdout.fileno(), 65536).decode()
            if match := re.search(r"results database: (http://\S+)", said):
                return match.group(1)
    raise AssertionError(f"the server did not start: {said}")
