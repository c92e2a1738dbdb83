"""Children of the stack: started in order, restarted, stopped with everything that they started."""
from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from buildbot_master.stack.child import Child, Part
from buildbot_master.stack.supervisor import StartError, Supervisor
from tests.buildbot_master.conftest import wait_for

#: Writes its process and its grandchild's, then waits.
FAMILY = """
import os, pathlib, signal, subprocess, sys, time
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
part = pathlib.Path(sys.argv[1] + ".part")
part.write_text(f"{os.getpid()} {child.pid}")
part.replace(sys.argv[1])
time.sleep(600)
"""


def part(tmp_path: Path, name: str = "family", *, kind: str = "good", grace_seconds: float = 5.0,
         stop_order: int = 5) -> Part:
    mark = tmp_path / f"{name}.pids"
    return Part(name, f"the {name}", (sys.executable, "-c", FAMILY, str(mark), kind), tmp_path, mark.exists,
                grace_seconds=grace_seconds, stop_order=stop_order)


def family(tmp_path: Path, name: str = "family") -> list[int]:
    text = wait_for(lambda: (mark := tmp_path / f"{name}.pids").exists() and mark.read_text())
    return [int(pid) for pid in text.split()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("kind", ["good", "stubborn"])
def test_stop_ends_the_child_and_what_it_started(tmp_path: Path, kind: str) -> None:
    child = Child(part(tmp_path, kind=kind, grace_seconds=0.3), tmp_path / "log")
    child.start()
    pids = family(tmp_path)

    child.stop()

    wait_for(lambda: not any(lives(pid) for pid in pids))


def test_a_child_that_ends_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor([part(tmp_path)], tmp_path, said.append)
    supervisor.start()
    first = family(tmp_path)[0]
    watching = threading.Thread(target=supervisor.keep_running)
    watching.start()

    (tmp_path / "family.pids").unlink()
    os.kill(first, 9)
    second = family(tmp_path)[0]
    supervisor.stopping.set()
    watching.join()
    supervisor.stop()

    assert second != first
    assert any("the family ended (SIGKILL); starts again in 0.5 s" in line for line in said)
    assert "the family started again" in said


def test_a_child_that_never_comes_up_is_an_error_with_the_end_of_its_log(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "raise SystemExit('port is taken')")
    supervisor = Supervisor([Part("broken", "the broken one", command, tmp_path, lambda: False)], tmp_path,
                            lambda line: None)

    with pytest.raises(StartError) as caught:
        supervisor.start()

    assert str(caught.value).startswith(f"the broken one does not start; its log, {tmp_path / 'broken.log'}, ends with")
    assert "port is taken" in str(caught.value)


def test_what_a_part_waits_for_is_told_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SETTLE_LIMIT", "_WAITS_LOOK"):
        monkeypatch.setattr(f"buildbot_master.stack.supervisor.{name}", 0.0)
    said: list[str] = []
    waits = ["for the broker"]
    waiting = replace(part(tmp_path), waits=lambda: waits[0], address="listens to it")
    supervisor = Supervisor([waiting], tmp_path, said.append)
    supervisor.start()
    assert said[0].endswith("  waits for the broker")
    assert supervisor.waiting == {"the family": "for the broker"}

    looks = iter(("", "", "for the broker", "for the broker", ""))

    def change() -> bool:
        waits[0] = next(looks, "over")
        return waits[0] == "over"

    supervisor.keep_running(change)
    supervisor.stop()

    assert said[1:] == ["the family goes on: listens to it", "the family waits for the broker",
                        "the family goes on: listens to it"]


def test_children_stop_in_their_order(tmp_path: Path) -> None:
    stopped: list[str] = []
    supervisor = Supervisor([part(tmp_path, "a"), part(tmp_path, "b", stop_order=1), part(tmp_path, "c")], tmp_path,
                            lambda line: None)
    supervisor.start()

    supervisor.stop(stopped.append)

    assert stopped == ["the b", "the c", "the a"]


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = f"""
import pathlib, sys, time
from buildbot_master.stack.child import Child, Part
mark = pathlib.Path({str(tmp_path / 'family.pids')!r})
part = Part("family", "the family", (sys.executable, "-c", {FAMILY!r}, str(mark), "good"), mark.parent, mark.exists)
Child(part, mark.with_name("log")).start()
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    child = family(tmp_path)[0]

    parent.kill()
    parent.wait()

    wait_for(lambda: not lives(child))


def test_a_long_log_is_set_aside_while_the_child_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buildbot_master.stack.child._LOG_LIMIT_BYTES", 1000)
    child = Child(part(tmp_path), tmp_path / "family.log")
    child.start()
    (tmp_path / "family.log").write_text("x" * 2000)

    child.rotate()
    child.stop()

    assert (tmp_path / "family.log").stat().st_size == 0
    assert (tmp_path / "family.log.1").read_text() == "x" * 2000

