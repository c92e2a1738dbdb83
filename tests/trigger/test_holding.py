"""Jobs that wait: bursts become one job, needs are met first, storms are slowed, nothing is lost by a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.trigger.planning import check, plan_of, rulebook
from tests.trigger.samples import koji_build, tag_message
from trigger.dispatch import Dispatcher
from trigger.held import HeldJobs
from trigger.holding import Holding
from trigger.journal import Journal
from trigger.keeper import Keeper
from trigger.quota import LaunchLimit, wait_seconds
from trigger.rules import RulesError, read_rules
from trigger.schedulers.recording import RecordingScheduler
from trigger.store import StoreAwayError
from trigger.stores.memory import MemoryStore

DELAYED = "- {name: burst, when: {}, do: [{check: deps, delay: 900}]}"
NEEDS = """\
- {name: build, when: {}, do: [{check: build}]}
- {name: test, when: {}, do: [{check: test, needs: [build]}]}
- {name: publish, when: {}, do: [{check: publish, needs: [{check: build, after: success}, test]}]}
"""
TAG = check("deps", item_types=("koji_tag",))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class System:
    """A consumer's parts in one thread, with a clock of its own."""

    def __init__(self, folder: Path, text: str, *checks: object, limit: LaunchLimit | None = None) -> None:
        self.clock = Clock()
        self.scheduler = RecordingScheduler()
        self.journal = Journal(folder)
        self.held = HeldJobs(folder, self.clock)
        book = rulebook(text, *checks)  # type: ignore[arg-type]
        self.dispatcher = Dispatcher(lambda: book, self.scheduler, None, Keeper(self.journal, self.held, lambda: limit))
        self.done, self.success = MemoryStore(), MemoryStore()
        self.holding = Holding(
            self.held, self.scheduler, self.journal, self.done, self.success, lambda: limit, self.clock
        )

    def scheduled(self) -> list[str]:
        return [job.taskname for job in self.scheduler.jobs]

    def build_id(self, taskname: str) -> str:
        return next(job.build_id for job in self.scheduler.jobs if job.taskname == taskname)


def test_a_burst_becomes_one_job_when_its_time_has_come(tmp_path: Path) -> None:
    system = System(tmp_path, DELAYED, TAG)
    for number in range(5):
        system.dispatcher.dispatch(tag_message(message_id=f"t{number}"))
    system.dispatcher.dispatch(tag_message("f37-updates-pending", "other"))

    assert system.scheduled() == []
    assert [(one.job.item, one.merged) for one in system.held.all()] == [
        ("f36-updates-pending", 4),
        ("f37-updates-pending", 0),
    ]
    system.clock.now += 899
    system.holding.update()
    assert system.scheduled() == []
    system.clock.now += 2
    assert system.holding.update() is True
    assert [job.item for job in system.scheduler.jobs] == ["f36-updates-pending", "f37-updates-pending"]
    assert list(system.held.all()) == []
    assert system.holding.update() is False


def test_a_new_burst_is_a_new_job(tmp_path: Path) -> None:
    system = System(tmp_path, DELAYED, TAG)
    system.dispatcher.dispatch(tag_message(message_id="first"))
    system.clock.now += 901
    system.holding.update()
    system.dispatcher.dispatch(tag_message(message_id="second"))
    system.clock.now += 901
    system.holding.update()

    assert len(system.scheduler.jobs) == 2


def test_messages_of_a_burst_delivered_again_start_nothing(tmp_path: Path) -> None:
    system = System(tmp_path, DELAYED, TAG)
    for message_id in ("a", "b"):
        system.dispatcher.dispatch(tag_message(message_id=message_id))
    system.clock.now += 901
    system.holding.update()
    for message_id in ("b", "a"):
        system.dispatcher.dispatch(tag_message(message_id=message_id))
        assert list(system.held.all()) == []
    system.clock.now += 901
    system.holding.update()

    assert len(system.scheduler.jobs) == 1


def test_a_crash_between_door_and_disk_does_not_double(tmp_path: Path) -> None:
    system = System(tmp_path, DELAYED, TAG)
    system.dispatcher.dispatch(tag_message())
    (held,) = system.held.all()
    system.clock.now += 901
    system.scheduler.schedule(held.job)
    system.holding.update()

    assert len(system.scheduler.jobs) == 1
    assert list(system.held.all()) == []


def test_needs_are_met_one_after_the_other(tmp_path: Path) -> None:
    system = System(tmp_path, NEEDS, check("build"), check("test"), check("publish"))
    system.dispatcher.dispatch(koji_build())
    system.holding.update()
    assert system.scheduled() == ["build"]
    assert sorted(system.holding.waiting.values()) == [
        "waits for build_done",
        "waits for build_success, test_done, not test_live",
    ]

    system.done.content[system.build_id("build")] = "FAILED"
    system.holding.update()
    assert system.scheduled() == ["build", "test"]

    system.done.content[system.build_id("test")] = "PASSED"
    system.holding.update()
    assert system.scheduled() == ["build", "test"]
    system.success.content[system.build_id("build")] = "PASSED"
    system.holding.update()
    assert system.scheduled() == ["build", "test", "publish"]


