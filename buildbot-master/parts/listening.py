"""A port that a service of the master listens on, and requests whose bodies are limited."""
from __future__ import annotations

from typing import Any

from twisted.internet import defer, reactor
from twisted.web import server


class Listening:
    """One listening port; a reconfig that names the same address keeps the port and changes what answers."""

    def __init__(self) -> None:
        self._port: Any = None
        self._address: tuple[str, int] | None = None

    @defer.inlineCallbacks
    def listen(self, interface: str, port: int, site: Any) -> Any:
        """Listen there with that site; port 0 listens nowhere."""
        if self._address == (interface, port):
            self._port.factory = site
            return
        yield self.close()
        if port:
            self._port = reactor.listenTCP(port, site, interface=interface)  # type: ignore[attr-defined]
            self._address = (interface, port)

    @defer.inlineCallbacks
    def close(self) -> Any:
        """Stop listening; safe to call twice."""
        port, self._port, self._address = self._port, None, None
        if port is not None:
            yield port.stopListening()


class SmallRequest(server.Request):
    """A request whose body is dropped as it comes once it is longer than `body_limit_bytes`."""

    body_limit_bytes = 0
    is_too_large = False

    def gotLength(self, length: int | None) -> None:
        """Called with the length that the sender says, None for a body in chunks."""
        self._taken_bytes = 0
        if length is not None and length > self.body_limit_bytes:
            self.is_too_large = True
            length = 0
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """Called with each piece of the body."""
        self._taken_bytes += len(data)
        if self._taken_bytes > self.body_limit_bytes:
            self.is_too_large = True
        if not self.is_too_large:
            super().handleContentChunk(data)
