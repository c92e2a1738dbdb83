"""Tells systemd when the master is up (`Type=notify`), so that a reload or a trigger does not come too early."""
from __future__ import annotations

import os
import socket
from typing import Any

from buildbot.util.service import BuildbotService
from twisted.internet import task
from twisted.python import log

#: Seconds between two looks.
_INTERVAL = 0.1


class Readiness(BuildbotService):  # type: ignore[misc]
    """Says it once; does nothing where nobody asked."""

    name = "readiness"

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        """Has no settings."""

    def startService(self) -> Any:
        self._loop = task.LoopingCall(self._look)
        if os.environ.get("NOTIFY_SOCKET"):
            self._loop.start(_INTERVAL)
        return super().startService()

    def stopService(self) -> Any:
        if self._loop.running:
            self._loop.stop()
        return super().stopService()

    def _look(self) -> None:
        if self.master._master_initialized:
            self._loop.stop()
            # not for the commands of workers inside of the master
            tell_systemd(os.environ.pop("NOTIFY_SOCKET"), b"READY=1")


def tell_systemd(address: str, what: bytes) -> None:
    """Send one datagram, as sd_notify(3) has it; what cannot be sent is logged, and systemd gives up in its time."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(what, "\0" + address[1:] if address.startswith("@") else address)
    except OSError:
        log.err(None, "systemd could not be told that the master is up")
