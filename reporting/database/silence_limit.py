"""
A connection that keeps the server waiting is closed, and gives way to a new one where there are too many.

What the client owes has a limit in time: a whole head, the next part of a
body, the whole body, reading its answer. While we owe an answer nothing runs out.
Between two requests it may be silent for longer; uvicorn closes it then.
"""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from reporting.database.exchange import dumped
from reporting.database.head_limit import HeadLimitProtocol

logger = logging.getLogger(__name__)

#: How much longer a whole body may take than the silence before a part of it.
_BODY_FACTOR = 15
_LATE = (b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
         b"content-length: 34\r\nconnection: close\r\n\r\nThe request took too long to come.")
_FULL = dumped({"message": "too many connections; try again in a moment"}).encode()
#: Seconds between two warnings that the server is full.
_WARNING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What clients may use up."""

    #: Connections at once.
    connections: int = 1000
    #: Time for a head, or for the next part of a body or an answer.
    silence_seconds: float = 20.0
    #: Time between an answer and the next request; longer than a proxy's own, so that the proxy closes first.
    keep_alive_seconds: float = 75.0


class SilenceLimitProtocol(HeadLimitProtocol):
    """One connection."""

    _warned_at = -_WARNING_SECONDS

    def __init__(self, *arguments: Any, limits: ConnectionLimits, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._limits = limits
        #: Since when the client owes something, in the loop's time; None: we owe an answer.
        self._owes_since: float | None = None
        #: When the client must have given it; None: any time.
        self._deadline: float | None = None
        self._body_deadline = 0.0
        #: Bytes of our answer that it has not read yet.
        self._unread = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the place of the most silent one, where all places are taken."""
        super().connection_made(transport)
        self._owe(self._limits.silence_seconds)
        self._timer = self.loop.call_later(self._limits.silence_seconds, self._look)
        if len(self.connections) > self._limits.connections and not self._make_room():
            self.app = _full

    def _make_room(self) -> bool:
        """Close the connection that has owed us something for longest; False where none does."""
        owing = [(each._owes_since, each) for each in self.connections
                 if isinstance(each, SilenceLimitProtocol) and each is not self and each._owes_since is not None
                 and not each.transport.is_closing()]
        now = self.loop.time()
        if now - SilenceLimitProtocol._warned_at >= _WARNING_SECONDS:
            SilenceLimitProtocol._warned_at = now
            logger.warning("too many connections; the most silent ones are closed for new ones",
                           extra={"connections": len(self.connections), "limit": self._limits.connections})
        if owing:
            min(owing, key=lambda each: each[0])[1].transport.close()
        return bool(owing)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note that something came."""
        if self._deadline is None and self._owes_since is not None:  # the first of a head, after a pause
            self._owe(self._limits.silence_seconds)
        elif not self._is_in_head:
            self._owe(min(self._limits.silence_seconds, self._body_deadline - self.loop.time()))
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The body is owed."""
        self._body_deadline = self.loop.time() + self._limits.silence_seconds * _BODY_FACTOR
        self._owe(self._limits.silence_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Nothing is owed but our answer."""
        self._owes_since = self._deadline = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The next request is owed, but not soon."""
        super().on_response_complete()
        if self._is_answered and self._owes_since is None:
            self._owes_since = self.loop.time()

    def pause_writing(self) -> None:
        """The client does not read its answer."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._owe(self._limits.silence_seconds)

    def resume_writing(self) -> None:
        """It does."""
        super().resume_writing()
        self._unread = 0
        self._deadline = None
        self._owes_since = self.loop.time() if self._is_answered else None

    @property
    def _is_answered(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _owe(self, seconds: float) -> None:
        now = self.loop.time()
        self._owes_since, self._deadline = now, now + seconds

    def _look(self) -> None:
        """Close the connection if it is late, else look again when it could be."""
        now = self.loop.time()
        if self._deadline is not None and now >= self._deadline:
            unread = self.transport.get_write_buffer_size()
            if unread >= self._unread:
                self._close(is_unread=unread > 0)
                return
            self._unread = unread
            self._owe(self._limits.silence_seconds)
        wait = self._limits.silence_seconds if self._deadline is None else self._deadline - now
        self._timer = self.loop.call_later(wait, self._look)

    def _close(self, is_unread: bool) -> None:
        self._timer = None
        if is_unread:  # nothing more can be said
            self.transport.abort()
            return
        # a client that has sent nothing would take it for the answer to its next request
        if (self._head_bytes or not self._is_in_head) and (self._is_answered or not self.cycle.response_started):
            self.transport.write(_LATE)
        self.transport.close()


async def _full(_scope: Any, _receive: Any, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    """Answer that there are too many, where all of them are being answered."""
    await send({"type": "http.response.start", "status": 503, "headers": [
        (b"content-type", b"application/json"), (b"content-length", str(len(_FULL)).encode()),
        (b"retry-after", b"2"), (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": _FULL})
