"""Nothing is lost or doubled when a process of the master's side dies."""
from __future__ import annotations

import json
import os
import sqlite3
import time

from tests.buildbot_master.conftest import RunningMaster, wait_for

SUCCESS, FAILURE, RETRY = 0, 2, 5


def hanging(master: RunningMaster) -> tuple[str, str]:
    """Schedule a run that waits; return its build id and its process."""
    build_id = master.schedule("hangs")
    mark = master.state.folder / "marks" / build_id
    return build_id, wait_for(lambda: mark.exists() and mark.read_text())


def test_a_master_that_is_told_to_stop_runs_its_builds_again_later(own_master: RunningMaster) -> None:
    build_id, pid = hanging(own_master)
    mark = own_master.state.folder / "marks" / build_id

    own_master.stop()
    mark.unlink()
    handed_over_early = (own_master.state.queue / f"{build_id}.json").exists()
    own_master.start()
    new_pid = wait_for(lambda: mark.exists() and mark.read_text())

    assert not handed_over_early
    assert not os.path.exists(f"/proc/{pid}")
    assert new_pid != pid
    assert own_master.builds_of(build_id)[0]["results"] == RETRY


def test_a_killed_master_runs_its_builds_again(own_master: RunningMaster) -> None:
    build_id, _ = hanging(own_master)
    mark = own_master.state.folder / "marks" / build_id

    own_master.kill(own_master.master)
    mark.unlink()
    own_master.master.start()

    assert wait_for(lambda: mark.exists() and mark.read_text(), 60)


def test_a_worker_that_dies_each_time_is_given_up_with_a_report(own_master: RunningMaster) -> None:
    build_id = own_master.schedule("hangs")
    mark = own_master.state.folder / "marks" / build_id

    for _ in range(3):
        wait_for(mark.exists)
        own_master.kill(own_master.worker)
        mark.unlink()
        own_master.worker.start()
    report = own_master.ended(build_id)

    assert report["execution_status"] == "NOT_OK"
    assert report["code"] == "worker-lost"
    assert own_master.last_build(build_id)["results"] == FAILURE


def test_a_run_that_ended_is_not_run_again_after_the_master_died_before_noting_it(own_master: RunningMaster) -> None:
    build_id, _ = hanging(own_master)
    own_master.kill(own_master.master)
    # what the master would have written just before it died
    finished = own_master.state.queue / f"{build_id}.json"
    finished.write_text(json.dumps({"build_id": build_id, "folder": "x", "log_url": None}))
    (own_master.state.folder / "marks" / build_id).unlink()

    own_master.master.start()
    wait_for(own_master.master.part.is_ready)
    build = wait_for(lambda: [row for row in own_master.builds_of(build_id) if row["results"] == SUCCESS], 60)[0]

    assert build["complete"]
    assert not (own_master.state.folder / "marks" / build_id).exists()
    assert json.loads(finished.read_text())["folder"] == "x"


def test_a_client_that_goes_away_in_mid_answer_does_not_break_the_master(own_master: RunningMaster) -> None:
    import socket
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", own_master.ports.web)) as peer:
            peer.sendall(b"GET /api/v2/builders HTTP/1.1\r\nHost: x\r\n\r\n")
            peer.recv(1)

    build_id = own_master.schedule("good")

    assert own_master.ended(build_id)["execution_status"] == "OK"
    assert "FileNotFoundError" not in own_master.master.log.read_text()


def test_a_worker_that_is_lost_while_it_arrives_comes_back(own_master: RunningMaster) -> None:
    # the connection of a worker is cut at another moment of its arrival each time
    for milliseconds in range(0, 60, 6):
        own_master.worker.stop()
        seen = own_master.master.log.stat().st_size
        own_master.worker.start()
        wait_for(lambda seen=seen: b"attaching from" in own_master.master.log.read_bytes()[seen:])
        time.sleep(milliseconds / 1000)
        own_master.kill(own_master.worker)
    own_master.worker.start()
    # both slots at a time: either alone would do all work if it came first
    build_ids = [own_master.schedule("waits-for-a-sign") for _ in range(2)]
    marks = [own_master.state.folder / "marks" / build_id for build_id in build_ids]
    wait_for(lambda: all(mark.exists() for mark in marks), 120)
    for mark in marks:
        mark.with_suffix(".sign").touch()

    assert [own_master.ended(build_id)["execution_status"] for build_id in build_ids] == ["OK"] * 2


def test_a_worker_that_is_lost_while_builds_start_loses_no_job(own_master: RunningMaster) -> None:
    build_ids = []
    # the worker is killed at another moment of the start of a build each time
    for milliseconds in range(0, 120, 10):
        wait_for(own_master.worker.part.is_ready)
        seen = own_master.master.log.stat().st_size
        build_ids += [own_master.schedule("good") for _ in range(2)]
        wait_for(lambda seen=seen: b".startBuild" in own_master.master.log.read_bytes()[seen:])
        time.sleep(milliseconds / 1000)
        own_master.kill(own_master.worker)
        own_master.worker.start()

    wait_for(lambda: all((own_master.state.queue / f"{build_id}.json").exists() for build_id in build_ids), 120)

    wait_for(lambda: own_master.door("/status")[1]["pending"] == 0)


def test_a_job_that_is_claimed_without_a_build_is_given_back(own_master: RunningMaster) -> None:
    own_master.stop_worker()
    build_id = own_master.schedule("good")
    # what Buildbot leaves behind where the worker goes away between claim and build
    with sqlite3.connect(own_master.state.master / "state.sqlite", timeout=20) as database:
        database.execute("INSERT INTO buildrequest_claims (brid, masterid, claimed_at) "
                         "SELECT buildrequests.id, masters.id, 1 FROM buildrequests, masters")
    own_master.worker.start()

    assert own_master.ended(build_id)["execution_status"] == "OK"
