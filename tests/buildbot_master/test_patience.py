"""A PostgreSQL that is killed, stopped, crowded or that ends sessions holds the master up, and nothing is lost."""
from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from buildbot_master.parts.absence_reason import MISSING
from buildbot_master.parts.commits import prepare_commits
from buildbot_master.parts.patience import PatientEngine, is_passing
from tests.buildbot_master.conftest import RunningMaster, ask, new_master, wait_for
from tests.support.postgresql import PostgreSQL, running_postgresql

SUCCESS = 0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with running_postgresql("max_connections=20", "superuser_reserved_connections=0") as found:
        yield found


@pytest.fixture(scope="module")
def master(server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMaster]:
    with new_master(tmp_path_factory.mktemp("patience") / "state", {"database_url": server.master_url}) as found:
        yield found


def waiting_check(master: RunningMaster) -> str:
    """Start a check that waits for a sign; return its build id once it runs."""
    build_id = master.schedule("waits-for-a-sign", priority=9)
    wait_for((master.state.folder / "marks" / build_id).exists, 60)
    return build_id


def sign(master: RunningMaster, build_id: str) -> None:
    (master.state.folder / "marks" / f"{build_id}.sign").touch()


def is_away(master: RunningMaster) -> bool:
    """True where the master says so; not always in its log, which is told once a minute at most."""
    page = ask(f"http://127.0.0.1:{master.ports.web}/metrics")[1]
    return "\ncheckotron_database_away_seconds 0.0\n" not in page


def insist(master: RunningMaster, job: dict[str, Any]) -> str:
    """Ask the door until it has the job, as a trigger does; return the build id."""
    wait_for(lambda: _asked(master, job) in (200, 201), 120)
    return str(job["build_id"])


def _asked(master: RunningMaster, job: dict[str, Any]) -> int:
    try:
        return master.door("/schedule", job)[0]
    except OSError:
        return 0


def all_ended_once(master: RunningMaster, server: PostgreSQL, build_ids: list[str]) -> bool:
    """Wait for the ends of all; True where each is one buildset with one build that went well."""
    wait_for(lambda: all((master.state.queue / f"{one}.json").exists() for one in build_ids), 120)
    builds = wait_for(lambda: (found := results_of(server, build_ids)) and None not in found and found, 60)
    return bool(builds == [SUCCESS] * len(build_ids))


def results_of(server: PostgreSQL, build_ids: list[str]) -> list[int | None]:
    """Return the results of all builds of those build ids."""
    query = """SELECT builds.results FROM buildset_properties AS property
        JOIN buildrequests ON buildrequests.buildsetid = property.buildsetid
        LEFT JOIN builds ON builds.buildrequestid = buildrequests.id
        WHERE property_name = 'build_id' AND property_value::json ->> 0 = ANY(%s)"""
    with psycopg.connect(server.url) as connection:
        return [row[0] for row in connection.execute(query, [build_ids]).fetchall()]


def keys_doubled(server: PostgreSQL) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT count(*) - count(DISTINCT external_idstring) FROM buildsets").fetchone()
    assert row
    return int(row[0])


def test_checks_run_on_while_postgresql_is_killed(server: PostgreSQL, master: RunningMaster) -> None:
    assert master.master.process
    process = master.master.process.pid
    one, two = waiting_check(master), waiting_check(master)
    waiting = [master.schedule("good") for _ in range(3)]

    server.kill()
    sign(master, one)
    wait_for(lambda: is_away(master), 60)
    server.start()
    sign(master, two)

    assert all_ended_once(master, server, [one, two, *waiting])
    assert master.master.process.pid == process


@pytest.mark.full  # PostgreSQL dies and starts three times
def test_jobs_that_come_while_postgresql_dies_again_and_again_are_there_once(server: PostgreSQL,
                                                                             master: RunningMaster) -> None:
    jobs = [master.job("good") for _ in range(16)]
    with ThreadPoolExecutor(4) as senders:
        asked = [senders.submit(insist, master, job) for job in jobs]
        for done in (2, 6, 10):
            wait_for(lambda done=done: sum(one.done() for one in asked) >= done, 120)
            server.kill()
            server.start()
        build_ids = [one.result(240) for one in asked]

    assert all_ended_once(master, server, build_ids)
    assert keys_doubled(server) == 0


def test_sessions_that_are_ended_amid_builds_do_no_harm(server: PostgreSQL, master: RunningMaster) -> None:
    build_ids = [master.schedule("good") for _ in range(12)]

    ended = 0
    for handed_over in range(12):
        ended += server.end_sessions()
        wait_for(lambda least=handed_over: sum((master.state.queue / f"{one}.json").exists()
                                               for one in build_ids) >= least, 120)

    assert ended > 10
    assert all_ended_once(master, server, build_ids)


def test_a_door_without_a_database_says_when_to_come_again(server: PostgreSQL, master: RunningMaster) -> None:
    job = master.job("good")
    running = waiting_check(master)

    server.stop(signal.SIGINT)
    wait_for(lambda: is_away(master), 60)
    status, answer, headers = master.door("/schedule", job)
    server.start()

    assert (status, answer, headers["Retry-After"]) == (503, {"faults": ["the master's database is away"]}, "3")
    sign(master, running)
    assert all_ended_once(master, server, [running, insist(master, job)])


