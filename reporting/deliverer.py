"""
The queue of finished runs, emptied: `checkotron results deliver`.

`<queue>/<build id>.json` (FinishedRun) stays until every destination has every
result; `<queue>/undelivered/` holds what is on its way. Killed at any moment,
the next start goes on where this one was: the queue file goes first, so that a
run whose file of undelivered results is still there is known to be taken in.
"""
from __future__ import annotations

import fcntl
import json
import logging
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from checks.contracts import ContractError, FinishedRun
from reporting.namespaces import DEFAULT_NAMESPACES, Namespaces
from reporting.progress import announce_waiting
from reporting.report import Turn, report
from reporting.reporter import Reporter
from reporting.run_folder import RunFolderError, read_run
from reporting.undelivered import RunFile, UndeliveredError, undelivered_in

logger = logging.getLogger(__name__)

#: Seconds from one look at the queue to the next.
_POLL_SECONDS = 0.25
#: Seconds to the second try; each further wait is twice as long, up to the last; a refusal waits that long at once.
_FIRST_WAIT_SECONDS = 0.5
_LAST_WAIT_SECONDS = 300.0
#: Seconds to wait where the disk is full.
_DISK_SECONDS = 5.0
#: Bytes. A FinishedRun has three short fields.
_QUEUE_FILE_LIMIT = 64 * 1024


class QueueError(Exception):
    """Raised when a queue folder cannot be worked on; the text says what to do."""


@dataclass(slots=True)
class _Patience:
    """When a destination is tried again."""

    failures: int = 0
    #: By the monotonic clock.
    not_before: float = 0.0

    def after(self, turn: Turn, now: float) -> None:
        if not turn.why:
            self.failures, self.not_before = 0, 0.0
            return
        self.failures += 1
        wait = min(_LAST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** min(self.failures - 1, 20))
        self.not_before = now + wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


@dataclass(slots=True)
class Deliverer:
    """Takes in finished runs and hands their results on. `reporters`: all destinations, each by its own name."""

    queue: Path
    reporters: Sequence[Reporter]
    namespaces: Namespaces = DEFAULT_NAMESPACES
    clock: Callable[[], float] = time.monotonic
    _runs: dict[Path, RunFile] = field(default_factory=dict)
    _patience: dict[str, _Patience] = field(default_factory=dict)
    #: A refusal concerns one run; the others of that destination go on.
    _refused: dict[tuple[Path, str], _Patience] = field(default_factory=dict)
    #: Queue files that cannot be read, and when they were written; a mended one is taken in.
    _broken: dict[Path, int] = field(default_factory=dict)
    _disk: _Patience = field(default_factory=_Patience)

    @property
    def folder(self) -> Path:
        """Where results lie until they are delivered."""
        return self.queue / "undelivered"

    def start(self) -> int:
        """
        Lock the queue and read what an earlier process left; return how many runs that are.

        Raises QueueError: no such folder, or another process delivers from it. The lock goes with the process.
        """
        if not self.queue.is_dir():
            raise QueueError(f"{self.queue}: no such folder; expected the queue of finished runs that the master fills")
        self.folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise QueueError(f"{self.queue}: another process delivers from this queue; stop it first") from None
        for path in undelivered_in(self.folder):
            try:
                self._runs[path] = RunFile.load(path)
            except UndeliveredError as error:
                logger.error("results on disk cannot be read; they stay there", extra={"why": str(error)})
        return len(self._runs)

    def pass_once(self) -> list[Turn]:
        """Take in what is new, give every destination whose time has come its turn, and return how the turns ended."""
        self._take_in()
        announce_waiting(self.queue / "progress", self.reporters)
        turns: list[Turn] = []
        for path, run_file in list(self._runs.items()):
            if self.clock() < self._disk.not_before:
                break
            try:
                turns += self._deliver(path, run_file)
            except FileNotFoundError:
                logger.warning("a run was taken off the disk by somebody; it is forgotten",
                               extra={"build_id": run_file.run.build_id})
                del self._runs[path]
            except OSError as error:  # a full disk: nothing is sent that cannot be noted
                self._disk_fault(error)
        return turns

    def _deliver(self, path: Path, run_file: RunFile) -> list[Turn]:
        ready = [reporter for reporter in self.reporters if self._may_try(path, reporter.destination)]
        turns = report(run_file, ready)
        for turn in turns:
            patience = (self._refused.setdefault((path, turn.destination), _Patience(failures=20))
                        if turn.is_refusal else self._patience.setdefault(turn.destination, _Patience()))
            patience.after(turn, self.clock())
        if run_file.is_done(reporter.destination for reporter in self.reporters):
            self._finish(path, run_file)
        return turns

    def _disk_fault(self, error: OSError) -> None:
        logger.error("the queue cannot be written; nothing is delivered until it can",
                     extra={"folder": str(self.folder), "why": str(error), "seconds": _DISK_SECONDS})
        self._disk.not_before = self.clock() + _DISK_SECONDS

    @property
    def waiting(self) -> int:
        """Runs of which some destination lacks something."""
        return len(self._runs)

    def follow(self, should_stop: Callable[[], bool]) -> None:
        """Deliver until told to stop; looks at the queue four times a second."""
        while not should_stop():
            self.pass_once()
            deadline = time.monotonic() + _POLL_SECONDS
            while not should_stop() and (left := deadline - time.monotonic()) > 0:
                time.sleep(min(left, 0.05))

    def _may_try(self, path: Path, destination: str) -> bool:
        now = self.clock()
        return all(patience is None or now >= patience.not_before for patience in
                   (self._patience.get(destination), self._refused.get((path, destination))))

    def _take_in(self) -> None:
        if self.clock() < self._disk.not_before:
            return
        taken = {run_file.run.build_id for run_file in self._runs.values()}
        for path in sorted(self.queue.glob("*.json")):
            try:
                written = path.stat().st_mtime_ns
                if path.stem in taken or self._broken.get(path) == written:
                    continue
                run = read_run(_finished_run(path), at=_modified(path), namespaces=self.namespaces)
            except FileNotFoundError:
                continue
            except (ContractError, RunFolderError, ValueError, OSError) as error:
                self._broken[path] = written
                logger.error("a finished run cannot be read; it stays in the queue, look into it",
                             extra={"file": str(path), "why": str(error)})
                continue
            try:
                run_file = RunFile.create(self.folder, run)
            except OSError as error:
                self._disk_fault(error)
                return
            self._runs[run_file.path] = run_file
            logger.info("run taken in", extra={"build_id": run.build_id, "results": len(run.results)})

    def _finish(self, path: Path, run_file: RunFile) -> None:
        (self.queue / f"{run_file.run.build_id}.json").unlink(missing_ok=True)
        run_file.remove()
        del self._runs[path]
        self._refused = {key: value for key, value in self._refused.items() if key[0] != path}


def _finished_run(path: Path) -> FinishedRun:
    if not path.is_file():
        path.stat()  # raises FileNotFoundError where it went
        raise ValueError(f"{path}: is no plain file; expected a finished run")
    if path.stat().st_size > _QUEUE_FILE_LIMIT:
        raise ValueError(f"{path}: larger than {_QUEUE_FILE_LIMIT} bytes; this is no finished run")
    finished = FinishedRun.from_dict(json.loads(path.read_text(encoding="utf-8")))
    # a copy under another name would be delivered beside the run itself, and never be removed
    if finished.build_id != path.stem:
        raise ValueError(f"{path}: is of build id `{finished.build_id}`; expected the file `{finished.build_id}.json`; "
                         "remove the file, or give it that name where that run was never delivered")
    return finished


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
