"""The head of a request is limited: one client's endless header may not hold up the others."""
from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from reporting.database.head_limit import HEAD_LIMIT
from tests.support.database_server import database_server


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory):
    with database_server(f"sqlite:///{tmp_path_factory.mktemp('database')}/r.sqlite") as server:
        yield urlsplit(server.url).port


def answer(port: int, parts: list[bytes]) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        received = b""
        try:
            for part in parts:
                client.sendall(part)
            while data := client.recv(65536):
                received += data
        except ConnectionError:
            pass  # closed with our bytes unread
        return received


def test_an_endless_header_is_cut_off(port: int) -> None:
    sent = answer(port, [b"GET /api/v2.0/ HTTP/1.1\r\nHost: h\r\nX: ", *[b"a" * 65536] * 200])

    assert sent == b"" or sent.startswith(b"HTTP/1.1 431 ")


def test_many_headers_are_cut_off(port: int) -> None:
    line = b"X-%d: b\r\n"
    sent = answer(port, [b"GET /api/v2.0/ HTTP/1.1\r\nHost: h\r\n", *(line % number for number in range(60_000))])

    assert sent == b"" or sent.startswith(b"HTTP/1.1 431 ")


def test_a_long_head_within_the_limit_and_a_longer_body_pass(port: int) -> None:
    body = b'{"testcase": "t", "outcome": "PASSED", "note": "' + b"x" * HEAD_LIMIT * 3 + b'"}'
    head = (b"POST /api/v2.0/results HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nX: " + b"a" * 60_000
            + b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body))

    assert answer(port, [head + body]).startswith(b"HTTP/1.1 201 ")


def test_many_small_requests_on_one_connection_pass(port: int) -> None:
    one = b"GET /api/v2.0/ HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 8000 + b"\r\n\r\n"
    last = b"GET /api/v2.0/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

    assert answer(port, [one] * 100 + [last]).count(b"HTTP/1.1 300 ") == 101
