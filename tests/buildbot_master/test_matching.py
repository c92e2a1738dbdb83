"""A job goes to a worker that can run it; where none can, everyone can read why."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.buildbot_master.conftest import CAPABILITIES, RunningMaster, ask, new_master, wait_for

NEEDY = """\
name: needy
namespace: dist
description: Needs more than there is.
maintainer: tests
environment: {tools: [no-such-tool], executor: local}
resources: {memory: 900G}
run: {using: command, command: "true"}
"""


def waiting(master: RunningMaster) -> list[dict[str, Any]]:
    status, answer, _ = ask(f"http://127.0.0.1:{master.ports.web}/waiting.json")
    assert status == 200
    return list(answer["jobs"])


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checks")
    (folder / "needy").mkdir()
    (folder / "needy" / "needy.yml").write_text(NEEDY)
    return folder


def test_a_job_that_no_worker_can_run_waits_with_its_reasons(tmp_path: Path, checks: Path) -> None:
    offers = CAPABILITIES | {"tool:no-such-tool": None, "system:memory_bytes": 8 * 10**9}
    with new_master(tmp_path / "state", {"check_folders": [str(checks)]}, capabilities=offers) as master:
        build_id = master.schedule("needy", arch="s390x")

        job = wait_for(lambda: waiting(master))[0]
        at_the_door = master.door("/waiting")[1]

        assert (job["taskname"], job["build_id"], job["arch"]) == ("needy", build_id, "s390x")
        assert job["reasons"] == [
            "local-1, local-2: arch s390x is needed, the worker has x86_64, i686",
            "local-1, local-2: tool `no-such-tool` is needed, the worker lacks it",
            "local-1, local-2: 838 GiB of memory are needed, the worker has 7.5 GiB",
            f"no worker can ever run it; it is refused in {600 - job['waits_seconds']} s",
        ]
        assert [one["build_id"] for one in at_the_door["jobs"]] == [build_id]
        page = ask(f"http://127.0.0.1:{master.ports.web}/waiting")[1]
        assert "1 job waits for a worker" in page
        assert "arch s390x is needed" in page


def test_without_workers_a_job_says_so(own_master: RunningMaster) -> None:
    own_master.stop_worker()
    own_master.schedule("good")

    reasons = wait_for(lambda: [job["reasons"] for job in waiting(own_master)])

    assert reasons == [["local-1, local-2: not connected"]]


def test_a_worker_that_says_nothing_gets_no_job(tmp_path: Path) -> None:
    with new_master(tmp_path / "state") as master:
        master.stop_worker()
        for path in master.state.worker.glob("*/info/capabilities.json"):
            path.write_text("{}")
        master.worker.start()
        wait_for(master.worker.part.is_ready)

        master.schedule("good")

        # until the master has noticed that the connection before is gone it is one that is not connected
        wait_for(lambda: [job for job in waiting(master) if "it does not say what it offers" in job["reasons"][0]])
        assert len(waiting(master)) == 1


@pytest.mark.parametrize("lie", ["[]", "{", '"x"', "[" * 100_000, json.dumps({"system:arches": 5})])
def test_a_worker_that_talks_nonsense_harms_nobody(tmp_path: Path, lie: str) -> None:
    with new_master(tmp_path / "state") as master:
        master.stop_worker()
        (master.state.worker / "local-1" / "info" / "capabilities.json").write_text(lie)
        master.worker.start()
        wait_for(master.worker.part.is_ready)

        build_ids = [master.schedule("good", arch="x86_64") for _ in range(3)]

        assert [master.ended(build_id)["execution_status"] for build_id in build_ids] == ["OK"] * 3


def test_the_page_is_empty_when_nothing_waits(master: RunningMaster) -> None:
    status, page, headers = ask(f"http://127.0.0.1:{master.ports.web}/waiting")

    assert status == 200
    assert "No jobs wait for a worker" in page
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_next_attempt_is_made_by_another_worker(master: RunningMaster) -> None:
    build_id = master.schedule("surroundings-fail")

    master.ended(build_id)
    master.last_build(build_id)

    workers = [build["workerid"] for build in master.builds_of(build_id)]
    assert len(set(workers[:2])) == 2
