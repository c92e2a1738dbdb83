"""A text of any length through a window of fixed size, so that memory does not grow with the stream."""
from __future__ import annotations

import codecs
import io
from typing import BinaryIO, TextIO

#: Characters read at a time.
_CHUNK = 1024 * 1024


class Window:
    """
    The part of a stream that is being read: `text` from `at` on.

    After `fill` at least `reserve` characters lie ahead, or all that are left.
    Bytes that are no UTF-8 are shown as `\\xff`: nothing is lost, nothing fails.
    """

    def __init__(self, source: str | bytes | BinaryIO | TextIO, *, reserve: int, total_bytes: int) -> None:
        if isinstance(source, str):
            self._source: BinaryIO | TextIO = io.StringIO(source, newline="")
        else:
            self._source = io.BytesIO(source) if isinstance(source, (bytes, bytearray)) else source
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._reserve = reserve
        self._bytes_left = total_bytes
        #: True where the stream is longer than `total_bytes`.
        self.is_cut = False
        self.ended = False
        self.text = ""
        self.at = 0
        #: The number of the line at `at`, from 1.
        self.line = 1

    def fill(self) -> bool:
        """Return False at the end of the stream."""
        if not self.ended and len(self.text) - self.at < self._reserve:
            parts = [self.text[self.at:]]
            length = len(parts[0])
            while length < self._reserve + _CHUNK and not self.ended:
                parts.append(self._read())
                length += len(parts[-1])
            self.text, self.at = "".join(parts), 0
            if self.ended and self.text and self.text[-1] != "\n":
                self.text += "\n"
        return self.at < len(self.text)

    def advance(self, end: int) -> None:
        """Go on to `end`, a place in `text` where a line begins."""
        self.line += self.text.count("\n", self.at, end)
        self.at = end

    def skip_line(self) -> None:
        """Go on to the next line, however far it is."""
        while self.fill():
            end = self.text.find("\n", self.at)
            if end >= 0:
                self.advance(end + 1)
                return
            self.at = len(self.text)

    def _read(self) -> str:
        piece = self._source.read(min(_CHUNK, self._bytes_left + 1))
        if len(piece) > self._bytes_left:
            self.is_cut = True
            piece = piece[:self._bytes_left]
        self._bytes_left -= len(piece)
        self.ended = self.is_cut or not piece
        return piece if isinstance(piece, str) else self._decoder.decode(piece, self.ended)
