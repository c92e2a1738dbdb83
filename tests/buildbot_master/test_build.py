"""Whatever way a build ends, its run is handed over once, with a report that says what happened."""
from __future__ import annotations

import json
import os
import time

import pytest

from tests.buildbot_master.conftest import CAPABILITIES, RunningMaster, ask, new_master, wait_for

SUCCESS, FAILURE, EXCEPTION, RETRY, CANCELLED = 0, 2, 4, 5, 6


@pytest.mark.parametrize(("check", "result", "status", "code"), [
    ("good", SUCCESS, "OK", "good"),
    ("crashes", FAILURE, "NOT_OK", "crashes"),
    ("bug", EXCEPTION, "NOT_OK", "bug"),
    ("leaves-nothing", FAILURE, "NOT_OK", "no-report"),
])
def test_the_end_of_the_runner_is_the_end_of_the_build(master: RunningMaster, check: str, result: int, status: str,
                                                       code: str) -> None:
    build_id = master.schedule(check)

    report = master.ended(build_id)
    build = master.last_build(build_id)

    assert build["results"] == result
    assert (report["execution_status"], report["code"], report["build_id"]) == (status, code, build_id)


def test_a_finished_run_names_its_folder_and_its_address(master: RunningMaster) -> None:
    build_id = master.schedule("good")
    master.ended(build_id)

    finished = json.loads((master.state.queue / f"{build_id}.json").read_text())

    url = f"http://127.0.0.1:{master.ports.artifacts}/{build_id}/"
    assert finished == {"build_id": build_id, "folder": str(master.state.artifacts / build_id), "log_url": url}
    assert ask(url)[0] == 200


def test_surroundings_that_fail_once_are_tried_again(master: RunningMaster) -> None:
    build_id = master.schedule("works-the-second-time")

    report = master.ended(build_id)
    master.last_build(build_id)

    assert report["execution_status"] == "OK"
    assert [build["results"] for build in master.builds_of(build_id)] == [RETRY, SUCCESS]


def test_surroundings_that_fail_for_ever_are_tried_three_times(master: RunningMaster) -> None:
    build_id = master.schedule("surroundings-fail")

    report = master.ended(build_id)
    build = master.last_build(build_id)

    assert [one["results"] for one in master.builds_of(build_id)] == [RETRY, RETRY, EXCEPTION]
    assert "gave up after 3 attempts" in build["state_string"]
    assert report["exit_code"] == 3


def test_a_failed_check_is_not_tried_again(master: RunningMaster) -> None:
    build_id = master.schedule("crashes")

    master.ended(build_id)
    master.last_build(build_id)

    assert len(master.builds_of(build_id)) == 1


def test_jobs_for_several_items_are_never_made_one(master: RunningMaster) -> None:
    items = [f"xchat-0.{number}-1.fc20" for number in range(6)]

    build_ids = [master.schedule("good", item=item) for item in items]

    assert [master.ended(build_id)["item"] for build_id in build_ids] == items


def test_a_job_that_no_worker_can_run_does_not_hold_up_the_others(master: RunningMaster) -> None:
    stuck = master.schedule("good", arch="pdp11", priority=9)

    build_id = master.schedule("good")

    assert master.ended(build_id)["execution_status"] == "OK"
    assert master.builds_of(stuck) == []


def test_a_run_that_says_nothing_for_too_long_is_ended(tmp_path) -> None:
    with new_master(tmp_path / "state", {"silence_timeout_seconds": 1, "grace_seconds": 1}) as master:
        build_id = master.schedule("hangs")

        report = master.ended(build_id)

        assert report["execution_status"] == "NOT_OK"
        assert master.last_build(build_id)["results"] == FAILURE


def test_a_repeated_build_gets_a_build_id_of_its_own(master: RunningMaster) -> None:
    build_id = master.schedule("good")
    master.ended(build_id)
    before = set(os.listdir(master.state.queue))
    cookie = login(master)

    status, answer, _ = control(master, cookie, f"builds/{master.last_build(build_id)['buildid']}", "rebuild")
    new = wait_for(lambda: set(os.listdir(master.state.queue)) - before)

    assert status == 200, answer
    assert new != {f"{build_id}.json"}
    assert len(new) == 1


