"""Clients that keep a connection and say nothing: they are closed in time, and never keep others out."""
from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reporting.database.service import BODY_LIMIT_BYTES
from tests.support.database_server import database_server

_HEAD = b"GET /api/v2.0/results HTTP/1.1\r\nHost: h\r\n"
_WAITING = b"GET /api/extra/following?after=0&wait=%d HTTP/1.1\r\nHost: h\r\n\r\n"
_SECONDS = 60


@contextmanager
def server_port(folder: Path, *options: str) -> Iterator[int]:
    with database_server(f"sqlite:///{folder}/results.db", options) as server:
        yield urlsplit(server.url).port or 0


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that waits a second; a test must not be preempted for longer in the middle of a request."""
    with server_port(tmp_path_factory.mktemp("database"), "--silence", "1", "--keep-alive", "1") as port:
        yield port


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)


def everything(client: socket.socket) -> bytes:
    """Return what comes until the server closes; a test without its end fails by the socket's timeout."""
    received = b""
    try:
        while data := client.recv(65536):
            received += data
    except ConnectionError:
        pass
    return received


def test_a_connection_that_says_nothing_is_closed_without_a_word(impatient: int) -> None:
    with connected(impatient) as client:
        assert everything(client) == b""


@pytest.mark.parametrize("sent", [
    b"G", _HEAD, b"POST /api/v2.0/results HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                 b"Content-Length: 90\r\n\r\n{"], ids=["one letter", "half a head", "half a body"])
def test_an_unfinished_request_is_told_so_and_closed(impatient: int, sent: bytes) -> None:
    with connected(impatient) as client:
        client.sendall(sent)

        assert everything(client).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("drip", [b"a", b"\r\n"])
def test_a_head_that_comes_drop_by_drop_is_no_way_around(impatient: int, drip: bytes) -> None:
    with connected(impatient) as client:
        client.sendall(_HEAD + b"X: " if drip == b"a" else drip)
        client.settimeout(0.1)
        end = time.monotonic() + _SECONDS
        received = None
        while received is None and time.monotonic() < end:
            try:
                received = client.recv(100)
            except TimeoutError:
                client.sendall(drip)
            except ConnectionError:
                received = b""

        assert received is not None


def test_a_body_that_keeps_coming_is_waited_for(tmp_path: Path) -> None:
    body = b'{"testcase": "t", "outcome": "PASSED"}'
    with server_port(tmp_path, "--silence", "4") as port, connected(port) as client:
        client.sendall(b"POST /api/v2.0/results HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                       b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
        client.settimeout(0.13)
        for each in body[:-1]:  # five seconds
            client.sendall(bytes([each]))
            with pytest.raises(TimeoutError):
                client.recv(1)
        client.settimeout(_SECONDS)
        client.sendall(body[-1:])

        assert everything(client).startswith(b"HTTP/1.1 201 ")


def test_an_answer_may_take_longer_than_a_client(impatient: int) -> None:
    with connected(impatient) as client:
        client.sendall((_WAITING % 2).replace(b"after=0", b"after=now"))

        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_connection_that_asks_no_more_is_closed(impatient: int) -> None:
    with connected(impatient) as client:
        client.sendall(_HEAD + b"\r\n")

        assert everything(client).startswith(b"HTTP/1.1 200 ")


def test_silent_connections_never_keep_another_client_out(tmp_path: Path) -> None:
    with server_port(tmp_path, "--connections", "5") as port, ExitStack() as stack:
        silent = [stack.enter_context(connected(port)) for _ in range(30)]
        silent[-1].sendall(_HEAD)
        with connected(port) as client:
            client.sendall(_HEAD + b"Connection: close\r\n\r\n")

            assert everything(client).startswith(b"HTTP/1.1 200 ")
        assert everything(silent[0]) == b""  # the most silent ones made room


def test_a_server_busy_on_every_connection_says_come_again(tmp_path: Path) -> None:
    answer = b""
    end = time.monotonic() + _SECONDS
    with server_port(tmp_path, "--connections", "2") as port:
        while b" 503 " not in answer and time.monotonic() < end:  # until both requests arrived before the third
            with ExitStack() as stack:
                for _ in range(2):
                    stack.enter_context(connected(port)).sendall((_WAITING % 30).replace(b"after=0", b"after=now"))
                client = stack.enter_context(connected(port))
                client.sendall(_HEAD + b"Connection: close\r\n\r\n")
                answer = everything(client)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 2\r\n" in answer
    assert answer.endswith(b'{"message":"too many connections; try again in a moment"}')


def test_bodies_that_fill_the_memory_are_told_to_come_again(tmp_path: Path) -> None:
    head = (b"POST /api/v2.0/results HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % BODY_LIMIT_BYTES)
    with server_port(tmp_path, "--silence", "60") as port, ExitStack() as stack:
        fillers: list[socket.socket] = []
        answer = b""
        end = time.monotonic() + _SECONDS
        while not answer and time.monotonic() < end:
            while len(fillers) < 4:
                fillers.append(stack.enter_context(connected(port)))
                with contextlib.suppress(ConnectionError):
                    fillers[-1].sendall(head + b" " * (BODY_LIMIT_BYTES - 1))
            # what was sent is read by now, or soon; the one that comes last of all may have to go for the next client
            refused, _, _ = select.select(fillers, [], [], 1)
            if refused:
                fillers = [each for each in fillers if each not in refused]
                continue
            with connected(port) as client:
                client.sendall(head + b" " * 9)
                client.settimeout(5)
                with contextlib.suppress(TimeoutError):
                    answer = client.recv(65536)
        with connected(port) as client:  # reading goes on
            client.sendall(_HEAD + b"Connection: close\r\n\r\n")

            assert everything(client).startswith(b"HTTP/1.1 200 ")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 2\r\n" in answer
