"""A job that ends without a build still ends in a report."""
from __future__ import annotations

import json

from tests.buildbot_master.conftest import RunningMaster, ask, new_master, wait_for
from tests.buildbot_master.test_build import control, login


def cancel_request(master: RunningMaster, build_id: str, cookie: str) -> tuple[int, dict, dict]:
    request = wait_for(lambda: [job["buildrequest"] for job in master.door("/waiting")[1]["jobs"]
                                if job["build_id"] == build_id])[0]
    return control(master, cookie, f"buildrequests/{request}", "cancel")


def test_a_waiting_job_that_is_cancelled_is_handed_over_as_cancelled(master: RunningMaster) -> None:
    build_id = master.schedule("good", arch="pdp11")

    status, answer, _ = cancel_request(master, build_id, login(master))
    report = master.ended(build_id)

    assert status == 200, answer
    assert (report["execution_status"], report["code"]) == ("NOT_OK", "cancelled")
    assert report["status"] == "cancelled while it waited for a worker"


def test_who_is_not_logged_in_may_not_cancel(master: RunningMaster) -> None:
    build_id = master.schedule("good", arch="pdp11")

    status, _, _ = cancel_request(master, build_id, "")

    assert status == 403


def test_a_superseded_job_is_collapsed_only_by_rule_and_handed_over(tmp_path) -> None:
    with new_master(tmp_path / "state", {"collapse_checks": ["newest-only"]}) as master:
        older, other_item, other_check, newer = [master.schedule(*job[:1], arch="pdp11", item=job[1]) for job in (
            ("newest-only", "xchat-0.5-1.fc20"), ("newest-only", "xchat-0.6-1.fc20"), ("good", "xchat-0.5-1.fc20"),
            ("newest-only", "xchat-0.5-1.fc20"))]

        report = master.ended(older)

        assert report["status"] == "superseded by a newer job for the same item"
        waiting = {job["build_id"] for job in master.door("/waiting")[1]["jobs"]}
        assert waiting == {other_item, other_check, newer}


def test_a_cancelled_job_is_handed_over_at_the_next_start_where_the_master_died(own_master: RunningMaster) -> None:
    build_id = own_master.schedule("good", arch="pdp11")
    cancel_request(own_master, build_id, login(own_master))
    own_master.ended(build_id)
    # as if the master had died between Buildbot's note and ours
    own_master.stop()
    (own_master.state.queue / f"{build_id}.json").unlink()
    (own_master.state.master / "handed-over" / build_id).unlink()

    own_master.start()

    assert own_master.ended(build_id)["code"] == "cancelled"


def test_higher_priority_runs_first(own_master: RunningMaster) -> None:
    own_master.stop_worker()
    low, high = own_master.schedule("good", priority=-5), own_master.schedule("good", priority=50)
    middle = own_master.schedule("good")
    own_master.worker.start()

    for build_id in (low, high, middle):
        own_master.ended(build_id)

    order = [build["properties"]["build_id"][0] for build in own_master.rest(
        "builds?property=build_id&order=buildid")["builds"]]
    assert order[0] == high
    assert order[-1] == low


def test_old_runs_are_removed_and_those_that_wait_for_reporting_are_kept(tmp_path) -> None:
    # three seconds: longer than from the folder of a run to its note in the queue
    with new_master(tmp_path / "state", {"keep_days": 0.00004, "cleaning_interval_seconds": 0.3}) as master:
        waits = master.schedule("good")
        master.ended(waits)
        done = master.schedule("good")
        master.ended(done)
        folder = master.state.artifacts / done

        (master.state.queue / f"{done}.json").unlink()
        wait_for(lambda: not folder.exists())

        assert (master.state.artifacts / waits / "execution.json").exists()
        wait_for(lambda: not (master.state.master / "handed-over" / done).exists())
        assert ask(f"http://127.0.0.1:{master.ports.artifacts}/{done}/")[0] == 404
        assert json.loads((master.state.queue / f"{waits}.json").read_text())["build_id"] == waits
