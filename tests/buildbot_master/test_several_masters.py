"""
Two masters on one PostgreSQL with a crossbar router, each with its worker, its door and its pages.

Needs PyPI once, for crossbar, and a minute.
"""
from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from checks.contracts import Job
from tests.buildbot_master.conftest import RunningMaster, new_master, wait_for
from tests.buildbot_master.test_build import control, login
from tests.support.crossbar import running_crossbar
from tests.support.postgresql import PostgreSQL, running_postgresql
from trigger.schedulers.buildbot import BuildbotScheduler, Door

# crossbar's first installation takes two minutes
pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

SUCCESS, RETRY = 0, 5
#: Until the others take the builds of a master that says nothing.
LOST_SECONDS = 15


@contextmanager
def two_masters(folder: Path) -> Iterator[tuple[PostgreSQL, list[RunningMaster]]]:
    """Give two masters that share a database and a router."""
    with ExitStack() as stack:
        server = stack.enter_context(running_postgresql())
        router = stack.enter_context(running_crossbar(folder / "router"))
        shared = {"multi_master": True, "database_url": server.master_url, "wamp_url": router,
                  "master_lost_seconds": LOST_SECONDS,
                  # two doors tell apart what they count by half a second
                  "pending_limit": 1000}
        yield server, [stack.enter_context(new_master(folder / name, shared, slots=2, worker=name))
                       for name in ("one", "two")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgreSQL, list[RunningMaster]]]:
    with two_masters(tmp_path_factory.mktemp("several")) as found:
        yield found


@pytest.fixture
def server(cluster: tuple[PostgreSQL, list[RunningMaster]]) -> PostgreSQL:
    return cluster[0]


@pytest.fixture
def masters(cluster: tuple[PostgreSQL, list[RunningMaster]]) -> list[RunningMaster]:
    return cluster[1]


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


def buildsets_of(server: PostgreSQL, key: str) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT count(*) FROM buildsets WHERE external_idstring = %s", [key]).fetchone()
    assert row
    return int(row[0])


def doors(first: RunningMaster, second: RunningMaster) -> BuildbotScheduler:
    """Return the trigger's way in, with the token that both have."""
    token = first.state.door_token
    second.state.door_token.write_text(token.read_text())
    second.kill(second.master)
    second.master.start()
    wait_for(second.master.part.is_ready, 90)
    return BuildbotScheduler(Door(f"http://127.0.0.1:{first.ports.door}", token,
                                  (f"http://127.0.0.1:{second.ports.door}",)), 120)


def test_a_door_that_dies_before_it_answers_leaves_one_job(server: PostgreSQL, masters: list[RunningMaster]) -> None:
    one, two = masters
    scheduler = doors(one, two)
    jobs = [one.job("good") for _ in range(3)]

    for job in jobs:
        body = json.dumps(job).encode()
        head = (f"POST /schedule HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                f"Authorization: Bearer {one.state.door_token.read_text().strip()}\r\n\r\n").encode()
        with socket.create_connection(("127.0.0.1", one.ports.door)) as peer:
            peer.sendall(head + body)
            wait_for(lambda job=job: buildsets_of(server, job["key"]) == 1)
            # nobody has read what it may have answered
            one.kill(one.master)
        known = scheduler.schedule(Job.from_dict(job))
        assert not known.is_new
        one.master.start()
        wait_for(one.master.part.is_ready, 90)

    asked = {job["build_id"] for job in jobs}
    wait_for(lambda: handed_over(one) | handed_over(two) >= asked, 120)
    assert not handed_over(one) & handed_over(two) & asked
    assert [buildsets_of(server, job["key"]) for job in jobs] == [1, 1, 1]


def test_a_killed_database_leaves_both_masters_at_work(server: PostgreSQL, masters: list[RunningMaster]) -> None:
    one, two = masters
    jobs = [one.job("good") for _ in range(16)]

    def insist(job: dict[str, Any]) -> None:
        def is_taken(master: RunningMaster) -> bool:
            with suppress(OSError):
                return master.door("/schedule", job)[0] in (200, 201)
            return False
        wait_for(lambda: any(is_taken(master) for master in masters), 120)

    with ThreadPoolExecutor(4) as senders:
        # each by two senders, at any of the doors
        asked = [senders.submit(insist, job) for job in jobs for _ in range(2)]
        for done in (4, 16):
            wait_for(lambda done=done: sum(one.done() for one in asked) >= done, 120)
            server.kill()
            server.start()
        for one_asked in asked:
            one_asked.result(240)
    build_ids = {job["build_id"] for job in jobs}
    wait_for(lambda: handed_over(one) | handed_over(two) >= build_ids, 120)

    assert [buildsets_of(server, job["key"]) for job in jobs] == [1] * 16
    assert not handed_over(one) & handed_over(two) & build_ids
    assert one.master.is_running
    assert two.master.is_running


def test_masters_that_cannot_be_heard_end_before_others_take_their_builds(server: PostgreSQL,
                                                                          masters: list[RunningMaster]) -> None:
    one, two = masters
    running = one.schedule("hangs", priority=9)
    marks = [master.state.folder / "marks" / running for master in masters]
    wait_for(lambda: any(mark.exists() for mark in marks), 60)

    server.stop()
    codes = [wait_for(lambda child=child: not child.is_running and child.process and child.process.poll(), 120)
             for child in (one.master, two.master)]
    for mark in marks:
        mark.unlink(missing_ok=True)
    server.start()
    for master in masters:
        master.master.start()
    for master in masters:
        wait_for(master.master.part.is_ready, 90)
    wait_for(lambda: any(mark.exists() for mark in marks), 120)
    here = next(master for master, mark in zip(masters, marks, strict=True) if mark.exists())
    stop(here, running)
    here.ended(running)

    assert codes == [75, 75]
    assert not handed_over(one) & handed_over(two) & {running}


def test_masters_whose_router_goes_away_end_so_that_they_are_started_again(tmp_path: Path) -> None:
    with ExitStack() as stack:
        database = stack.enter_context(running_postgresql()).master_url
        router = ExitStack()
        url = router.enter_context(running_crossbar(tmp_path / "router"))
        master = stack.enter_context(new_master(
            tmp_path / "state", {"multi_master": True, "database_url": database, "wamp_url": url}))
        router.close()

        wait_for(lambda: not master.master.is_running, 60)
        began = time.monotonic()
        router.enter_context(running_crossbar(tmp_path / "again", int(url.rpartition(":")[2].partition("/")[0])))
        stack.enter_context(router)
        # its worker goes on, and comes back by itself
        master.master.start()
        wait_for(master.master.part.is_ready, 90)

        build_id = master.schedule("good")
        wait_for(lambda: build_id in handed_over(master), 90)
        assert master.ended(build_id)["execution_status"] == "OK"
        assert time.monotonic() - began < 240
