"""A real master and a real worker on free ports, with a stand-in for the runner."""
from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from buildbot_master.stack import parts_list
from buildbot_master.stack.child import Child, death_with_parent
from buildbot_master.stack.master_folder import MasterOptions, prepare_master
from buildbot_master.stack.port import Ports, ports_of
from buildbot_master.stack.state import State
from buildbot_master.stack.worker_folder import names_of, prepare_worker
from checks.build_id import build_id_for
from tests.support.free_ports import choose_ports

#: What the worker of the tests says that it offers.
CAPABILITIES = {"system:arch": "x86_64", "system:arches": ["x86_64", "i686"], "executor:local:available": True}
RUNNER = Path(__file__).parent / "stand_in_runner.py"


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return what `what` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not come true within {seconds} s")


@dataclass
class RunningMaster:
    """The master, the worker, and what a test asks them."""

    state: State
    ports: Ports
    master: Child
    worker: Child

    def start(self) -> None:
        for child in (self.master, self.worker):
            child.start()
            wait_for(lambda child=child: child.part.is_ready() or not child.is_running, 120)
            assert child.is_running, child.last_lines(40)

    def stop(self) -> None:
        self.master.stop()
        self.worker.stop()

    def stop_worker(self) -> None:
        """Stop the worker, and wait until the master knows: it gives builds to a connection that is gone, too."""
        self.worker.stop()
        names = set(names_of(self.state.worker))
        wait_for(lambda: not names & {one["name"] for one in self.rest("workers")["workers"] if one["connected_to"]})

    def kill(self, child: Child) -> None:
        assert child.process is not None
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

    def job(self, check: str, **changes: Any) -> dict[str, Any]:
        """Return the body of a request; the key is new each time."""
        key = changes.pop("key", f"test/{check}/{uuid.uuid4()}")
        return {"item": "xchat-0.5-1.fc20", "item_type": "koji_build", "taskname": check, "arch": "noarch",
                "build_id": build_id_for(key), "key": key, "reason": "a test", **changes}

    def door(self, path: str, body: Any = None, token: str | None = None) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Return status, answer and headers."""
        token = token or self.state.door_token.read_text().strip()
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return ask(f"http://127.0.0.1:{self.ports.door}{path}", data, {"Authorization": f"Bearer {token}"})

    def schedule(self, check: str, **changes: Any) -> str:
        """Schedule a job; return its build id."""
        status, answer, _ = self.door("/schedule", self.job(check, **changes))
        assert status == 201, answer
        return str(answer["build_id"])

    def rest(self, path: str) -> Any:
        status, answer, _ = ask(f"http://127.0.0.1:{self.ports.web}/api/v2/{path}")
        assert status == 200, answer
        return answer

    def builds_of(self, build_id: str) -> list[dict[str, Any]]:
        rows = self.rest("builds?property=build_id&order=buildid")["builds"]
        return [row for row in rows if row["properties"].get("build_id", [None])[0] == build_id]

    def ended(self, build_id: str) -> dict[str, Any]:
        """Wait until the run was handed over; return its execution report."""
        wait_for(lambda: (self.state.queue / f"{build_id}.json").exists())
        report: dict[str, Any] = json.loads((self.state.artifacts / build_id / "execution.json").read_text())
        return report

    def last_build(self, build_id: str) -> dict[str, Any]:
        """Wait until the last build is complete; return it."""
        return wait_for(lambda: (rows := self.builds_of(build_id)) and rows[-1]["complete"] and rows[-1])


def ask(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, Any, dict[str, str]]:
    """Return status, answer (JSON where it is) and headers, for good and bad answers alike."""
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, text, found = answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        status, text, found = error.code, error.read(), dict(error.headers)
    try:
        return status, json.loads(text), found
    except ValueError:
        return status, text.decode(), found


@contextmanager
def new_master(folder: Path, settings: dict[str, Any] | None = None, slots: int = 2,
               capabilities: dict[str, Any] | None = None, worker: str = "local") -> Iterator[RunningMaster]:
    """Start a master of its own; with several on one database each needs a `worker` of its own name."""
    state = State(folder)
    state.make()
    marks = folder / "marks"
    marks.mkdir()
    (folder / "master-settings.json").write_text(json.dumps({
        "runner_command": [*death_with_parent(), sys.executable, str(RUNNER)],
        "runner_environment": {"MARKS": str(marks)},
        "retry_delay_seconds": 0.3, "attempts": 3, "grace_seconds": 3,
        "workers": [{"name": worker, "slots": slots, "password_file": str(state.secrets / "worker.password")}],
        **(settings or {})}))
    choose_ports(state.folder)
    ports = ports_of(state.folder, None)
    prepare_master(state, ports, MasterOptions(slots))
    prepare_worker(state, ports, slots, json.dumps(capabilities or CAPABILITIES))
    _rename_worker(state, worker)
    parts = {part.name: part for part in parts_list.parts(state, ports, parts_list.StackOptions())}
    running = RunningMaster(state, ports, *(Child(parts[name], state.logs / f"{name}.log")
                                            for name in ("master", "worker")))
    try:
        running.start()
        yield running
    finally:
        running.stop()


def _rename_worker(state: State, worker: str) -> None:
    tac = state.worker / "buildbot.tac"
    tac.write_text(tac.read_text().replace("'local", f"'{worker}"))
    for folder in list(state.worker.glob("local*")):
        folder.rename(folder.with_name(folder.name.replace("local", worker)))


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMaster]:
    with new_master(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture
def own_master(tmp_path: Path) -> Iterator[RunningMaster]:
    """One that a test may kill."""
    with new_master(tmp_path / "state") as running:
        yield running
