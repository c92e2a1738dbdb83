"""Log lines of the server on standard error: text for people, or a JSON object a line for programs."""
from __future__ import annotations

import json
import logging
import sys
import time

from reporting.logs import FieldsFormatter

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_MILLISECOND = 1000


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, then the fields of the record."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{stamp}.{int(record.msecs) % _MILLISECOND:03}Z", "level": record.levelname,
            "logger": record.name, "message": record.getMessage()}
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def to_stderr(log_format: str, level: int) -> None:
    """Send every log line to standard error as "text" or "json"."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else FieldsFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("reporting").setLevel(level)
