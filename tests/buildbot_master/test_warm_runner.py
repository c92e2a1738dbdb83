"""The worker's warm runner: it serves runs, is missed by none when it dies, and ends with the worker."""
from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from buildbot_master.stack.master_folder import runner_command
from tests.buildbot_master.conftest import CAPABILITIES, RunningMaster, new_master, wait_for
from tests.support.whole_system import children_of, is_alive

#: Waits the first time, and is quick the second time.
CHECK = """\
name: waits-once
namespace: dist
description: Waits, the first time.
maintainer: tests
run: {using: command, command: [sh, -c, "test -e %(folder)s/mark || { touch %(folder)s/mark; sleep 600; }"]}
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningMaster]:
    check = tmp_path / "checks" / "waits-once"
    check.mkdir(parents=True)
    (check / "waits-once.yml").write_text(CHECK % {"folder": tmp_path})
    settings = {"runner_command": runner_command(tmp_path / "state" / "worker"),
                "check_folders": [str(tmp_path / "checks")],
                "runner_environment": {"CHECKOTRON_TRUSTED": str(tmp_path / "checks")}}
    with new_master(tmp_path / "state", settings, 1, CAPABILITIES | {"executor:sandbox:available": True}) as master:
        yield master


def warm_of(running: RunningMaster) -> int | None:
    """Return the process of the warm runner."""
    assert running.worker.process
    for pid in children_of(running.worker.process.pid):
        # a child of another kind may have ended meanwhile
        with suppress(OSError):
            if b"\0warm\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return None


def start_and_wait_for_the_run(running: RunningMaster) -> tuple[str, int, int]:
    """Return build id, warm runner and run of a check that waits."""
    warm = wait_for(lambda: warm_of(running))
    build_id = running.schedule("waits-once")
    run = wait_for(lambda: children_of(warm))[0]
    wait_for(lambda: (running.state.folder.parent / "mark").exists())
    return build_id, warm, run


def test_a_killed_warm_runner_loses_no_job_and_comes_back(running: RunningMaster) -> None:
    build_id, warm, run = start_and_wait_for_the_run(running)

    os.kill(warm, signal.SIGKILL)

    assert running.ended(build_id)["execution_status"] == "OK"
    assert len(running.builds_of(build_id)) == 2
    wait_for(lambda: not is_alive(run))
    wait_for(lambda: warm_of(running) not in (None, warm))


def test_a_killed_worker_takes_the_warm_runner_and_its_runs_along(running: RunningMaster) -> None:
    build_id, warm, run = start_and_wait_for_the_run(running)

    running.kill(running.worker)

    wait_for(lambda: not is_alive(run) and not is_alive(warm))
    running.worker.start()
    assert running.ended(build_id)["execution_status"] == "OK"
