"""
Two masters on one PostgreSQL with a crossbar router, each with its worker, its door and its pages.

Needs PyPI once, for crossbar, and a minute.
"""
from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.buildbot_master.conftest import RunningMaster, new_master, wait_for
from tests.buildbot_master.test_build import control, login
from tests.support.crossbar import running_crossbar
from tests.support.postgresql import private_postgresql

# crossbar's first installation takes two minutes
pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

SUCCESS, RETRY = 0, 5


@contextmanager
def two_masters(folder: Path) -> Iterator[list[RunningMaster]]:
    """Give two masters that share a database and a router."""
    with ExitStack() as stack:
        database = stack.enter_context(private_postgresql()).replace("postgresql:", "postgresql+psycopg:")
        router = stack.enter_context(running_crossbar(folder / "router"))
        shared = {"multi_master": True, "database_url": database, "wamp_url": router, "master_lost_seconds": 8,
                  # two doors tell apart what they count by half a second
                  "pending_limit": 1000}
        yield [stack.enter_context(new_master(folder / name, shared, slots=2, worker=name)) for name in ("one", "two")]


@pytest.fixture(scope="module")
def masters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunningMaster]]:
    with two_masters(tmp_path_factory.mktemp("several")) as found:
        yield found


def stop(master: RunningMaster, build_id: str) -> None:
    build = master.builds_of(build_id)[-1]["buildid"]
    assert control(master, login(master), f"builds/{build}", "stop")[0] == 200


def handed_over(master: RunningMaster) -> set[str]:
    return {path.stem for path in master.state.queue.glob("*.json")}


def test_builds_are_spread_and_each_runs_once(masters: list[RunningMaster]) -> None:
    one, two = masters

    asked = [one.schedule("good") for _ in range(24)]
    wait_for(lambda: handed_over(one) | handed_over(two) >= set(asked), 120)
    wait_for(lambda: all(one.last_build(build_id)["results"] == SUCCESS for build_id in asked), 120)

    by_one, by_two = handed_over(one) & set(asked), handed_over(two) & set(asked)
    assert by_one
    assert by_two
    assert not by_one & by_two
    assert [len(two.builds_of(build_id)) for build_id in asked] == [1] * 24


def test_a_key_that_comes_to_both_doors_at_once_is_one_job(masters: list[RunningMaster]) -> None:
    jobs = [masters[0].job("good") for _ in range(15)]

    def answers(job: dict[str, Any]) -> list[tuple[int, int]]:
        with ThreadPoolExecutor(2) as doors:
            found = list(doors.map(lambda master: master.door("/schedule", job), masters))
        return sorted((status, answer["buildset"]) for status, answer, _ in found)

    for job in jobs:
        (known, first), (new, second) = answers(job)
        assert (known, new, first) == (200, 201, second)


def test_a_job_that_is_cancelled_is_handed_over_by_one_of_them(masters: list[RunningMaster]) -> None:
    one, two = masters
    # nobody can run it, so it waits
    build_id = one.schedule("good", arch="s390x")
    request = wait_for(lambda: [job["buildrequest"] for job in two.door("/waiting")[1]["jobs"]
                                if job["build_id"] == build_id])[0]

    assert control(two, login(two), f"buildrequests/{request}", "cancel")[0] == 200
    wait_for(lambda: build_id in handed_over(one) | handed_over(two))
    # a later event has passed both
    after = one.schedule("good")
    wait_for(lambda: after in handed_over(one) | handed_over(two))

    assert (build_id in handed_over(one)) + (build_id in handed_over(two)) == 1


def test_the_builds_of_a_master_that_dies_run_on_the_other(masters: list[RunningMaster]) -> None:
    one, two = masters
    waiting = [one.schedule("hangs") for _ in range(4)]
    started = [two.state.folder / "marks" / build_id for build_id in waiting]
    lost = wait_for(lambda: (found := [mark.name for mark in started if mark.exists()]) and len(found) == 2 and found)

    two.kill(two.master)
    meanwhile = one.schedule("good", priority=9)
    # two run on the master that lives; end them, so that it has room
    for build_id in set(waiting) - set(lost):
        stop(one, build_id)
    assert one.ended(meanwhile)["execution_status"] == "OK"
    marks = [one.state.folder / "marks" / build_id for build_id in lost]
    wait_for(lambda: all(mark.exists() for mark in marks), 120)
    two.master.start()
    wait_for(two.master.part.is_ready, 60)
    for build_id in lost:
        stop(one, build_id)
        one.ended(build_id)

    assert not handed_over(two) & set(waiting)
    assert [one.builds_of(build_id)[0]["results"] for build_id in lost] == [RETRY, RETRY]
    after = [two.schedule("good") for _ in range(12)]
    wait_for(lambda: handed_over(one) | handed_over(two) >= set(after), 120)
    assert not handed_over(one) & handed_over(two) & set(after)


def test_masters_whose_router_goes_away_end_so_that_they_are_started_again(tmp_path: Path) -> None:
    with ExitStack() as stack:
        database = stack.enter_context(private_postgresql()).replace("postgresql:", "postgresql+psycopg:")
        router = ExitStack()
        url = router.enter_context(running_crossbar(tmp_path / "router"))
        master = stack.enter_context(new_master(
            tmp_path / "state", {"multi_master": True, "database_url": database, "wamp_url": url}))
        router.close()

        wait_for(lambda: not master.master.is_running, 60)
        began = time.monotonic()
        router.enter_context(running_crossbar(tmp_path / "again", int(url.rpartition(":")[2].partition("/")[0])))
        stack.enter_context(router)
        master.start()

        assert master.ended(master.schedule("good"))["execution_status"] == "OK"
        assert time.monotonic() - began < 120
