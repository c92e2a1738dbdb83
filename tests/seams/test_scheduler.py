"""What every scheduler must do: the same suite for the door and for the recording double."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checks.build_id import build_id_for
from checks.contracts import Job
from tests.support.door import running_door, token_file
from trigger.all_schedulers import SCHEDULERS
from trigger.scheduler import JobRefusedError, Scheduler, SchedulerStoppedError
from trigger.schedulers.buildbot import BuildbotScheduler, Door
from trigger.schedulers.recording import RecordingScheduler

JOB = Job("xchat-0.5-1.fc20", "koji_build", "rpmlint", "noarch", build_id_for("k"), "k")


@pytest.fixture(params=sorted(SCHEDULERS))
def scheduler(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scheduler]:
    if request.param == "recording":
        yield RecordingScheduler({"refused": "no builder"})
        return
    with running_door() as door:
        door.refuse["refused"] = "no builder"
        yield BuildbotScheduler(Door(door.url, token_file(tmp_path)))


def test_a_key_is_new_once(scheduler: Scheduler) -> None:
    first, second = scheduler.schedule(JOB), scheduler.schedule(JOB)
    other = scheduler.schedule(replace(JOB, key="other"))

    assert (first.is_new, second.is_new, other.is_new) == (True, False, True)
    assert first.buildset == second.buildset != other.buildset


def test_a_wrong_job_is_refused_and_the_next_one_is_not(scheduler: Scheduler) -> None:
    with pytest.raises(JobRefusedError) as caught:
        scheduler.schedule(replace(JOB, taskname="refused"))

    assert caught.value.faults == ("no builder",)
    assert scheduler.schedule(JOB).is_new


def test_after_stop_nothing_is_scheduled_and_stopping_twice_is_harmless(scheduler: Scheduler) -> None:
    scheduler.stop()
    scheduler.stop()

    with pytest.raises(SchedulerStoppedError):
        scheduler.schedule(JOB)
