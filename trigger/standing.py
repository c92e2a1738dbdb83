"""
How the consumer of a state folder stands, for the commands beside it: one small file that it keeps up to date.

So `explain` and `replay` go by the rules that are running without being told
which, and `status` says what only the consumer knows: that a changed rules
file has faults, that it still waits for the broker. The file stays when the
consumer ends; whether it runs is told by a lock, which goes with its process.
"""
from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from checks.item import shown

logger = logging.getLogger(__name__)

FILE_NAME = "consumer.json"
LOCK_NAME = "consumer.lock"
#: Seconds between two looks at the rules.
LOOK_SECONDS = 1.0
#: Faults of a rules file that are kept.
FAULTS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """What a consumer goes by, and how it is."""

    pid: int
    #: Its rules file; None: the packaged one.
    rules: str | None = None
    #: Further folders of checks.
    checks: tuple[str, ...] = ()
    environments: tuple[str, ...] = ("prod",)
    koji_instances: tuple[str, ...] = ("primary",)
    #: A Bodhi to ask.
    bodhi: str | None = None
    #: How many rules are in force.
    rules_in_force: int = 0
    #: Why the changed rules file is not in force; empty where it is.
    faults: tuple[str, ...] = ()
    #: Why it does not listen: `the broker` is away or `the master` is; empty while it listens.
    waits_for: str = ""


class StandingFile:
    """Keeps the file; the process that holds the lock is the consumer of the folder."""

    def __init__(self, state: Path, standing: Standing, rules: Callable[[], tuple[int, tuple[str, ...]]]) -> None:
        """`rules`: asked each second: how many are in force, and the faults of a file that is not."""
        self._path = state / FILE_NAME
        self._standing = standing
        self._written: Standing | None = None
        self._rules = rules
        self._lock: IO[str] | None = None
        #: What the consumer waits for; empty while it listens.
        self.waits_for = ""

    def update(self) -> None:
        """Write what has changed; a full disk is told once, the next round tries again."""
        count, faults = self._rules()
        now = replace(self._standing, rules_in_force=count, faults=faults[:FAULTS_KEPT], waits_for=self.waits_for)
        if now == self._written:
            return
        part = self._path.with_suffix(".part")
        try:
            self._hold_lock()
            part.write_text(json.dumps(asdict(now)) + "\n", encoding="utf-8")
            part.replace(self._path)
        except OSError as error:
            logger.debug("the state of the consumer cannot be written", extra={"why": str(error)})
        else:
            self._written = now

    def note_listening(self, listens: bool) -> None:
        """Keep whether the broker may hand us a message now."""
        self.waits_for = "" if listens else "the broker"

    def run(self, stopped: threading.Event) -> None:
        """Update until stopped."""
        self.update()
        while not stopped.wait(LOOK_SECONDS):
            self.update()

    def _hold_lock(self) -> None:
        if self._lock is not None:
            return
        lock = (self._path.parent / LOCK_NAME).open("a", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # another one runs with this folder, which docs/trigger.md warns of; it goes with ours at the latest
            lock.close()
            return
        self._lock = lock


def read_standing(state: Path) -> Standing | None:
    """Return what the last consumer of the folder wrote, None where none has."""
    try:
        data: Any = json.loads((state / FILE_NAME).read_text(encoding="utf-8"))
        known: dict[str, Any] = {
            name: tuple(map(str, value)) if isinstance(value, list) else value
            for name, value in data.items() if name in Standing.__dataclass_fields__}
        return Standing(**known)
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def is_running(state: Path) -> bool:
    """True where a consumer runs with this folder."""
    try:
        descriptor = os.open(state / LOCK_NAME, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def told(standing: Standing | None, runs: bool) -> list[str]:
    """Return the lines for people."""
    if standing is None:
        return ["trigger: none has listened here yet; `checkotron trigger replay` feeds stored messages"]
    if not runs:
        return ["trigger: does not run; messages wait in the broker"]
    how = f"waits for {standing.waits_for}" if standing.waits_for else "listens"
    lines = [f"trigger: {how}; {standing.rules_in_force} rules of {standing.rules or 'ours'}"]
    if standing.faults:
        lines += ["the changed rules file has faults, so the rules before it stay in force:",
                  *(f"  {shown(fault, 300)}" for fault in standing.faults)]
    return lines
