"""The rules in force: read again when their file or a check's file changes; a file with faults changes nothing."""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checks.catalogue import Catalogue, load_catalogue
from checks.document import Fault
from trigger.discoveries.git import GitDiscovery
from trigger.discovery import Discovery
from trigger.job_plan import JobPlanner
from trigger.lookup import Lookup
from trigger.lookups.recording import RecordingLookup
from trigger.matching import Matcher
from trigger.rules import RulesError, RuleSet, load_rules
from trigger.transform import TransformConfig

logger = logging.getLogger(__name__)

#: Seconds between looks at the files.
LOOK_SECONDS = 1.0

#: Of each file: name, time, size, number.
Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of one moment, ready for use."""

    matcher: Matcher
    planner: JobPlanner
    #: Of checks that cannot be used.
    check_faults: tuple[Fault, ...] = ()

    @property
    def rules(self) -> RuleSet:
        """The rules themselves."""
        return self.matcher.rules


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules work with beside the checks."""

    lookup: Lookup = field(default_factory=RecordingLookup)
    discovery: Discovery = field(default_factory=GitDiscovery)
    #: What rules hear that do not ask for the environment themselves.
    environments: tuple[str, ...] = ("prod",)


def make_rulebook(rules: RuleSet, catalogue: Catalogue, around: Surroundings) -> Rulebook:
    """Return the book of one file."""
    config = TransformConfig(catalogue, around.lookup, around.discovery, rules.workers)
    return Rulebook(Matcher(rules, around.environments), JobPlanner(config), catalogue.faults)


class RulebookFile:
    """Gives the book in force; looks at most once a second whether the file is another one."""

    def __init__(self, path: Path, folders: Sequence[Path], around: Surroundings) -> None:
        """
        Read the file and the checks in the folders. Raises RulesError: the first time there is nothing to fall back to.
        """
        self._path = path
        self._folders = tuple(folders)
        self._around = around
        self._lock = threading.Lock()
        self._list_files: tuple[Path, ...] = ()
        self._looked_at = time.monotonic()
        #: How often a changed file was taken, and how often it had faults.
        self.reloads = 0
        self.failed_reloads = 0
        self._faults: tuple[str, ...] = ()
        self._book = self._read()
        self._stamp = self._stamp_now()

    def __call__(self) -> Rulebook:
        """Return the book in force."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            with self._lock:
                self._look()
        return self._book

    @property
    def faults(self) -> tuple[str, ...]:
        """Of the file as it is now, where the rules in force are not its own."""
        return self._faults if self._path.exists() else (f"{self._path}: is not there any more",)

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        stamp = self._stamp_now()
        if stamp == self._stamp or not self._path.exists():
            return
        try:
            self._book = self._read()
        except RulesError as error:
            self.failed_reloads += 1
            self._faults = tuple(map(str, error.faults))
            for fault in error.faults:
                logger.error("the changed rules have faults, the old ones stay in force", extra={"fault": str(fault)})
            self._stamp = stamp
            return
        self._stamp = self._stamp_now()
        self._faults = ()
        self.reloads += 1
        logger.info("the changed rules are in force", extra={
            "rules": len(self._book.rules.rules), "file": str(self._path)})

    def _read(self) -> Rulebook:
        catalogue = load_catalogue(self._folders)
        rules = load_rules(self._path, catalogue.checks)
        self._list_files = rules.list_files
        for fault in catalogue.faults:
            logger.warning("a check cannot be used", extra={"fault": str(fault)})
        for warning in rules.warnings:
            logger.warning("a rule names a check that is not known here", extra={"rule": str(warning)})
        return make_rulebook(rules, catalogue, self._around)

    def _stamp_now(self) -> Stamp:
        """Return what changes when the rules, a file of their lists or a check is written, replaced or removed."""
        checks = (path for folder in self._folders for path in sorted(folder.glob("*/*.yml")))
        return tuple(_stamp(path) for path in (self._path, *self._list_files, *checks))


def _stamp(path: Path) -> tuple[str, int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino
