"""
A run on its way: QUEUED or RUNNING, told to whoever wants to know before there is a result.

Best effort, and at most once: what cannot be told now is not worth telling
later, and a result always counts as newer. The master drops a file
`<queue>/progress/<anything>.json` with these fields; it is read once and removed.
"""
from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from checks.build_id import parse_build_id
from checks.item import parse_item, shown
from reporting.reporter import DeliveryError, Reporter

logger = logging.getLogger(__name__)

STATUSES = ("QUEUED", "RUNNING")
#: Bytes. A record has eight short fields.
_FILE_LIMIT = 64 * 1024
#: Files that are read in one pass; a burst must not keep results waiting.
_A_PASS = 50


class ProgressError(ValueError):
    """Raised when a record of progress is not usable; the text has every fault."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a run."""

    build_id: str
    item: str
    item_type: str
    #: The full name of the check, `dist.rpmlint`.
    testcase: str
    arch: str
    #: QUEUED or RUNNING.
    status: str
    #: UTC.
    at: datetime
    #: Where the run can be watched; None where nowhere.
    log_url: str | None = None
    #: What is known of the item beside its name: `task_id`, `issuer`.
    facts: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: object) -> Progress:
        """Return the record. `at` may be missing: then it is now. Raises ProgressError."""
        if not isinstance(data, Mapping):
            raise ProgressError(f"expected an object, got {type(data).__name__}")
        faults = [f"`{key}` is `{shown(data.get(key))}`; expected text"
                  for key in ("item", "item_type", "testcase") if not isinstance(data.get(key), str)]
        status = str(data.get("status", "")).upper()
        if status not in STATUSES:
            faults.append(f"`status` is `{shown(status)}`; expected {' or '.join(STATUSES)}")
        try:
            build_id = parse_build_id(data.get("build_id"))
            at = datetime.fromisoformat(str(data["at"])) if data.get("at") else datetime.now(UTC)
            if not faults:
                parse_item(data["item"], data["item_type"])
        except ValueError as error:
            faults.append(str(error))
        if faults:
            raise ProgressError("; ".join(faults))
        log_url, facts = data.get("log_url"), data.get("facts")
        return cls(build_id, data["item"], data["item_type"], data["testcase"][:255], str(data.get("arch") or "noarch"),
                   status, at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
                   log_url if isinstance(log_url, str) else None, facts if isinstance(facts, Mapping) else {})


@runtime_checkable
class Announcer(Protocol):
    """A reporter whose destination wants to know of runs on their way."""

    destination: str

    def announce(self, progress: Progress) -> str:
        """Tell it and return where it can be looked at, or why not: "not told: …". Raises DeliveryError."""
        ...


def announce(progress: Progress, reporters: Iterable[Reporter]) -> dict[str, str]:
    """Tell every destination that wants to know; return what became of it, by destination. Never raises."""
    said: dict[str, str] = {}
    for reporter in reporters:
        if not isinstance(reporter, Announcer):
            continue
        try:
            said[reporter.destination] = reporter.announce(progress)
        except DeliveryError as error:
            said[reporter.destination] = f"failed: {error}"
            logger.info("progress not told; the result will be", extra={
                "build_id": progress.build_id, "destination": reporter.destination, "why": str(error)})
        except Exception:
            said[reporter.destination] = "failed: bug in the reporter"
            logger.exception("reporter broke on progress; the result will be told",
                             extra={"build_id": progress.build_id, "destination": reporter.destination})
    return said


def announce_waiting(folder: Path, reporters: Iterable[Reporter]) -> int:
    """Tell what lies in the folder, the oldest first, and remove it; return how many records that were."""
    reporters = list(reporters)
    try:
        paths = sorted((path for path in folder.glob("*.json") if path.is_file()),
                       key=lambda path: path.stat().st_mtime_ns)[:_A_PASS]
    except OSError:
        return 0
    for path in paths:
        try:
            if path.stat().st_size > _FILE_LIMIT:
                raise ProgressError(f"larger than {_FILE_LIMIT} bytes")
            progress = Progress.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            logger.warning("a record of progress cannot be read; it is dropped",
                           extra={"file": str(path), "why": str(error)})
        else:
            announce(progress, reporters)
        with contextlib.suppress(OSError):  # it is told again; results must not wait for it
            path.unlink(missing_ok=True)
    return len(paths)
