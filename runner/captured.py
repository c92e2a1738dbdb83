"""Captured: the stdout of a command or the answer of a function, kept in a file so that its size costs no memory."""
from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

#: The most that is turned into a text: as an argument, in a sentence.
TEXT_LIMIT_BYTES = 8 * 1024 * 1024


class CapturedError(Exception):
    """Raised when captured output is too large for a text, or its file is no plain file any more."""


@dataclass(frozen=True, slots=True)
class Captured:
    """Output in a file of the runner; the check may have replaced it, so it is opened with care."""

    path: Path
    #: Bytes that did not fit in the file.
    dropped_bytes: int = 0

    def open(self) -> BinaryIO:
        """Open it for reading; a link is not followed. Raises CapturedError."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise CapturedError(f"`{self.path.name}`: the captured output cannot be read: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise CapturedError(f"`{self.path.name}`: the captured output cannot be read: it is no plain file")
        return os.fdopen(descriptor, "rb")

    def text(self) -> str:
        """Return the whole as text, without the last line break. Raises CapturedError: too large."""
        with self.open() as file:
            data = file.read(TEXT_LIMIT_BYTES + 1)
        if len(data) > TEXT_LIMIT_BYTES:
            raise CapturedError(f"the captured output is larger than {TEXT_LIMIT_BYTES} bytes; "
                                "pass it as a whole variable, not within a text")
        return data.decode("utf-8", "replace").rstrip("\n")

    def __str__(self) -> str:
        return self.text()


def as_texts(value: Any) -> Any:
    """Return a value with the text of captured output in place of the file. Raises CapturedError: too large."""
    if isinstance(value, Captured):
        return value.text()
    if isinstance(value, Mapping):
        return {key: as_texts(part) for key, part in value.items()}
    return [as_texts(part) for part in value] if isinstance(value, (list, tuple)) else value