def test_a_server_without_a_connection_left_is_waited_for(server: PostgreSQL, master: RunningMaster) -> None:
    running = waiting_check(master)
    with server.all_connections():
        sign(master, running)
        wait_for(lambda: is_away(master), 60)

    job = master.job("good")
    assert all_ended_once(master, server, [running, insist(master, job)])


@pytest.mark.full  # with a master and a PostgreSQL of its own
def test_a_master_that_is_told_to_stop_does_not_wait_for_its_database(tmp_path: Path) -> None:
    with running_postgresql() as server, new_master(tmp_path / "state", {"database_url": server.master_url}) as master:
        build_id = waiting_check(master)
        server.stop()
        wait_for(lambda: "the database is away" in master.master.log.read_text(), 60)
        process = master.master.process
        assert process

        process.terminate()
        code = process.wait(90)
        server.start()
        sign(master, build_id)
        master.master.start()

        assert code == 75
        wait_for((master.state.queue / f"{build_id}.json").exists, 120)
        assert master.ended(build_id)["execution_status"] == "OK"
        assert "told to stop while the database is away" in master.master.log.read_text()


@pytest.mark.full  # with a master and a PostgreSQL of its own
def test_a_master_that_starts_without_its_database_ends_so_that_it_is_started_again(tmp_path: Path) -> None:
    with running_postgresql() as server, new_master(tmp_path / "state", {"database_url": server.master_url}) as master:
        master.master.stop()
        server.stop()

        master.master.start()
        wait_for(lambda: not master.master.is_running, 90)
        server.start()
        master.master.start()
        wait_for(master.master.part.is_ready, 90)
        build_id = master.schedule("good")
        # the worker goes on, and comes back by itself
        wait_for((master.state.queue / f"{build_id}.json").exists, 90)

        assert master.ended(build_id)["execution_status"] == "OK"


class _Reactor:
    """Notes what would be called."""

    _stopped = False

    def __init__(self) -> None:
        self.called: list[tuple[Any, ...]] = []

    def callFromThread(self, *call: Any, **_: Any) -> None:
        self.called.append(call)


class _Master:
    _got_sigterm = False

    def __init__(self) -> None:
        self.reactor = _Reactor()


def test_a_question_of_which_a_part_is_committed_ends_the_master(server: PostgreSQL) -> None:
    import os
    engine, master = sa.create_engine(server.master_url), _Master()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS checkotron_commits (connection text PRIMARY KEY, "
                           "number bigint NOT NULL, at timestamptz NOT NULL)")
        connection.execute("CREATE TABLE halves (name text)")
    PatientEngine(engine, master)

    with engine.connect() as half:
        half.execute(sa.text("INSERT INTO halves VALUES ('first')"))
        half.commit()
        server.end_sessions()
        with pytest.raises(sa.exc.OperationalError) as caught:
            half.execute(sa.text("INSERT INTO halves VALUES ('second')"))

    assert not engine.should_retry(caught.value)
    assert (os._exit, 75) in master.reactor.called


@pytest.mark.parametrize(("code", "expected"), [
    ("57P01", True), ("53300", True), ("40P01", True), ("08006", True), ("53100", True), ("42P01", False),
    ("28P01", False), (None, False)])
def test_what_passes_is_told_from_what_is_wrong(code: str | None, expected: bool) -> None:
    error = sa.exc.OperationalError("SELECT 1", {}, psycopg.OperationalError("words"))
    error.orig.sqlstate = code  # type: ignore[union-attr]

    assert is_passing(error) is expected


def test_an_answer_ends_the_absence_for_all_threads(server: PostgreSQL) -> None:
    engine = sa.create_engine(server.master_url)
    with engine.connect() as connection:
        prepare_commits(connection)
    engine.dispose()
    patient = PatientEngine(engine, _Master())
    server.stop()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(engine.connect())) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_for(lambda: patient.absence.seconds is not None)

    server.start()
    for thread in threads:
        thread.join(60)

    assert len(found) == 3
    assert patient.absence.seconds is None
    for connection in found:
        connection.close()
    engine.dispose()


def test_a_database_that_comes_back_without_its_tables_is_still_away(server: PostgreSQL) -> None:
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE restored")
    engine = sa.create_engine(server.master_url.replace("/postgres?", "/restored?"))
    patient = PatientEngine(engine, _Master())
    patient.absence.begin(MISSING, "dropped")
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(engine.connect()))
    thread.start()
    thread.join(2)
    waits = thread.is_alive() and patient.absence.reason is MISSING

    with psycopg.connect(server.url.replace("/postgres?", "/restored?")) as restoring:
        restoring.execute("CREATE TABLE checkotron_commits (connection text PRIMARY KEY, number bigint NOT NULL, "
                          "at timestamptz NOT NULL)")
    thread.join(60)

    assert waits
    assert patient.absence.seconds is None
    found[0].close()
    engine.dispose()
