"""
The ASGI door: bytes from uvicorn to `Application`, and back. The only user of uvicorn.

One process. The loop reads and writes sockets; each request is answered in a
thread, because databases block.
"""
from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from threading import Thread
from types import FrameType
from typing import Any

from reporting.database.application import Application, Arrival
from reporting.database.exchange import Response, dumped, json_response
from reporting.database.silence_limit import ConnectionLimits, SilenceLimitProtocol

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Requests answered at once; each holds a database connection.
THREADS = 8
#: Bodies of the largest size that may wait for their answers at once; more would be more memory.
_HELD_BODIES = 4
#: Files that the process has open beside its connections: the database's, sockets to it, the log.
_OTHER_FILES = 100
#: Seconds running requests get when the server is told to stop.
_GRACE_SECONDS = 10


class AsgiDoor:
    """The ASGI application over ours."""

    def __init__(self, application: Application) -> None:
        self._application = application
        #: True: who waits for something new is answered now.
        self.is_stopping = False
        self._threads = Threads(application.answer)
        #: Of all bodies that have come and are not answered.
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        parts: list[bytes] = []
        try:
            refusal = await self._receive_body(receive, parts)
            answer = refusal or await self._answer(_arrival(scope, b"".join(parts)))
        except ConnectionError:
            return
        finally:
            self._held_bytes -= sum(map(len, parts))
        headers = {"content-type": answer.content_type, "content-length": str(len(answer.body))}
        headers.update((name.lower(), value) for name, value in answer.headers.items())
        await send({"type": "http.response.start", "status": answer.status,
                    "headers": [(name.encode("latin-1"), _header(value)) for name, value in headers.items()]})
        await send({"type": "http.response.body", "body": answer.body})

    async def _receive_body(self, receive: Receive, parts: list[bytes]) -> Response | None:
        """Gather the body; return the answer where it is refused. Raises ConnectionError: the client has gone."""
        limit_bytes = self._application.service.body_limit_bytes
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client has gone")
            part = message.get("body", b"")
            size += len(part)
            self._held_bytes += len(part)
            parts.append(part)
            if size > limit_bytes:
                return _refused(413, f"a body of more than {limit_bytes} bytes; send less at a time")
            if self._held_bytes > _HELD_BODIES * limit_bytes:
                return _refused(503, "too many large bodies at once; try again in a moment", {"Retry-After": "2"})
            if not message.get("more_body"):
                return None

    async def _answer(self, arrival: Arrival) -> Response:
        # a hop to a thread and back costs more than most answers
        at_once = self._application.answer_at_once(arrival)
        if at_once is not None:
            return at_once
        loop = asyncio.get_running_loop()
        started = loop.time()
        answer = await self._threads.answer(arrival)
        while answer.ask_again_seconds is not None and not self.is_stopping:
            await asyncio.sleep(answer.ask_again_seconds)
            arrival = replace(arrival, waited_seconds=loop.time() - started)
            answer = await self._threads.answer(arrival)
        return answer

    def close(self) -> None:
        """Wait for running requests."""
        self._threads.close()


class Threads:
    """Answers requests in threads. Leaner than an executor: one queue there, one call back."""

    def __init__(self, answer: Callable[[Arrival], Response]) -> None:
        self._answer = answer
        self._queue: SimpleQueue[tuple[Arrival, asyncio.Future[Response]] | None] = SimpleQueue()
        self._threads = [Thread(target=self._run, name=f"results-{number}", daemon=True) for number in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def answer(self, arrival: Arrival) -> asyncio.Future[Response]:
        """Return a future of the running loop."""
        done: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._queue.put((arrival, done))
        return done

    def close(self) -> None:
        """Wait for what is in hand."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            arrival, done = work
            answer = self._answer(arrival)
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                done.get_loop().call_soon_threadsafe(_give, done, answer)


def _give(done: asyncio.Future[Response], answer: Response) -> None:
    if not done.cancelled():
        done.set_result(answer)


def _header(value: str) -> bytes:
    return value.replace("\r", "").replace("\n", "").encode("latin-1", "replace")


def _refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    answer = json_response(dumped({"message": message}), status)
    answer.headers.update({"Connection": "close", **(headers or {})})
    return answer


def _arrival(scope: Scope, body: bytes) -> Arrival:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    host, port = scope.get("server") or ("localhost", None)
    return Arrival(
        method=scope["method"], quoted_path=scope["raw_path"].decode("latin-1"),
        query_string=scope["query_string"].decode("utf-8", "replace"), headers=headers, body=body,
        scheme=scope["scheme"], server=f"{host}:{port}" if port else host)


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0: a free one. Raises OSError: taken, or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(2048)
    return listening


def allow_connections(number: int) -> int:
    """Let the process open so many files; return how many connections it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return number if soft == resource.RLIM_INFINITY else max(min(number, soft - _OTHER_FILES), 1)


def run(application: Application, listening: socket.socket, limits: ConnectionLimits,
        when_ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; then answer what runs, for a grace period, and return."""
    import uvicorn

    door = AsgiDoor(application)
    limits = replace(limits, connections=allow_connections(limits.connections))
    protocol = partial(SilenceLimitProtocol, limits=limits)
    config = uvicorn.Config(door, loop="uvloop", http=protocol, lifespan="off",  # type: ignore[arg-type]
                            access_log=False, log_config=None, server_header=False,
                            timeout_keep_alive=limits.keep_alive_seconds,  # type: ignore[arg-type]
                            timeout_graceful_shutdown=_GRACE_SECONDS, proxy_headers=False)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            when_ready()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            door.is_stopping = True
            super().handle_exit(sig, frame)

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Stop in order, and without raising the signal again: stopping when told is no failure."""
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    Server(config).run([listening])
    door.close()
