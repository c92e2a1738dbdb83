"""How log lines look: the sentence, then the fields; or one JSON object a line for machines."""
from __future__ import annotations

import json
import logging
from typing import Any

from checks.item import shown

#: Characters of a field in a line for people; the form for machines has all of them.
_VALUE_LIMIT = 4000
#: Attributes every record has; the others are the fields of the call.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class TextFormatter(logging.Formatter):
    """`14:02:11 WARNING the job waits for the door job=rpmlint-... wait_seconds=1.2`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback below it where there is one."""
        head, separator, tail = super().format(record).partition("\n")
        fields = " ".join(f"{name}={_shortly(value)}" for name, value in fields_of(record).items())
        return f"{head} {fields}".rstrip() + separator + tail


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        data: dict[str, Any] = {"time": self.formatTime(record), "level": record.levelname, "logger": record.name,
                                "message": record.getMessage()}
        if record.exc_info:
            data["traceback"] = self.formatException(record.exc_info)
        return json.dumps(data | fields_of(record), default=str)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the call gave as `extra`, without empty values."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD and value is not None}


def log_config(level: str, form: str) -> dict[str, Any]:
    """Return a logging configuration; `form` is text or json. fedora-messaging's own lines come from WARNING on."""
    formatter = "trigger.log_format.JsonFormatter" if form == "json" else "trigger.log_format.TextFormatter"
    return {
        "version": 1, "disable_existing_loggers": False,
        "formatters": {"plain": {"()": formatter}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}},
        "loggers": {"trigger": {"level": level}, "fedora_messaging": {"level": "WARNING"},
                    "pika": {"level": "CRITICAL"}, "twisted": {"level": "WARNING"}},
        "root": {"level": "WARNING", "handlers": ["console"]},
    }


def _shortly(value: Any) -> str:
    # what a message brings along may hold anything: no escape codes for whoever reads the log on a terminal
    text = shown(str(value), _VALUE_LIMIT)
    return json.dumps(text) if not text or any(char.isspace() or char in '"=' for char in text) else text
