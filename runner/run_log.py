"""`run.log`: the runner's own log, with the build id, the item and the check in every line."""
from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checks.contracts import CheckInput
from runner.artifacts import claim

FILE_NAME = "run.log"
#: Attributes of every log record; the rest came by `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Lines(logging.Formatter):
    """Time, level, build id, item, check, module, sentence, fields."""

    def __init__(self, check: CheckInput) -> None:
        super().__init__(f"%(asctime)s.%(msecs)03dZ %(levelname)s build_id={check.build_id} item={check.item} "
                         f"check={check.testcase} arch={check.arch} %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        import time

        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        fields = [f"{key}={value!r}" for key, value in vars(record).items() if key not in _USUAL and value is not None]
        return " ".join([text, *fields])


class _File(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Lose the line: a full disk is told by the run itself, not by a traceback for each line."""


@contextmanager
def run_log(folder: Path, check: CheckInput) -> Iterator[None]:
    """Write the log of the runner into the folder while the `with` lasts."""
    claim(folder)
    handler = _File(folder / FILE_NAME, "w", encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Lines(check))
    root = logging.getLogger("runner")
    level, root.level = root.level, logging.DEBUG
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.level = level
        handler.close()
