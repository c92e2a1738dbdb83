"""Errors of the network in the words of their innermost cause: `Connection refused`, not the names of six classes."""
from __future__ import annotations

import re

from checks.item import shown

#: How the clients of brokers repeat an OSError: `ConnectionRefusedError(111, 'Connection refused')`.
_REPEATED = re.compile(r"\w*Error\(-?\d+, '([^']+)'\)")
#: Before the words of an OSError.
_NUMBER = re.compile(r"\[Errno -?\d+\] ")


def cause_of(error: BaseException) -> str:
    """Return the innermost cause of a chain of errors in a few words."""
    for _ in range(10):
        inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
        if not isinstance(inner, BaseException):
            break
        error = inner
    text = str(error) or repr(error)
    repeated = _REPEATED.search(text)
    return shown(repeated[1] if repeated else _NUMBER.sub("", text), 200)
