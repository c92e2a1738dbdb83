"""Killed, crowded, retried: what was acknowledged is there, once."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from benchmarks.results_database.kills import kill_rounds
from tests.support.database_server import DatabaseServer


@pytest.mark.slow
def test_a_server_killed_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    acknowledged, lost, doubled = kill_rounds(f"sqlite:///{tmp_path}/results.db", rounds=5, seed=3)

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
