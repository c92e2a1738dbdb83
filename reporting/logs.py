"""Log lines on standard error: time, level, a constant sentence, and its fields as key=value."""
from __future__ import annotations

import json
import logging

from checks.item import shown

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class FieldsFormatter(logging.Formatter):
    """Writes the fields of a record behind its sentence; no line break of a stranger gets through."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = [f"{key}={_value(value)}" for key, value in vars(record).items() if key not in _STANDARD]
        return " ".join([super().formatMessage(record), *fields])


def to_stderr(level: int) -> None:
    """Send what our own parts log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(FieldsFormatter())
    root = logging.getLogger("reporting")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False


def _value(value: object) -> str:
    text = shown(str(value), 500)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
