"""One command: its output, its end, and that nothing of it is left, with real processes."""
from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.abort import AbortToken
from runner.descendants import children_of_this_process
from runner.process import CommandNotFoundError, ProcessEnd, ProcessRequest, run_process
from tests.support.stopwatch import quickest

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def run(*argv: str, abort: AbortToken | None = None, stderr: Callable[[bytes], None] | None = None,
        **more: Any) -> tuple[ProcessEnd, bytes]:
    pieces: list[bytes] = []
    with abort or AbortToken() as token:
        end = run_process(ProcessRequest(argv, Path("/"), ENVIRONMENT, **more), pieces.append, stderr, token)
    return end, b"".join(pieces)


def is_running(marker: str) -> bool:
    return subprocess.run(["pgrep", "-f", marker], capture_output=True, check=False).stdout != b""


def test_both_streams_come_in_their_order() -> None:
    end, output = run("sh", "-c", "echo a; echo b >&2; echo c; exit 3")

    assert (end.returncode, end.cause, output) == (3, "exited", b"a\nb\nc\n")


def test_stderr_can_go_elsewhere() -> None:
    errors: list[bytes] = []

    end, output = run("sh", "-c", "echo a; echo b >&2", stderr=errors.append)

    assert (output, b"".join(errors), end.returncode) == (b"a\n", b"b\n", 0)


def test_an_end_by_signal_counts_as_the_shell_counts() -> None:
    assert run("sh", "-c", "kill -9 $$")[0].returncode == 137


def test_a_command_that_is_not_there_is_told() -> None:
    with pytest.raises(CommandNotFoundError, match="`nonono` cannot be started: No such file or directory"):
        run("nonono")
    with pytest.raises(CommandNotFoundError, match="`/etc/passwd` cannot be started: Permission denied"):
        run("/etc/passwd")


def test_nothing_of_the_environment_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER", "2")

    assert b"HUNTER" not in run("env")[1]


def test_time_that_is_used_up_ends_a_command() -> None:
    begin = time.monotonic()

    end, _ = run("sleep", "60", timeout_seconds=1)

    assert (end.cause, end.returncode) == ("timed-out", 143)
    assert time.monotonic() - begin < 30


def test_silence_ends_a_command_and_output_keeps_it() -> None:
    quiet, output = run("sh", "-c", "echo a; sleep 60", silence_seconds=2)
    lively, _ = run("sh", "-c", "for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done", silence_seconds=2)

    assert (quiet.cause, output) == ("silent", b"a\n")
    assert lively.cause == "exited"


def test_a_command_that_ignores_terminate_is_killed_after_the_grace() -> None:
    begin = time.monotonic()

    # time enough for a shell on a busy machine to come as far as its trap
    end, _ = run("sh", "-c", "trap '' TERM; while true; do sleep 0.05; done", timeout_seconds=2, grace_seconds=0.3)

    assert end.returncode == 137
    assert 2.3 <= time.monotonic() - begin < 30


def test_a_command_that_cleans_up_on_terminate_is_left_to_do_so() -> None:
    _, output = run("sh", "-c", "trap 'echo tidy; exit 0' TERM; sleep 60 & wait", timeout_seconds=2, grace_seconds=30)

    assert output == b"tidy\n"


def test_three_generations_and_a_daemon_are_gone_within_two_seconds_of_the_grace(tmp_path: Path) -> None:
    assert quickest(lambda: _abort_three_generations(tmp_path), 0.2 + 0.5 + 2) < 0.2 + 0.5 + 2


def _abort_three_generations(folder: Path) -> None:
    """Abort them 0.2 s after they came up, with a grace of 0.5 s; nothing of them is left."""
    mark = f"7{os.getpid()}"
    family = (f"trap '' TERM; sh -c \"trap '' TERM; sh -c 'sleep {mark}1 & sleep {mark}2' & sleep {mark}3\" & "
              f"(setsid sh -c \"trap '' TERM; sleep {mark}4 & sleep {mark}5\" &); echo up; sleep {mark}6")
    token = AbortToken()
    pieces: list[bytes] = []

    def on_output(data: bytes) -> None:
        pieces.append(data)
        threading.Timer(0.2, token.abort, ("enough",)).start()

    with token:
        end = run_process(ProcessRequest(("sh", "-c", family), folder, ENVIRONMENT, grace_seconds=0.5), on_output,
                          None, token)

    assert end.cause == "aborted"
    assert not is_running(f"sleep {mark}")


def test_an_abort_before_the_start_ends_the_command_at_once() -> None:
    token = AbortToken()
    token.abort("too late")

    assert run("sleep", "60", abort=token)[0].cause == "aborted"


def test_children_that_outlive_a_command_are_ended_and_counted() -> None:
    mark = f"8{os.getpid()}"

    end, output = run("sh", "-c", f"sleep {mark} & (setsid sleep {mark} &) ; sleep 0.1; echo done")

    assert output == b"done\n"
    assert end.left_behind >= 1
    assert not is_running(f"sleep {mark}")


def test_processes_of_others_are_left_alone() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        run("sh", "-c", "sleep 60 & true")

        assert other.poll() is None
        other.kill()


def test_a_child_that_holds_the_pipe_open_does_not_hold_the_run() -> None:
    begin = time.monotonic()

    run("sh", "-c", "setsid sleep 60 & echo done")

    assert time.monotonic() - begin < 30


def test_a_hundred_megabytes_pass_and_cost_no_memory() -> None:
    total = 0

    def count(data: bytes) -> None:
        nonlocal total
        total += len(data)

    with AbortToken() as token:
        request = ProcessRequest(("head", "-c", "100000000", "/dev/zero"), Path("/"), ENVIRONMENT)
        run_process(request, count, None, token)

    assert total == 100_000_000


def test_a_reason_to_stop_ends_the_command() -> None:
    assert run("yes", stop=lambda: "enough")[0].cause == "stopped"
    assert run("sleep", "60", look=lambda: "enough", look_every_seconds=0.1)[0].cause == "stopped"


@pytest.mark.full
def test_two_hundred_commands_in_a_row_leave_no_zombie() -> None:
    before = set(children_of_this_process())

    for _ in range(200):
        assert run("true")[0].returncode == 0

    assert set(children_of_this_process()) <= before
