"""`checkotron up`: one on a folder, everything of it ends, and the next one goes on where it stopped."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.whole_system import (
    Options,
    WholeSystem,
    family_of,
    is_alive,
    wait_for,
    whole_system,
)

DEMO = Path(__file__).resolve().parents[2] / "buildbot-master" / "stack" / "demo"
ITEM = "hello-checkotron-1.2-3.fc43"


def replay(system: WholeSystem) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "checkotron", "trigger", "replay", "--state", str(system.state),
                           str(DEMO / "message.json")], capture_output=True, text=True, timeout=60, check=True)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_and_leaves_nothing(tmp_path: Path, how: signal.Signals) -> None:
    with whole_system(tmp_path) as system:
        family = family_of(system.process.pid)

        code = system.stop(how)

        assert code == 0
        assert len(family) >= 4
        # killed is not yet gone: the kernel ends them when it comes to it
        wait_for(lambda: [pid for pid in family if is_alive(pid)] == [])
        assert not (system.state / "addresses.json").exists()


def test_a_killed_up_leaves_nothing_and_the_next_one_goes_on(tmp_path: Path) -> None:
    options = Options(store=DEMO / "store")
    with whole_system(tmp_path, options) as system:
        addresses = system.addresses
        replay(system)
        row = system.result(ITEM)
        family = family_of(system.process.pid)

        system.stop(signal.SIGKILL)
        wait_for(lambda: not [pid for pid in family if is_alive(pid)], why="everything ends with `up`")

    with whole_system(tmp_path, options) as again:
        addresses_again = again.addresses
        replay(again)
        rows = again.results(ITEM)

    assert [one["id"] for one in rows] == [row["id"]]
    assert addresses_again == addresses


def test_a_second_up_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with whole_system(tmp_path) as system:
        done = subprocess.run([sys.executable, "-m", "checkotron", "up", "--state", str(system.state)],
                              capture_output=True, text=True, timeout=60, check=False)

        assert done.returncode == 2
        assert f"{system.state}: `checkotron up` runs there already (process {system.process.pid}); use that one, " \
            "stop it first, or name another folder with --state" in " ".join(done.stderr.split())
        assert system.process.poll() is None


def test_a_run_that_is_under_way_when_up_is_stopped_is_run_by_the_next_up(tmp_path: Path) -> None:
    options = Options(store=DEMO / "store")
    with whole_system(tmp_path, options) as system:
        # a worker that stands still: the job is taken and does not end
        os.kill(system.pid("worker"), signal.SIGSTOP)
        replay(system)
        os.kill(system.pid("worker"), signal.SIGCONT)

    with whole_system(tmp_path, options) as again:
        assert again.result(ITEM)["outcome"] == "PASSED"


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    with whole_system(tmp_path) as system:
        folder = system.state / "secrets"

        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
            "admin.password": 0o600, "door.token": 0o600, "worker.password": 0o600}


def test_nothing_listens_beyond_this_machine(tmp_path: Path) -> None:
    with whole_system(tmp_path) as system:
        inodes = {inode for pid in family_of(system.process.pid) for inode in open_files(pid)}
        # a machine without IPv6 has only the one
        tables = [table for name in ("tcp", "tcp6") if (table := Path(f"/proc/net/{name}")).exists()]
        listening = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
        ours = [row[1].partition(":")[0] for row in listening if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]

        assert len(ours) == 5
        assert set(ours) == {"0100007F"}


def open_files(pid: int) -> Iterator[str]:
    """Yield what a process has open: `socket:[4711]`. It goes on working, so each may be closed meanwhile."""
    with suppress(OSError):
        for path in list(Path(f"/proc/{pid}/fd").iterdir()):
            with suppress(OSError):
                yield os.readlink(path)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    import socket
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = subprocess.run([sys.executable, "-m", "checkotron", "up", "--state", str(tmp_path / "s"), "--port",
                               str(min(port, 65530))], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    # another test may hold one of the next five
    assert f"--port {port}: port {port}" in said
    assert "taken; 6 in a row are needed" in said
