"""A runner that is killed leaves no process of its check behind, and the next run removes its workspace."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.abort import AbortToken
from runner.process import ProcessRequest, run_process
from tests.support.checkotron_process import ITEM, run_check, write_check
from tests.support.rabbitmq import wait_until

#: A daemon, three generations, one that takes no TERM; each carries the marker in its arguments.
TREE = """\
(setsid sleep {0}1 &)
sh -c 'sleep {0}2 & sleep {0}3 & wait' &
sh -c 'trap "" TERM; while true; do sleep {0}4; done' &
sleep {0}5 &
echo ready; wait
"""


def marker() -> str:
    """Return digits that stand in no other process's arguments."""
    return f"86{int.from_bytes(os.urandom(4), 'big'):010d}"


def alive(words: str) -> list[str]:
    return subprocess.run(["pgrep", "-f", f"sleep {words}"], capture_output=True, text=True,
                          check=False).stdout.split()


def start(tmp_path: Path, words: str) -> subprocess.Popen[bytes]:
    """Start a run by hand, and return when its check is busy."""
    check = write_check(tmp_path / "busy", "run: {using: command, command: 'sh \"$CHECKDIR/busy.sh\"'}\n")
    (check / "busy.sh").write_text(TREE.format(words))
    process = subprocess.Popen(
        [sys.executable, "-m", "checkotron", "run", str(check), "--item", ITEM, "--executor", "local",
         "--artifacts", str(tmp_path / "killed"), "-q"],
        env={**os.environ, "CHECKOTRON_WORKSPACES": str(tmp_path / "workspaces")}, start_new_session=True)
    wait_until(lambda: len(alive(words)) >= 5, 60)
    return process


@pytest.mark.parametrize("whom", ["runner", "group"])
def test_nothing_of_a_check_outlives_a_runner_that_is_killed(whom: str, tmp_path: Path) -> None:
    words = marker()
    process = start(tmp_path, words)

    (os.killpg if whom == "group" else os.kill)(process.pid, signal.SIGKILL)
    process.wait()

    wait_until(lambda: not alive(words), 60)


def test_the_next_run_removes_what_a_killed_one_left_and_nothing_else(tmp_path: Path) -> None:
    words, workspaces = marker(), tmp_path / "workspaces"
    killed = start(tmp_path, words)
    killed.kill()
    killed.wait()
    left, = workspaces.iterdir()
    kept = run_check(write_check(tmp_path / "kept", "actions: [{dummy: {result: PASSED}}]\n"), tmp_path / "out1",
                     "--keep", CHECKOTRON_WORKSPACES=str(workspaces))
    living_words = marker()
    living = start(tmp_path, living_words)

    run_check(write_check(tmp_path / "next", "actions: [{dummy: {result: PASSED}}]\n"), tmp_path / "out2",
              CHECKOTRON_WORKSPACES=str(workspaces))

    there = set(workspaces.iterdir())
    assert left not in there
    assert Path(kept.report["details"]["workspace"]) in there
    assert len(there) == 2
    assert "workspaces of runs that were killed are removed" in kept.log("run.log")
    living.terminate()
    living.wait()
    assert set(workspaces.iterdir()) == {Path(kept.report["details"]["workspace"])}
    assert not alive(living_words)


def test_a_supervisor_that_is_killed_takes_the_command_with_it() -> None:
    words, pieces = marker(), []

    def seen(data: bytes) -> None:
        pieces.append(data)
        # the shell's parent is the supervisor
        os.kill(int(data.split()[0]), signal.SIGKILL)

    with AbortToken() as abort:
        end = run_process(ProcessRequest(("sh", "-c", f"sleep {words} & echo $PPID; wait"), Path("/"),
                                         {"PATH": os.environ["PATH"]}), seen, None, abort)

    assert (end.returncode, end.cause) == (137, "exited")
    wait_until(lambda: not alive(words))


def test_a_command_has_the_signals_it_would_have_without() -> None:
    pieces: list[bytes] = []

    with AbortToken() as abort:
        run_process(ProcessRequest(("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"), Path("/"),
                                   {"PATH": os.environ["PATH"]}), pieces.append, None, abort)

    blocked, ignored = b"".join(pieces).split()[1::2]
    ours = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "SigIgn" in line)
    # what Python ignores for itself, its children do not
    pythons_own = sum(1 << (number - 1) for number in (signal.SIGPIPE, signal.SIGXFSZ))
    assert int(blocked, 16) == 0
    assert int(ignored, 16) == int(ours, 16) & ~pythons_own
