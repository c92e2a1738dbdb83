"""The way through the door: what is waited for, what is refused, and how it is woken."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import trigger.schedulers.buildbot as module
from checks.build_id import build_id_for
from checks.contracts import Job
from tests.support.door import FakeDoor, running_door, token_file
from tests.support.rabbitmq import wait_until
from trigger.scheduler import JobRefusedError, SchedulerAwayError, SchedulerStoppedError
from trigger.schedulers.buildbot import BuildbotScheduler, Door

JOB = Job("xchat-0.5-1.fc36", "koji_build", "rpmlint", "noarch", build_id_for("k"), "k")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDoor]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.1)
    with running_door() as running:
        yield running


def scheduler(door: FakeDoor, folder: Path, patience: float = 60.0) -> BuildbotScheduler:
    return BuildbotScheduler(Door(door.url, token_file(folder)), patience)


def test_new_and_known_are_told_apart(door: FakeDoor, tmp_path: Path) -> None:
    buildbot = scheduler(door, tmp_path)

    assert [(done.buildset, done.is_new) for done in (buildbot.schedule(JOB), buildbot.schedule(JOB))] == [
        (1, True),
        (1, False),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        (503, {"Retry-After": "1"}, b""),
        (429, {"Retry-After": "soon"}, b"{}"),
        (500, {}, b"<html>"),
        (401, {}, b""),
        (404, {}, b""),
        (302, {"Location": "http://example.org"}, b""),
    ],
)
def test_everything_that_may_pass_is_tried_again(
    door: FakeDoor, tmp_path: Path, answer: tuple[int, dict[str, str], bytes]
) -> None:
    door.answers += [answer, answer]

    assert scheduler(door, tmp_path).schedule(JOB).is_new
    assert door.requests == 3


def test_a_proxy_of_the_environment_never_sees_the_token(
    door: FakeDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_door() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        # a name that nobody has: only a proxy would take it, and loopback would bypass one by itself
        buildbot = BuildbotScheduler(Door("http://door.invalid:8011", token_file(tmp_path)), 0.1)

        with pytest.raises(SchedulerAwayError):
            buildbot.schedule(JOB)

        assert proxy.requests == 0


def test_a_wrong_job_is_refused_with_every_fault(door: FakeDoor, tmp_path: Path) -> None:
    door.answers.append((400, {}, b'{"faults": ["`item` is wrong", "`arch` is wrong"]}'))

    with pytest.raises(JobRefusedError, match="`item` is wrong; `arch` is wrong"):
        scheduler(door, tmp_path).schedule(JOB)


def test_a_changed_token_is_read_anew(door: FakeDoor, tmp_path: Path) -> None:
    buildbot = scheduler(door, tmp_path)
    token_file(tmp_path, "wrong")
    thread = threading.Thread(target=buildbot.schedule, args=(JOB,))
    thread.start()
    wait_until(lambda: door.requests >= 2)
    token_file(tmp_path)
    thread.join(60)

    assert [job["taskname"] for job in door.jobs] == ["rpmlint"]


def test_stop_wakes_a_wait_at_once(door: FakeDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 60.0)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 60.0)
    door.close()
    buildbot = scheduler(door, tmp_path)
    threading.Timer(0.2, buildbot.stop).start()
    begin = time.monotonic()

    with pytest.raises(SchedulerStoppedError):
        buildbot.schedule(JOB)
    assert time.monotonic() - begin < 40


def test_patience_ends_before_the_broker_takes_the_message_back(door: FakeDoor, tmp_path: Path) -> None:
    door.close()

    with pytest.raises(SchedulerAwayError, match="Connection refused"):
        scheduler(door, tmp_path, patience=0.1).schedule(JOB)


def test_the_status_of_the_door_is_told_or_why_not(door: FakeDoor, tmp_path: Path) -> None:
    buildbot = scheduler(door, tmp_path)

    assert buildbot.status() == {"pending": 3, "accepting": True}
    door.close()
    assert "refused" in buildbot.status()["error"]


def test_the_next_door_is_asked_where_one_is_away_and_remains_so(door: FakeDoor, tmp_path: Path) -> None:
    with running_door() as other:
        door.close()
        buildbot = BuildbotScheduler(Door(door.url, token_file(tmp_path), (other.url,)))

        first, second = buildbot.schedule(JOB), buildbot.schedule(JOB)

        assert (first.is_new, second.is_new) == (True, False)
        assert other.requests == 2
        assert buildbot.waiting_seconds == 0


@pytest.mark.parametrize("status", [503, 500, 401, 404])
def test_the_next_door_is_asked_where_one_cannot_take_jobs(door: FakeDoor, tmp_path: Path, status: int) -> None:
    with running_door() as other:
        door.answers.append((status, {}, b""))
        buildbot = BuildbotScheduler(Door(door.url, token_file(tmp_path), (other.url,)))

        assert buildbot.schedule(JOB).is_new
        assert (door.requests, other.requests) == (1, 1)


def test_masters_that_share_a_database_have_enough_jobs_together(door: FakeDoor, tmp_path: Path) -> None:
    with running_door() as other:
        door.answers.append((429, {}, b"{}"))
        buildbot = BuildbotScheduler(Door(door.url, token_file(tmp_path), (other.url,)))

        buildbot.schedule(JOB)

        assert (door.requests, other.requests) == (2, 0)


def test_a_door_that_comes_back_is_asked_again_when_the_other_goes(door: FakeDoor, tmp_path: Path) -> None:
    with running_door() as other:
        door.close()
        buildbot = BuildbotScheduler(Door(door.url, token_file(tmp_path), (other.url,)))
        buildbot.schedule(JOB)

        door.open()
        other.close()

        assert buildbot.schedule(JOB).is_new
        assert door.requests == 1


def test_where_no_door_answers_the_job_waits_for_any(door: FakeDoor, tmp_path: Path) -> None:
    with running_door() as other:
        door.close()
        other.close()
        buildbot = BuildbotScheduler(Door(door.url, token_file(tmp_path), (other.url,)), 0.3)

        with pytest.raises(SchedulerAwayError) as away:
            buildbot.schedule(JOB)

    assert {door.url, other.url} <= set(str(away.value).replace(": ", " ").split())
