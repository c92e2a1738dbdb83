"""
Results on disk until every destination has them: survives kill -9 at any moment.

One file a run, `<folder>/<name>.jsonl`. Its first line holds the run and its
results, so that nothing else need still be there; then one line for each thing
that happened, appended and synced before the next is done:

    {"trying": "http://…", "numbers": [1, 2]}       before anything is sent
    {"delivered": "http://…", "number": 1, "reference": "http://…/results/17"}
    {"failed": "http://…", "why": "…", "at": "…", "sent": false}

A result that was tried and of which nothing more is known is in doubt. A line
that a kill cut off is ignored: what it would have said has not happened, or is in doubt.
"""
from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.build_id import is_standalone
from checks.contracts import ContractError, ExecutionReport
from checks.tap import result_from_dict, result_to_dict
from reporting.reporter import Delivery, NumberedResult, ReportedRun


class UndeliveredError(Exception):
    """Raised when a file of undelivered results cannot be read; the text says which and why."""


@dataclass(slots=True)
class Progress:
    """What one destination has of a run."""

    delivered: dict[int, str] = field(default_factory=dict)
    #: Tried, and may have arrived.
    in_doubt: set[int] = field(default_factory=set)
    #: Those of them that only the last try put in doubt.
    last_tried: set[int] = field(default_factory=set)
    tries: int = 0
    #: Why the last try failed, "" where it did not; and when.
    why: str = ""
    at: str = ""


class RunFile:
    """The file of one run. Used by one process at a time (`deliverer` holds a lock)."""

    def __init__(self, path: Path, run: ReportedRun) -> None:
        self.path = path
        self.run = run
        self.progress: dict[str, Progress] = {}

    @classmethod
    def create(cls, folder: Path, run: ReportedRun) -> RunFile:
        """Write the file of a run; it is on disk when this returns."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{_name_of(run)}.jsonl"
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            file.write(json.dumps(_run_to_dict(run)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(folder)
        return cls(path, run)

    @classmethod
    def load(cls, path: Path) -> RunFile:
        """Return the file as far as it was written. Raises UndeliveredError."""
        try:
            if not path.is_file():
                raise ValueError("is no plain file")
            with path.open(encoding="utf-8") as lines:
                found = cls(path, _run_from_dict(json.loads(next(lines, ""))))
                for line in lines:
                    if event := _event(line):
                        found._apply(event)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise UndeliveredError(f"{path}: cannot be read ({error}); look into it, then remove or mend it") from None
        return found

    def missing(self, destination: str) -> list[NumberedResult]:
        """Return what that destination does not have, in order."""
        known = self.progress.get(destination) or Progress()
        return [NumberedResult(number, result, key_of(self.run, number), number in known.in_doubt)
                for number, result in enumerate(self.run.results, 1) if number not in known.delivered]

    def is_done(self, destinations: Iterable[str]) -> bool:
        """True where every one of these has everything."""
        return not any(self.missing(destination) for destination in destinations)

    def trying(self, destination: str, numbers: Iterable[int]) -> None:
        """Note that these are sent next."""
        self._append({"trying": destination, "numbers": list(numbers)})

    def delivered(self, destination: str, delivery: Delivery) -> None:
        """Note that the destination has one result for good."""
        self._append({"delivered": destination, "number": delivery.number, "reference": delivery.reference})

    def failed(self, destination: str, why: str, *, was_sent: bool) -> None:
        """Note that a try ended. Not `was_sent`: what was tried and not delivered is no longer in doubt."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._append({"failed": destination, "why": why[:1000], "at": at, "sent": was_sent})

    def remove(self) -> None:
        """Forget the run. Safe to call twice."""
        self.path.unlink(missing_ok=True)

    def _append(self, event: Mapping[str, Any]) -> None:
        line = json.dumps(event).encode() + b"\n"
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
        try:
            size = os.lseek(descriptor, 0, os.SEEK_END)
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # a kill cut the last line off; it stays alone and is ignored
            if os.write(descriptor, line) != len(line):
                # sending on what is not noted could send it twice
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._apply(event)

    def _apply(self, event: Mapping[str, Any]) -> None:
        for kind in ("trying", "delivered", "failed"):
            if kind not in event:
                continue
            progress = self.progress.setdefault(event[kind], Progress())
            if kind == "trying":
                progress.tries += 1
                progress.last_tried = set(event["numbers"]) - progress.in_doubt
                progress.in_doubt |= progress.last_tried
            elif kind == "delivered":
                progress.delivered[event["number"]] = event["reference"]
                progress.in_doubt.discard(event["number"])
                progress.why = ""
            else:
                progress.why, progress.at = event["why"], event["at"]
                if not event["sent"]:
                    progress.in_doubt -= progress.last_tried


def key_of(run: ReportedRun, number: int) -> str:
    """Return what names a result at a destination that knows idempotency keys: run, number and content."""
    content = json.dumps([run.build_id, run.finished.isoformat() if is_standalone(run.build_id) else "", number,
                          result_to_dict(run.results[number - 1])], sort_keys=True)
    return hashlib.sha256(content.encode("utf-8", "backslashreplace")).hexdigest()


def undelivered_in(folder: Path) -> Iterator[Path]:
    """Yield the files of runs, the oldest first."""
    try:
        paths = [(path.lstat().st_mtime_ns, path) for path in folder.glob("*.jsonl")]
    except OSError:
        return
    yield from (path for _, path in sorted(paths))


def _name_of(run: ReportedRun) -> str:
    """A UUID is a safe file name; runs by hand all have the same build id, so theirs get a digest."""
    if not is_standalone(run.build_id):
        return run.build_id
    content = f"{run.folder} {run.finished.isoformat()}"
    return f"by-hand-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _event(line: str) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, Mapping) and line.endswith("\n") else None


def _run_to_dict(run: ReportedRun) -> dict[str, Any]:
    return {"build_id": run.build_id, "report": run.report.to_dict(), "finished": run.finished.isoformat(),
            "folder": str(run.folder) if run.folder else None, "log_url": run.log_url,
            "results": [result_to_dict(result) for result in run.results]}


def _run_from_dict(data: Mapping[str, Any]) -> ReportedRun:
    try:
        results = tuple(result_from_dict(result) for result in data["results"])
        report = ExecutionReport.from_dict(data["report"])
    except ContractError as error:
        raise ValueError(str(error)) from None
    return ReportedRun(build_id=data["build_id"], report=report, results=results,
                       finished=datetime.fromisoformat(data["finished"]),
                       folder=Path(data["folder"]) if data["folder"] else None, log_url=data["log_url"])


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
