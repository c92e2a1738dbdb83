"""A job that ends in the trigger is told to reporting, as if it had been a run."""
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from checks.contracts import FinishedRun
from checks.outcome import Outcome
from reporting.run_folder import read_run
from tests.trigger.planning import check, rulebook
from tests.trigger.samples import koji_build
from trigger.dispatch import Dispatcher, JobsRefusedError
from trigger.ended_here import CANCELLED, EndedHere
from trigger.held import HeldJobs
from trigger.holding import Holding
from trigger.journal import Journal
from trigger.keeper import Keeper
from trigger.schedulers.recording import RecordingScheduler

RULES = "- {when: {message_type: KojiBuildPackageCompleted}, do: [{check: rpmlint}]}"
DELAYED = RULES.replace("check: rpmlint", "check: rpmlint, delay: 1")


class System:
    """A trigger whose master refuses every job."""

    def __init__(self, folder: Path, rules: str) -> None:
        book = rulebook(rules, check("rpmlint", namespace="dist"))
        self.state, self.queue = folder, folder / "queue"
        self.queue.mkdir()
        ended, journal, held = EndedHere(folder), Journal(folder), HeldJobs(folder, lambda: 0.0)
        self.scheduler = RecordingScheduler({"rpmlint": "`extra`: `branch` is not a free name"})
        self.dispatcher = Dispatcher(lambda: book, self.scheduler, None, Keeper(journal, held, ended=ended))
        self.holding = Holding(HeldJobs(folder, lambda: 9e9), self.scheduler, journal, ended=ended)

    def told(self) -> list[FinishedRun]:
        return [FinishedRun.from_dict(json.loads(path.read_text())) for path in sorted(self.queue.glob("*.json"))]


def test_a_refused_job_becomes_an_error_in_the_results(tmp_path: Path) -> None:
    system = System(tmp_path, RULES)

    with pytest.raises(JobsRefusedError):
        system.dispatcher.dispatch(koji_build())
    finished, = system.told()
    result, = read_run(finished).results

    assert (result.outcome, result.testcase, result.item) == (Outcome.ERROR, "dist.rpmlint", "xchat-0.5-1.fc36")
    # without it readers of the bus do not know the build
    assert read_run(finished).facts["task_id"] == "80860789"
    assert result.summary == "the master refuses the job: `extra`: `branch` is not a free name"


def test_a_job_that_is_refused_again_is_told_under_the_same_id_and_not_that_of_its_run(tmp_path: Path) -> None:
    system = System(tmp_path, RULES)
    for message_id in ("first", "again"):
        with pytest.raises(JobsRefusedError) as caught:
            system.dispatcher.dispatch(koji_build(message_id))

    finished, = system.told()
    assert finished.build_id != caught.value.refused[0][0].build_id


def test_a_job_that_had_waited_and_is_refused_is_told_too(tmp_path: Path) -> None:
    system = System(tmp_path, DELAYED)
    system.dispatcher.dispatch(koji_build())
    assert system.told() == []

    system.holding.update()

    assert read_run(system.told()[0]).results[0].outcome is Outcome.ERROR


def test_a_job_that_is_cancelled_while_it_waits_is_aborted(tmp_path: Path) -> None:
    system = System(tmp_path, DELAYED)
    system.dispatcher.dispatch(koji_build())
    held = next(iter(HeldJobs(tmp_path).all()))

    EndedHere(tmp_path).tell(held.job, CANCELLED, "cancelled by hand")

    assert read_run(system.told()[0]).results[0].outcome is Outcome.ABORTED


def test_without_a_queue_the_log_says_that_nobody_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    system = System(tmp_path, RULES)
    system.queue.rmdir()

    with pytest.raises(JobsRefusedError):
        system.dispatcher.dispatch(koji_build())

    assert "nobody is told" in caplog.text
    assert not system.queue.exists()


def test_a_disk_that_is_full_does_not_stop_the_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    system = System(tmp_path, RULES)
    (tmp_path / "ended").write_text("no folder")

    with pytest.raises(JobsRefusedError):
        system.dispatcher.dispatch(koji_build())

    assert "its result is missing" in caplog.text


def test_folders_that_were_read_long_ago_go(tmp_path: Path) -> None:
    system = System(tmp_path, RULES)
    old = tmp_path / "ended" / "old"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))

    with pytest.raises(JobsRefusedError):
        system.dispatcher.dispatch(koji_build())

    assert not old.exists()
    assert len(list((tmp_path / "ended").iterdir())) == 1
