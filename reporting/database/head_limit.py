"""uvicorn's HTTP with a limit on the head of a request: it gathers a header without end, ever slower, and for all."""
from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Bytes of request line and headers; servers commonly take 8 to 64 thousand.
HEAD_LIMIT = 256 * 1024
_ANSWER = (b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
           b"content-length: 32\r\nconnection: close\r\n\r\nThe request's head is too large.")


class HeadLimitProtocol(HttpToolsProtocol):
    """One connection. What arrives between the end of one request and the end of the next head is counted."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._head_bytes = 0
        self._is_in_head = True

    def data_received(self, data: bytes) -> None:
        """Refuse a head that is too large, and close."""
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        # asked after parsing: a body may have come with the end of its head
        if self._is_in_head and self._head_bytes > HEAD_LIMIT and not self.transport.is_closing():
            self.transport.write(_ANSWER)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._is_in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head begins."""
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_complete()
