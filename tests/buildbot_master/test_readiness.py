"""systemd hears when the master is up."""
from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from buildbot_master.parts.readiness import tell_systemd
from tests.buildbot_master.conftest import new_master, wait_for


def test_the_master_tells_systemd_once_that_it_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with new_master(tmp_path / "state") as master:
            wait_for(lambda: "BuildMaster is running" in master.master.log.read_text())

            said = wait_for(lambda: _heard(systemd))

            assert said == [b"READY=1"]


def test_an_address_without_a_file_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        # of this process: other sessions on the machine have theirs
        name = f"checkotron-test-readiness-{os.getpid()}"
        systemd.bind(f"\0{name}")
        systemd.settimeout(60)

        tell_systemd(f"@{name}", b"READY=1")

        assert systemd.recv(100) == b"READY=1"


def _heard(systemd: socket.socket) -> list[bytes]:
    found = []
    try:
        while True:
            found.append(systemd.recv(100))
    except BlockingIOError:
        return found
