"""
A real HTTP server that answers as a ResultsDB of API v2.0 does, and misbehaves where a test tells it to.

It knows no Idempotency-Key, like the original; so what stands twice here was sent twice.
"""
from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

OUTCOMES = ("PASSED", "INFO", "FAILED", "NEEDS_INSPECTION")


@dataclass
class ResultsServer:
    """What the server holds and how it behaves."""

    url: str = ""
    outcomes: tuple[str, ...] = OUTCOMES
    rows: list[dict[str, Any]] = field(default_factory=list)
    #: (method, path with query, headers) of every request.
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    #: Called with (method, path, body) before a request is served; a status it returns is answered instead.
    refuse: Callable[[str, str, Any], int | None] | None = None
    #: Called with each row after it is stored; a status it returns is answered although the row is there.
    after_storing: Callable[[dict[str, Any]], int | None] | None = None

    def found(self, **wanted: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if all(row["data"].get(key) == [value] for key, value in wanted.items())]


@contextmanager
def results_server(port: int = 0) -> Iterator[ResultsServer]:
    """Serve on a free port of the loopback; stopped at the end, connections closed."""
    state = ResultsServer()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._serve(None)

        def do_POST(self) -> None:
            self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _serve(self, body: Any) -> None:
            state.requests.append((self.command, self.path, dict(self.headers)))
            path = urlsplit(self.path).path.removeprefix("/api/v2.0")
            if state.refuse and (status := state.refuse(self.command, path, body)):
                return self._answer(status, {"message": "told to refuse"})
            if self.command == "POST":
                with lock:
                    row = _row(state, body)
                if state.after_storing and (status := state.after_storing(row)):
                    return self._answer(status, {"message": "Internal Server Error"})
                return self._answer(201, row)
            if path == "":
                return self._answer(300, {"outcomes": list(state.outcomes), "message": "hello"})
            return self._answer(200, _page(state, self.path))

        def _answer(self, status: int, data: Any) -> None:
            content = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _row(state: ResultsServer, body: dict[str, Any]) -> dict[str, Any]:
    number = len(state.rows) + 1
    row = {
        "id": number, "href": f"{state.url}/api/v2.0/results/{number}", "outcome": body["outcome"],
        "testcase": {"name": body["testcase"], "href": "", "ref_url": None}, "note": body["note"],
        "ref_url": body["ref_url"], "groups": [group["uuid"] for group in body["groups"]], "data": body["data"],
        "submit_time": body["submit_time"].removesuffix(".000000"),
    }
    state.rows.append(row)
    return row


def _page(state: ResultsServer, path: str) -> dict[str, Any]:
    asked = dict(parse_qsl(urlsplit(path).query))
    limit, page = int(asked.pop("limit", 20)), int(asked.pop("page", 0))
    rows = [row for row in reversed(state.rows) if all(_fits(row, key, value) for key, value in asked.items())]
    more = rows[(page + 1) * limit:]
    return {"data": rows[page * limit:(page + 1) * limit], "prev": None, "next": "more" if more else None}


def _fits(row: dict[str, Any], key: str, value: str) -> bool:
    if key == "since":
        return bool(row["submit_time"] >= value)
    held = {"testcases": [row["testcase"]["name"]], "outcome": [row["outcome"]], "groups": row["groups"]}
    return bool(set(value.split(",")) & set(held.get(key, row["data"].get(key, []))))
