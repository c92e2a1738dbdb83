"""A message on the bus becomes a row that a person can read, once, whatever the verdict."""
from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.rabbitmq import publish, waiting
from tests.support.whole_system import QUEUE, WholeSystem, family_of, is_alive, wait_for
from tests.trigger.samples import KOJI_TOPIC


def test_a_message_becomes_a_row(system: WholeSystem) -> None:
    system.publish("arrives")

    row = system.result("arrives-0.5-1.fc36")

    assert row["testcase"]["name"] == "dist.rpmlint"
    assert row["outcome"] == "PASSED"
    assert row["note"].startswith("0 ERRORS")
    assert row["data"]["item"] == ["arrives-0.5-1.fc36"]
    assert row["data"]["type"] == ["koji_build"]
    assert system.report(row)["execution_status"] == "OK"


def test_the_log_url_of_a_row_works(system: WholeSystem) -> None:
    row = system.result("arrives-0.5-1.fc36") if system.results("arrives-0.5-1.fc36") else None
    if row is None:
        system.publish("arrives")
        row = system.result("arrives-0.5-1.fc36")

    with urllib.request.urlopen(row["ref_url"], timeout=60) as answer:
        text = answer.read().decode()

    assert row["groups"][0] in row["ref_url"]
    assert "arrives" in text


def test_a_message_that_comes_twice_becomes_one_row(system: WholeSystem) -> None:
    for _ in range(3):
        system.publish("twice", "the-same")

    system.result("twice-0.5-1.fc36")
    system.publish("twice", "the-same")
    wait_for(lambda: waiting(system.bus or "", QUEUE) == 0)
    system.publish("x-and-more")
    system.result("x-and-more-0.5-1.fc36")

    assert len(system.results("twice-0.5-1.fc36")) == 1


def test_the_same_event_in_another_message_becomes_one_row(system: WholeSystem) -> None:
    system.publish("other-message", "one")
    system.publish("other-message", "two")

    system.result("other-message-0.5-1.fc36")
    wait_for(lambda: waiting(system.bus or "", QUEUE) == 0)

    rows = [build for build in system.builds() if build["state_string"].find("other-message") >= 0]
    assert len(system.results("other-message-0.5-1.fc36")) == 1
    assert len(rows) <= 1


def test_a_failing_package_is_a_good_run_with_the_verdict_failed(system: WholeSystem) -> None:
    system.publish("failing")

    row = system.result("failing-0.5-1.fc36")

    report = system.report(row)
    assert row["outcome"] == "FAILED"
    assert (report["execution_status"], report["exit_code"]) == ("OK", 0)


def test_a_check_that_breaks_gives_a_row_that_says_so(system: WholeSystem) -> None:
    system.publish("breaks")

    row = system.result("breaks-0.5-1.fc36")

    report = system.report(row)
    assert row["outcome"] == "CRASHED"
    assert row["testcase"]["name"] == "dist.breaks"
    assert (report["execution_status"], report["exit_code"]) == ("NOT_OK", 1)


GARBAGE = [
    pytest.param(b"\xff\xfe\x00", {}, id="bytes"),
    pytest.param(b"{", {}, id="half"),
    pytest.param(b"[" * 5000 + b"]" * 5000, {}, id="deep"),
    pytest.param(json.dumps({"name": "x; rm -rf /"}).encode(), {}, id="shell"),
    pytest.param(b'{"name": NaN}', {}, id="nan"),
    pytest.param(b"{}", {"content_encoding": "bogus"}, id="encoding"),
    pytest.param(json.dumps({"name": "../../etc/passwd", "version": "1", "release": "1", "new": 1, "old": 0,
                             "attribute": "state", "instance": "primary", "build_id": 5}).encode(), {}, id="path"),
]


@pytest.mark.parametrize(("body", "properties"), GARBAGE)
def test_garbage_on_the_bus_starts_nothing(system: WholeSystem, body: bytes, properties: dict) -> None:
    before = len(system.builds())

    publish(system.bus or "", KOJI_TOPIC, body, **properties)
    wait_for(lambda: waiting(system.bus or "", QUEUE) == 0)

    assert len(system.builds()) == before
    assert not any("passwd" in build["state_string"] for build in system.builds())


def test_after_garbage_a_good_message_still_becomes_a_row(system: WholeSystem) -> None:
    for body in (b"garbage", b"[]", b"\x00"):
        publish(system.bus or "", KOJI_TOPIC, body)

    system.publish("after-garbage")

    assert system.result("after-garbage-0.5-1.fc36", 120)["outcome"] == "PASSED"


def test_a_run_that_is_cancelled_ends_at_once_and_says_so(system: WholeSystem) -> None:
    worker = system.pid("worker")
    system.publish("waits")
    runs = wait_for(lambda: [pid for pid in family_of(worker) if b"sleep\x00600" in command_of(pid)], 60, "the check")

    done = subprocess.run([sys.executable, "-m", "checkotron", "trigger", "cancel", "--state", str(system.state),
                           "waits-0.5-1.fc36"], capture_output=True, text=True, timeout=60, check=False)

    row = system.result("waits-0.5-1.fc36")
    assert done.returncode == 0, done.stdout + done.stderr
    assert row["outcome"] == "ABORTED"
    assert system.report(row)["code"] == "aborted"
    wait_for(lambda: [pid for pid in runs if is_alive(pid)] == [])


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_what_is_under_way_is_seen_before_there_is_a_result(system: WholeSystem) -> None:
    system.publish("under-way")

    system.result("under-way-0.5-1.fc36")
    # told once each, in any order with the rest of the deliverer's work
    wait_for(lambda: len(system.rows("under-way-0.5-1.fc36")) == 3)
    rows = system.rows("under-way-0.5-1.fc36")

    assert {row["outcome"] for row in rows} > {"QUEUED", "RUNNING"}
    # so that who asks for the newest is never told that it runs
    assert max(rows, key=lambda row: row["submit_time"])["outcome"] not in ("QUEUED", "RUNNING")
    assert len({row["groups"][0] for row in rows}) == 1


def test_a_job_that_the_master_refuses_is_an_error_in_the_results(system: WholeSystem) -> None:
    system.publish("refused")

    rows = wait_for(lambda: [row for row in system.results("refused-0.5-1.fc36") if row["outcome"] == "ERROR"])

    assert rows[0]["note"].startswith("the master refuses the job: `extra`: `branch` is not a free name")
