"""What pages and REST answer while the database is away: at once, to whoever asks in whatever way."""
from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from buildbot.www.service import BuildbotSite
from twisted.internet import task
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web import resource, server

from buildbot_master.parts.absence import Absence
from buildbot_master.parts.absence_reason import CROWDED, REFUSED
from buildbot_master.parts.away_pages import PageRequest

SENTENCE = ("The master's database has been away for 7 s (PostgreSQL does not let the master in): checks that run go "
            "on, builds wait for it and continue by themselves; the master's log says what to do.")


class Waits(resource.Resource):
    """A page whose question the database has."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Any] = []

    def render(self, request: Any) -> Any:
        """Answer when the test does."""
        self.requests.append(request)
        return server.NOT_DONE_YET


class Figures(Waits):
    """One that has something to say without the database."""

    def without_database(self) -> tuple[str, bytes]:
        """Return what is known."""
        return "text/plain", b"known 1\n"


class File(resource.Resource):
    """One that needs no database."""

    def render(self, request: Any) -> bytes:
        """Answer."""
        return b"a file"

    def getChild(self, path: bytes, request: Any) -> Any:
        """Have all."""
        return File()


class World:
    """The site of a master whose database goes when the test says so, without a network."""

    def __init__(self) -> None:
        self.clock = task.Clock()
        self.clock.advance(1000)
        self.absence = Absence(lambda *_, **__: None, self.clock.seconds)
        self.api = Waits()
        root = File()
        for name, page in ((b"", Waits()), (b"api", self.api), (b"waiting.json", Waits()), (b"metrics", Figures()),
                           (b"ws", File()), (b"plugins", File())):
            root.putChild(name, page)
        self.site = BuildbotSite(root, None, 0, 0)
        self.site.requestFactory = PageRequest
        engine = SimpleNamespace(checkotron_patience=SimpleNamespace(absence=self.absence))
        self.site.master = SimpleNamespace(  # type: ignore[assignment]
            reactor=self.clock, db=SimpleNamespace(pool=SimpleNamespace(engine=engine)))
        self.site.startFactory()

    def away(self, reason: Any = REFUSED, seconds: float = 7.0) -> World:
        self.absence.begin(reason, "words for the log only", seconds)
        return self

    def send(self, raw: bytes) -> StringTransport:
        """Return a connection on which that was sent."""
        protocol, transport = self.site.buildProtocol(None), StringTransport()
        assert protocol
        transport.abortConnection = transport.loseConnection  # type: ignore[attr-defined]
        protocol.makeConnection(transport)
        protocol.dataReceived(raw)
        return transport

    def ask(self, path: str, accept: str = "text/html", method: str = "GET", body: bytes = b"") -> StringTransport:
        return self.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Length: {len(body)}\r\n"
                         "\r\n".encode() + body)


def answer(transport: StringTransport) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of what came; status 0: nothing yet."""
    head, _, body = transport.value().partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(first.split()[1]) if first else 0, headers, body


def test_a_browser_gets_a_page_that_says_what_is_wrong_and_looks_again() -> None:
    status, headers, body = answer(World().away().ask("/"))

    assert status == 503
    assert headers["Retry-After"] == "5"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    text = body.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in text
    assert "location.reload(); }, 5000)" in text
    assert SENTENCE.replace("'", "&#x27;") in text
    assert "words for the log" not in text


@pytest.mark.parametrize(("path", "accept"), [
    ("/api/v2/builds", "text/html"), ("/%61pi/v2/builds", "*/*"), ("/waiting.json", "text/html"),
    ("/", "application/json"), ("/api", "\xff;;q=,,")])
def test_a_program_gets_json(path: str, accept: str) -> None:
    status, headers, body = answer(World().away().ask(path, accept))

    assert (status, headers["Retry-After"], headers["Content-Type"]) == (503, "5", "application/json")
    assert json.loads(body) == {"error": SENTENCE}


def test_who_calls_by_json_rpc_finds_the_message_where_buildbot_has_it() -> None:
    _, _, body = answer(World().away().ask("/api/v2/builds/1", method="POST", body=b'{"jsonrpc": "2.0"}'))

    assert json.loads(body) == {"error": {"message": SENTENCE}}


