"""Killed, crowded, retried: what was acknowledged is there, once."""
from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
import requests

from benchmarks.results_database.kills import database_kill_rounds, kill_rounds
from reporting.database.question import NameFilter, Page
from reporting.database.records import TestcaseChange
from reporting.database.storage import StorageBusyError
from reporting.database.storages import sqlite_connection
from reporting.database.storages.sqlite import SqliteStorage
from tests.support.database_server import DatabaseServer
from tests.support.postgresql import running_postgresql


@pytest.mark.slow
def test_a_server_killed_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    acknowledged, lost, doubled = kill_rounds(f"sqlite:///{tmp_path}/results.db", rounds=5, seed=3)

    assert acknowledged > 20
    assert (lost, doubled) == (0, 0)


@pytest.mark.slow
def test_a_postgresql_killed_under_load_loses_and_doubles_nothing() -> None:
    with running_postgresql() as postgresql:
        acknowledged, lost, doubled = database_kill_rounds(postgresql, rounds=4, seed=3)

    assert acknowledged > 20
    assert (lost, doubled) == (0, 0)


def test_eight_writers_and_thirty_two_readers_never_meet_a_lock(server: DatabaseServer) -> None:
    def write(number: int) -> list[int]:
        session = requests.Session()
        return [session.post(f"{server.url}/api/v2.0/results", timeout=60, json={
            "outcome": "PASSED", "testcase": f"t{number}", "data": {"item": f"i{each}"}}).status_code
            for each in range(15)]

    def read(number: int) -> list[int]:
        session = requests.Session()
        return [session.get(f"{server.url}/api/v2.0/results{path}", timeout=60).status_code
                for path in ("", "/latest", f"?item=i{number}", "?item:like=*i1*", "/latest?item=i3&_distinct_on=x")]

    with ThreadPoolExecutor(40) as pool:
        written = [pool.submit(write, number) for number in range(8)]
        asked = [pool.submit(read, number) for number in range(32)]
        statuses = {status for done in (*written, *asked) for status in done.result()}

    assert statuses == {200, 201}
    assert len(server.ids("/results?limit=1000")) == 120


def test_everyone_who_waits_for_a_locked_database_is_told_together(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_connection, "LOCK_SECONDS", 0.5)
    storage = SqliteStorage(tmp_path / "results.db")
    storage.put_testcase(TestcaseChange("first"))
    other = sqlite3.connect(tmp_path / "results.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(storage.put_testcase, TestcaseChange(f"t{number}")) for number in range(6)]
        faults = [each.exception(timeout=60) for each in waiting]
    other.execute("ROLLBACK")
    other.close()

    assert all(isinstance(fault, StorageBusyError) for fault in faults)
    assert storage.put_testcase(TestcaseChange("t1")).name == "t1"
    storage.close()


def test_one_that_fails_in_a_crowd_fails_alone(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "results.db")

    def work(number: int) -> str:
        if number % 3 == 0:
            return storage.put_testcase(TestcaseChange(cast(str, object()))).name  # no type that SQLite takes
        return storage.put_testcase(TestcaseChange(f"t{number}")).name

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(work, number) for number in range(60)]
        faults = [number for number, each in enumerate(done) if each.exception(timeout=60) is not None]

    assert faults == list(range(0, 60, 3))
    assert len(storage.testcases(NameFilter(), Page(100))) == 40
    storage.close()


def test_a_folder_that_went_away_is_told_at_once(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "folder" / "results.db")
    shutil.rmtree(tmp_path / "folder")

    with pytest.raises(StorageBusyError, match="unable to open"):
        storage.put_testcase(TestcaseChange("t"))
    storage.close()
