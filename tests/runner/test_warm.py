"""A run in a fork of the warm runner is the run that a process of its own would be."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runner import warm_client

CHECK = """\
name: asks
namespace: dist
description: Runs a command of the test's.
maintainer: tests
run: {using: command, command: [sh, -c, '%s']}
"""


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    with running_warm() as (path, _):
        yield path


@contextmanager
def running_warm() -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Give a warm runner for the time of the block; a short path, as sockets want it."""
    with tempfile.TemporaryDirectory(prefix="warm-", dir="/tmp") as folder:
        path = Path(folder, "socket")
        process = subprocess.Popen([sys.executable, "-P", "-m", "checkotron", "worker", "warm", str(path)],
                                   stdin=subprocess.PIPE)
        try:
            wait_for(path.exists)
            yield path, process
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(60)


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def start(socket: Path | str, *words: object, cwd: Path | None = None,
          **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-S", warm_client.__file__, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
                            env={**os.environ, warm_client.VARIABLE.decode(): str(socket), **environment})


def start_check(socket: Path, folder: Path, shell: str, **environment: str) -> subprocess.Popen[str]:
    """Start a run of a check that is one line of shell; its files go to `<folder>/files`."""
    check = folder / "asks"
    check.mkdir()
    (check / "asks.yml").write_text(CHECK % shell)
    return start(socket, "run", check, "--item=a-1-1", "--item-type=koji_build", "--executor=local", "--artifacts",
                 "files", cwd=folder, **environment)


def children_of(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        # it has ended meanwhile
        return []


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_run_has_the_folder_the_environment_and_the_umask_of_its_client(socket: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        client = start_check(socket, tmp_path, "printenv OURS; umask", OURS="blue sky")
        out, err = client.communicate(timeout=60)
    finally:
        os.umask(before)

    assert (client.returncode, err) == (0, "")
    assert "PASSED dist.asks" in out
    log = (tmp_path / "files/cmd-output.log").read_text()
    assert "blue sky" in log
    assert "0027" in log
    assert json.loads((tmp_path / "files/execution.json").read_text())["execution_status"] == "OK"


def test_one_run_leaves_nothing_to_the_next(socket: Path, tmp_path: Path) -> None:
    for name, words in (("one", {"OURS": "blue sky"}), ("two", {})):
        (tmp_path / name).mkdir()
        client = start_check(socket, tmp_path / name, "env; ls -l /proc/self/fd", **words)
        assert client.wait(60) == 0

    log = (tmp_path / "two/files/cmd-output.log").read_text()
    assert "OURS" not in log
    assert "CHECKOTRON_WARM_RUNNER" not in log
    assert str(socket) not in log


@pytest.mark.parametrize("words", [("run", "nosuch", "--item=a"), ("run",), ("--version",), ("nosuch",)])
def test_output_and_exit_code_are_those_of_a_process_of_its_own(socket: Path, words: tuple[str, ...]) -> None:
    ends = []
    for place in (socket, "/nonexistent"):
        client = start(place, *words)
        ends.append((*client.communicate(timeout=60), client.returncode))

    assert ends[0] == ends[1]


def test_a_signal_to_the_client_ends_the_run_and_says_so(socket: Path, tmp_path: Path) -> None:
    client = start_check(socket, tmp_path, "sleep 600")
    pid = wait_for(lambda: sleeper(socket))

    client.send_signal(signal.SIGTERM)

    assert client.wait(60) == 143
    assert not is_alive(pid)
    assert json.loads((tmp_path / "files/execution.json").read_text())["exit_code"] == 143


def test_a_killed_client_takes_the_run_along(socket: Path, tmp_path: Path) -> None:
    client = start_check(socket, tmp_path, "sleep 600")
    pid = wait_for(lambda: sleeper(socket))

    client.kill()

    wait_for(lambda: not is_alive(pid))


def test_a_killed_warm_runner_takes_the_runs_along_and_they_are_to_be_tried_again(tmp_path: Path) -> None:
    with running_warm() as (path, process):
        client = start_check(path, tmp_path, "sleep 600")
        run = wait_for(lambda: children_of(process.pid))[0]
        check = wait_for(lambda: children_of(run))[0]

        process.kill()

        _, err = client.communicate(timeout=60)
        assert client.returncode == warm_client.AGAIN
        assert "ended in the middle of the run" in err
        wait_for(lambda: not is_alive(run) and not is_alive(check))


def test_it_ends_with_whoever_started_it_and_lets_its_runs_clean_up(tmp_path: Path) -> None:
    with running_warm() as (path, process):
        client = start_check(path, tmp_path, "sleep 600")
        wait_for(lambda: any(map(children_of, children_of(process.pid))))

        assert process.stdin
        process.stdin.close()

        assert client.wait(60) == 143
        assert process.wait(60) == 0
        assert not path.exists()
    assert "143" in (tmp_path / "files/execution.json").read_text()


def test_garbage_at_the_socket_harms_nobody(socket: Path, tmp_path: Path) -> None:
    import socket as sockets

    for garbage in (b"", b"\xff" * 100, (5).to_bytes(4, "big") + b"x\0y\0z", (3).to_bytes(4, "big")):
        with sockets.socket(sockets.AF_UNIX) as one:
            one.connect(str(socket))
            one.sendall(garbage)
    client = start_check(socket, tmp_path, "true")

    assert client.wait(60) == 0


def sleeper(socket: Path) -> int | None:
    """Return the check's process below the warm runner at that socket."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(socket).encode() in words:
            for run in children_of(int(entry.name)):
                if found := children_of(run):
                    return found[0]
    return None