def test_a_need_that_no_rule_asks_for_is_told_and_not_waited_for() -> None:
    plan = plan_of("- {name: test, when: {}, do: [{check: test, needs: [build]}]}", koji_build(), check("test"))

    assert plan.reasons == (
        "test: test-koji_build-xchat-0.5-1.fc36 needs build, which no rule asks for; it does not wait",
    )
    assert plan.plans[0].needed_runs == ()


def test_checks_that_wait_for_each_other_are_refused_when_read() -> None:
    text = "- {when: {}, do: [{check: a, needs: [b]}]}\n- {when: {}, do: [{check: b, needs: [a]}]}"
    with pytest.raises(RulesError, match="check `a` needs itself by a circle of `needs`"):
        read_rules(text, "r")


def test_a_database_that_is_away_is_no_answer(tmp_path: Path) -> None:
    class Away(MemoryStore):
        def has(self, build_id: str) -> bool:
            raise StoreAwayError("the database is away")

    system = System(tmp_path, NEEDS, check("build"), check("test"), check("publish"))
    system.dispatcher.dispatch(koji_build())
    system.holding.done = Away()
    system.holding.update()

    assert system.scheduled() == ["build"]
    assert "the database is away" in system.holding.waiting.values()


def test_a_refused_job_stops_no_other(tmp_path: Path) -> None:
    system = System(
        tmp_path, "- {name: r, when: {}, do: [{check: a, delay: 1}, {check: b, delay: 1}]}", check("a"), check("b")
    )
    system.holding.scheduler = system.scheduler = RecordingScheduler({"a": "no builder"})
    system.dispatcher.dispatch(koji_build())
    system.clock.now += 2
    system.holding.update()

    assert system.scheduled() == ["b"]
    assert system.journal.counts() == {"r": {"refused": 1, "scheduled": 1}}


def test_a_storm_is_slowed_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    system = System(tmp_path, "- {when: {}, do: [{check: a}]}", check("a"), limit=LaunchLimit(2, 60.0))
    for number in range(5):
        system.dispatcher.dispatch(koji_build(build_id=number, version=str(number)))

    assert len(system.scheduler.jobs) == 2
    assert len(list(system.held.all())) == 3


@pytest.mark.parametrize(
    ("launched", "now", "expected"),
    [([], 30, 0), ([10], 30, 0), ([10, 20], 30, 40), ([10, 20], 70, 0), ([10, 20, 25], 30, 50), ([40], 30, 0)],
)
def test_the_limit_looks_back_one_window(launched: list[float], now: float, expected: float) -> None:
    assert wait_seconds(LaunchLimit(2, 60.0), launched, now) == expected


def test_without_a_limit_nothing_waits() -> None:
    assert wait_seconds(None, [1, 2, 3], 4) == 0


def test_a_broken_file_is_told_and_hides_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    system = System(tmp_path, DELAYED, TAG)
    system.dispatcher.dispatch(tag_message())
    (system.held.folder / "broken.json").write_text("{")

    assert len(list(system.held.all())) == 1
    assert "a waiting job cannot be read" in caplog.text


def test_a_job_cancelled_while_it_waits_is_not_started(tmp_path: Path) -> None:
    system = System(tmp_path, DELAYED, TAG)
    system.dispatcher.dispatch(tag_message())
    (held,) = system.held.all()
    system.journal.note_job(held.job, "burst", "t1", "cancelled")
    system.clock.now += 901
    system.holding.update()

    assert system.scheduled() == []
    assert list(system.held.all()) == []
    assert replace(held, merged=1).merged == 1


@pytest.mark.parametrize("state", ["refused", "cancelled"])
def test_a_need_that_will_never_end_ends_what_waits_for_it(tmp_path: Path, state: str) -> None:
    system = System(tmp_path, NEEDS, check("build"), check("test"), check("publish"))
    system.dispatcher.dispatch(koji_build())
    build = system.scheduler.jobs[0]
    system.journal.note_job(build, "build", "m1", state)
    system.holding.update()

    assert list(system.held.all()) == []
    assert system.scheduled() == ["build"]
    assert system.journal.counts()["test"] == {"cancelled": 1}


def test_a_refused_job_may_be_asked_for_again(tmp_path: Path) -> None:
    system = System(tmp_path, DELAYED, TAG)
    system.dispatcher.dispatch(tag_message())
    (held,) = system.held.all()
    system.held.remove(held.job.build_id)
    system.journal.note_job(held.job, "burst", "t1", "refused")
    system.dispatcher.dispatch(tag_message())

    assert [one.job.key for one in system.held.all()] == [held.job.key]
