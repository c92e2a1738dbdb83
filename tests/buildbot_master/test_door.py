"""The door: one buildset a key, clear answers to everything else."""
from __future__ import annotations

import json
import socket
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.buildbot_master.conftest import RunningMaster, ask, new_master


def test_a_new_job_is_answered_with_201_and_a_known_one_with_200(master: RunningMaster) -> None:
    job = master.job("good")

    first, second = master.door("/schedule", job), master.door("/schedule", job)

    assert (first[0], second[0]) == (201, 200)
    assert first[1] == second[1]
    assert first[1]["build_id"] == job["build_id"]


def test_many_deliveries_of_one_job_at_once_make_one_buildset(master: RunningMaster) -> None:
    job = master.job("good")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: master.door("/schedule", job), range(16)))

    assert sorted(answer[0] for answer in answers) == [200] * 15 + [201]
    assert len({answer[1]["buildset"] for answer in answers}) == 1


def test_the_properties_of_a_build_are_those_of_its_job(master: RunningMaster) -> None:
    build_id = master.schedule("good", arch="x86_64", extra={"update": "FEDORA-1"}, priority=7)

    build = master.last_build(build_id)
    properties = master.rest(f"builds/{build['buildid']}/properties")["properties"][0]

    values = {name: properties[name][0] for name in
              ("item", "item_type", "taskname", "arch", "build_id", "update", "priority")}
    assert values == {"item": "xchat-0.5-1.fc20", "item_type": "koji_build", "taskname": "good", "arch": "x86_64",
                      "build_id": build_id, "update": "FEDORA-1", "priority": 7}


@pytest.mark.parametrize(("changes", "fault"), [
    ({"item": "x; rm -rf /"}, "`item`"),
    ({"item": "../../etc/passwd"}, "`item`"),
    ({"item_type": "koji_biuld"}, "did you mean `koji_build`"),
    ({"taskname": "--help"}, "`taskname`"),
    ({"build_id": "-1000"}, "`build_id`"),
    ({"build_id": "../x"}, "`build_id`"),
    ({"key": ""}, "`key`"),
    ({"key": "k" * 257}, "`key`"),
    ({"priority": "high"}, "`priority`"),
    ({"extra": {"build_id": "x"}}, "`extra`"),
    ({"extra": {"workername": "x"}}, "`extra`"),
    ({"extra": {"virtual_builder_name": "x"}}, "`extra`"),
    ({"extra": {"a b": "x"}}, "`extra`"),
    ({"extra": {"executor": "local"}}, "expected sandbox, podman or kubernetes"),
    ({"extra": {"executor": "podman --privileged"}}, "expected sandbox, podman or kubernetes"),
    ({"extra": {"image": "--volume=/:/host"}}, "expected the name of an image"),
    ({"extra": {"trust": "9"}}, "expected 1 or 2"),
    ({"build_id": "8903fff3-6d5a-54c4-9e2e-779552c523ff"}, "expected that one"),
])
def test_a_wrong_job_is_answered_with_400_and_its_fault(master: RunningMaster, changes: dict, fault: str) -> None:
    job = master.job("good") | changes

    status, answer, _ = master.door("/schedule", job)

    assert status == 400
    assert any(fault in one for one in answer["faults"]), answer


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b"NaN", b'"text"'])
def test_a_body_that_is_no_job_is_answered_with_400(master: RunningMaster, body: bytes) -> None:
    status, answer, _ = master.door("/schedule", body)

    assert status == 400
    assert answer["faults"]


def test_a_body_that_is_too_long_is_refused_and_not_kept(master: RunningMaster) -> None:
    status, answer, _ = master.door("/schedule", b'{"item": "' + b"x" * 2_000_000 + b'"}')

    assert status == 413
    assert answer == {"faults": ["the body has more than 262144 bytes"]}


@pytest.mark.parametrize("token", [b"wrong", b"", "Ünïcode".encode(), b"\xff\xfe"])
def test_a_wrong_token_is_answered_with_401(master: RunningMaster, token: bytes) -> None:
    header = b"Bearer " + token

    with socket.create_connection(("127.0.0.1", master.ports.door), timeout=60) as peer:
        peer.sendall(b"GET /status HTTP/1.0\r\nAuthorization: " + header + b"\r\n\r\n")
        answer = peer.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 401 ") or answer.startswith(b"HTTP/1.0 401 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["faults"]


def test_the_status_says_what_waits(master: RunningMaster) -> None:
    status, answer, _ = master.door("/status")

    assert status == 200
    assert set(answer) == {"pending", "accepting"}
    assert answer["accepting"] is True


def test_a_full_queue_is_answered_with_429_and_a_known_job_still_with_200(tmp_path) -> None:
    with new_master(tmp_path / "state", {"pending_limit": 2}) as master:
        # an arch that no worker has: these wait
        jobs = [master.job("good", arch="pdp11") for _ in range(3)]
        master.stop_worker()
        answers = [master.door("/schedule", job) for job in jobs]

        again = master.door("/schedule", jobs[0])

        assert [answer[0] for answer in answers] == [201, 201, 429]
        assert answers[2][2]["Retry-After"] == "2"
        assert again[0] == 200


def test_a_job_that_was_taken_survives_a_master_that_is_killed_at_once(own_master: RunningMaster) -> None:
    job = own_master.job("good")
    own_master.stop_worker()
    assert own_master.door("/schedule", job)[0] == 201
    own_master.kill(own_master.master)

    own_master.start()
    again = own_master.door("/schedule", job)

    assert again[0] == 200
    assert own_master.ended(job["build_id"])["execution_status"] == "OK"


def test_a_master_that_listens_everywhere_keeps_its_door_on_loopback(tmp_path: Path) -> None:
    with new_master(tmp_path / "state", {"interface": "0.0.0.0"}) as master:
        assert ask(f"http://127.0.0.2:{master.ports.web}/api/v2/masters")[0] == 200
        with pytest.raises(urllib.error.URLError):
            ask(f"http://127.0.0.2:{master.ports.door}/status")