@pytest.mark.parametrize("is_away", [True, False])
def test_a_body_that_nobody_needs_is_not_kept(is_away: bool) -> None:
    world = World()
    if is_away:
        world.away()
    much = b"x" * (1024 * 1024 + 1)

    whole = world.ask("/api/v2/builds/1", method="POST", body=much)
    in_chunks = world.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100001\r\n" + much
                           + b"\r\n0\r\n\r\n")

    assert answer(whole)[0] == answer(in_chunks)[0] == 413
    assert answer(whole)[2] == b"the body has more than 1048576 bytes\n"
    assert world.api.requests == []


def test_a_head_has_no_body() -> None:
    status, headers, body = answer(World().away().ask("/api/v2/builds", method="HEAD"))

    assert (status, headers["Retry-After"], body) == (503, "5", b"")


@pytest.mark.parametrize("path", ["/ws", "/assets/index.js", "/plugins/grid_view/scripts.js"])
def test_what_needs_no_database_is_served(path: str) -> None:
    status, _, body = answer(World().away().ask(path))

    assert (status, body[-6:]) == (200, b"a file")


def test_a_page_that_knows_something_without_the_database_says_it() -> None:
    status, headers, body = answer(World().away().ask("/metrics"))

    assert (status, headers["Content-Type"], body) == (200, "text/plain", b"known 1\n")


def test_a_restart_of_postgresql_holds_a_page_up_and_no_more() -> None:
    world = World()
    asked = world.ask("/api/v2/builds")

    world.away(seconds=0)
    also = world.ask("/api/v2/builds")
    world.clock.advance(1.5)
    world.absence.end()
    for request in world.api.requests:
        request.write(b"found")
        request.finish()
    world.clock.advance(60)

    assert [answer(one)[0] for one in (asked, also)] == [200, 200]
    assert not world.clock.getDelayedCalls()


def test_who_waits_when_the_database_goes_away_is_answered_within_seconds() -> None:
    world = World()
    asked = world.ask("/api/v2/builds", accept="application/json")
    figures = world.ask("/metrics")
    world.clock.advance(0.5)

    world.away(CROWDED, seconds=0)
    before = answer(asked)[0]
    for _ in range(3):
        world.clock.advance(1)
    status, headers, body = answer(asked)
    said = asked.value()
    # the database is back: Buildbot has the answer now, for nobody
    world.api.requests[0].setHeader(b"content-length", b"5")
    world.api.requests[0].write(b"found")
    world.api.requests[0].finish()

    assert before == 0
    assert (status, headers["Retry-After"]) == (503, "5")
    assert "no connection left" in json.loads(body)["error"]
    assert asked.value() == said
    assert answer(figures)[0] == 200
    assert not world.clock.getDelayedCalls()


def test_an_answer_that_has_begun_is_cut() -> None:
    world = World()
    asked = world.ask("/api/v2/logs/1/raw")
    world.api.requests[0].write(b"line 1\n")

    world.away()
    world.clock.advance(1)
    world.api.requests[0].write(b"line 2\n")

    assert asked.disconnecting
    assert b"line 1" in asked.value()
    assert b"line 2" not in asked.value()


def test_a_client_that_goes_leaves_nothing_behind() -> None:
    world = World()
    protocol, transport = world.site.buildProtocol(None), StringTransport()
    assert protocol
    protocol.makeConnection(transport)
    protocol.dataReceived(b"GET /api/v2/builds HTTP/1.1\r\nHost: x\r\n\r\n")

    protocol.connectionLost(Failure(ConnectionLost()))
    world.away()
    world.clock.advance(5)

    assert transport.value() == b""
    assert not world.clock.getDelayedCalls()


@pytest.mark.parametrize("first_line", [
    b"BREW /api/v2/builds HTTP/1.1", b"GET //api HTTP/1.1", b"GET /%ff%00/../api HTTP/1.1", b"GET * HTTP/1.1",
    b"GET http://other.example/api/v2 HTTP/1.1", b"GET /" + b"%" * 9000 + b" HTTP/1.1", b"DELETE / HTTP/1.0",
    b"GET /api?" + b"a=1&" * 3000 + b" HTTP/1.1", b"GET /api?" + b"a" * 20000 + b" HTTP/1.1"])
def test_what_no_browser_sends_is_answered_too(first_line: bytes) -> None:
    world = World().away()

    sent = world.send(first_line + b"\r\nHost: x\r\nAccept: " + b"*/*;q=0.," * 50 + b"\r\n\r\n")

    # Twisted hangs up on lines of more than 16 KiB
    assert answer(sent)[0] >= 200 or sent.disconnecting
    assert not world.clock.getDelayedCalls()
