"""What the master's own parts log of a job: one line a change of state, with its build id, as a sentence and fields."""
from __future__ import annotations

import json
import re

from twisted.python import log

from checks.item import shown

_PLAIN = re.compile(r"[A-Za-z0-9._:/@+#,-]+")
#: Characters of a value.
_VALUE_LIMIT = 300


def say(sentence: str, **fields: object) -> None:
    """Log `sentence name=value ...`; values of strangers stay on the line. Twisted drops keywords of its own `msg`."""
    log.msg(" ".join([sentence, *(f"{name}={_value(value)}" for name, value in fields.items())]))


def _value(value: object) -> str:
    text = shown(str(value), _VALUE_LIMIT)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
