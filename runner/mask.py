"""Secrets in what a check prints: found across the borders of pieces, and replaced."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

#: Stands where a secret was.
MASK = b"***"
#: Shorter texts are no secrets worth hiding, and hiding them would tear up every log.
_SHORTEST_BYTES = 4


class Mask:
    """Replaces the contents of secret files, and each of their lines."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        words = {word for secret in secrets for word in (secret.strip(), *secret.split(b"\n"))
                 if len(word.strip()) >= _SHORTEST_BYTES}
        longest_first = sorted({word.strip() for word in words}, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first))) if longest_first else None
        self._reach = max((len(word) for word in longest_first), default=1) - 1

    @classmethod
    def of_files(cls, paths: Iterable[Path]) -> Mask:
        """Return the mask of secret files."""
        return cls(path.read_bytes() for path in paths)

    def data(self, data: bytes) -> bytes:
        """Return the bytes without secrets."""
        return data if self._pattern is None else self._pattern.sub(MASK, data)

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        if self._pattern is None:
            return text
        return self._pattern.sub(MASK, text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def stream(self, write: Callable[[bytes], object]) -> tuple[Callable[[bytes], None], Callable[[], None]]:
        """Return what takes pieces, and what must be called at the end: the last bytes are held back until then."""
        pattern, held = self._pattern, bytearray()

        def take(data: bytes) -> None:
            if pattern is None:
                write(data)
                return
            held.extend(data)
            clean = bytearray(pattern.sub(MASK, bytes(held)))
            keep = min(self._reach, len(clean))
            write(bytes(clean[:len(clean) - keep]))
            held[:] = clean[len(clean) - keep:]

        def finish() -> None:
            if held:
                write(bytes(held))
                held.clear()

        return take, finish
