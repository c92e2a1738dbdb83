"""
Removes what is old: the files of runs, the notes of those handed over, what was left half way; Buildbot its own rows.

Nothing that still waits for reporting is touched, however old it is.
"""
from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from buildbot.plugins import util
from buildbot.util.service import BuildbotService
from twisted.internet import defer, task, threads
from twisted.python import log

from buildbot_master.parts.build import folders_of
from buildbot_master.parts.hand_over import Folders
from buildbot_master.parts.saying import say
from buildbot_master.parts.settings import Settings
from checks.build_id import BuildIdError, parse_build_id

#: Seconds after which something on its way in was left by a master that died.
_STALE_SECONDS = 24 * 3600.0
_DAY_SECONDS = 24 * 3600.0


def clean(folders: Folders, older_than_seconds: float, now: float) -> int:
    """Remove runs older than that and their notes; return how many runs went. `now`: seconds since the epoch."""
    waiting = _waiting(folders.queue)
    gone = 0
    for folder in _entries(folders.artifacts):
        name = folder.name
        if _is_build_id(name) and name not in waiting and _is_older(folder, now - older_than_seconds):
            shutil.rmtree(folder, ignore_errors=True)
            (folders.done / name).unlink(missing_ok=True)
            gone += 1
    for left in _entries(folders.incoming):
        if _is_older(left, now - _STALE_SECONDS):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    return gone


def janitors(settings: Settings) -> list[Any]:
    """Return Buildbot's own cleaners, for its builds and their logs; none where all is kept."""
    if settings.keep_days <= 0:
        return []
    from datetime import timedelta
    horizon = timedelta(days=settings.keep_days)
    return [util.JanitorConfigurator(logHorizon=horizon, build_data_horizon=horizon, hour=3, minute=30)]


class Cleaning(BuildbotService):  # type: ignore[misc]
    """Cleans now and then, in a thread."""

    name = "cleaning"
    _loop: Any = None

    def checkConfig(self, settings: Settings) -> None:
        """Nothing to check: the settings were checked when they were read."""

    @defer.inlineCallbacks
    def reconfigService(self, settings: Settings) -> Any:
        yield self._end()
        self.settings = settings
        if settings.keep_days > 0:
            self._loop = task.LoopingCall(self._clean)
            self._loop.start(settings.cleaning_interval_seconds)

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        yield self._end()
        yield super().stopService()

    def _end(self) -> Any:
        if self._loop is not None and self._loop.running:
            self._loop.stop()
        self._loop = None

    @defer.inlineCallbacks
    def _clean(self) -> Any:
        try:
            gone = yield threads.deferToThread(clean, folders_of(self.settings),
                                               self.settings.keep_days * _DAY_SECONDS, time.time())
        except Exception:
            log.err(None, "old runs could not be removed; tried again later")
            return
        if gone:
            say("old runs removed", runs=gone)


def _waiting(queue: Path) -> Collection[str]:
    """Return the build ids of runs that reporting has not done with; its own folder holds those it has taken in."""
    return {path.name.partition(".")[0] for path in queue.rglob("*") if path.is_file()}


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.lstat().st_mtime < moment
    except OSError:
        return False


def _is_build_id(name: str) -> bool:
    try:
        return parse_build_id(name) == name and not name.startswith("-")
    except BuildIdError:
        return False