def test_pressing_stop_ends_the_run_within_seconds_and_says_aborted(master: RunningMaster) -> None:
    # a busy machine is slow now and then, not each time
    assert any(_seconds_to_stop(master) < 10 for _ in range(3))


def _seconds_to_stop(master: RunningMaster) -> float:
    build_id = master.schedule("hangs")
    mark = master.state.folder / "marks" / build_id
    pid = wait_for(lambda: mark.exists() and mark.read_text())
    cookie = login(master)
    began = time.monotonic()

    status, answer, _ = control(master, cookie, f"builds/{master.builds_of(build_id)[0]['buildid']}", "stop")
    report = master.ended(build_id)

    assert status == 200, answer
    assert (report["execution_status"], report["code"]) == ("NOT_OK", "aborted")
    assert master.last_build(build_id)["results"] == CANCELLED
    assert not os.path.exists(f"/proc/{pid}")
    return time.monotonic() - began


def test_who_is_not_logged_in_may_not_stop_or_force(master: RunningMaster) -> None:
    build_id = master.schedule("good")
    build = master.last_build(build_id)

    answers = [control(master, "", f"builds/{build['buildid']}", "rebuild")[0],
               control(master, "", "forceschedulers/force", "force")[0]]

    assert answers == [403, 403]


def login(master: RunningMaster) -> str:
    """Return the cookie of the admin."""
    import base64
    import http.client
    password = (master.state.secrets / "admin.password").read_text().strip()
    peer = http.client.HTTPConnection("127.0.0.1", master.ports.web, timeout=60)
    peer.request("GET", "/auth/login", headers={
        "Authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()})
    answer = peer.getresponse()
    answer.read()
    # Buildbot sets two: the first is that of the anonymous visit
    return [value for name, value in answer.getheaders() if name.lower() == "set-cookie"][-1].partition(";")[0]


def control(master: RunningMaster, cookie: str, path: str, method: str) -> tuple[int, dict, dict]:
    body = json.dumps({"jsonrpc": "2.0", "method": method, "id": 1, "params": {}}).encode()
    return ask(f"http://127.0.0.1:{master.ports.web}/api/v2/{path}", body,
               {"Content-Type": "application/json", "Cookie": cookie})


def test_running_is_said_where_the_settings_ask_for_it(tmp_path) -> None:
    (tmp_path / "checks" / "good").mkdir(parents=True)
    (tmp_path / "checks" / "good" / "good.yml").write_text(
        "name: good\nnamespace: dist\ndescription: x\nmaintainer: t\nrun: {using: command, command: 'true'}\n")
    with new_master(tmp_path / "state", {"progress": True, "check_folders": [str(tmp_path / "checks")]}) as master:
        build_id = master.schedule("good")
        master.ended(build_id)

        told = json.loads((master.state.queue / "progress" / f"{build_id}-running.json").read_text())

        assert {key: told[key] for key in ("build_id", "item", "item_type", "testcase", "arch", "status")} == {
            "build_id": build_id, "item": "xchat-0.5-1.fc20", "item_type": "koji_build", "testcase": "dist.good",
            "arch": "noarch", "status": "RUNNING"}


def test_what_the_kind_of_worker_asks_for_reaches_the_runner(tmp_path) -> None:
    offers = CAPABILITIES | {"executor:podman:available": True, "tags": ["big"]}
    with new_master(tmp_path / "state", capabilities=offers) as master:
        extra = {"worker_kind": "big", "executor": "podman", "image": "localhost/checks:1", "trust": "1"}

        asked = master.ended(master.schedule("good", extra=extra))["details"]
        plain = master.ended(master.schedule("good"))["details"]

        assert {name: asked[name] for name in ("executor", "image", "trust")} == {
            "executor": "podman", "image": "localhost/checks:1", "trust": "1"}
        assert not {"executor", "image", "trust"} & set(plain)
