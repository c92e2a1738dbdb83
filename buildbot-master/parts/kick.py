"""Starts waiting builds although new ones keep coming: Buildbot alone waits for a gap of 0.1 s in the stream."""
from __future__ import annotations

from buildbot_master.parts.periodic import Periodic


class Kick(Periodic):
    """Asks for builds to be started (Buildbot pull request 6286 has the starvation)."""

    name = "kick"
    #: Also the longest that a delayed second attempt waits too long.
    interval_seconds = 0.3
    failure = "waiting builds could not be looked at; tried again at once"

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        """Has no settings."""

    def look(self) -> None:
        """Ask every builder."""
        self.master.botmaster.maybeStartBuildsForAllBuilders()
