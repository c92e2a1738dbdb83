"""People and Prometheus are answered while PostgreSQL is killed, frozen or restarted; builds go on by themselves."""
from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from tests.buildbot_master.conftest import RunningMaster, new_master, wait_for
from tests.buildbot_master.test_patience import all_ended_once, is_away, sign, waiting_check
from tests.support.browser import chromium
from tests.support.postgresql import PostgreSQL, running_postgresql

# a master and a PostgreSQL of their own, which stays away for some seconds each time
pytestmark = pytest.mark.full

PAGES = ("/", "/api/v2/builds", "/waiting", "/waiting.json", "/auth/login")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with running_postgresql() as found:
        yield found


@pytest.fixture(scope="module")
def master(server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMaster]:
    with new_master(tmp_path_factory.mktemp("pulse") / "state", {"database_url": server.master_url}) as found:
        yield found


def get(master: RunningMaster, path: str, accept: str = "text/html") -> tuple[int, dict[str, str], str]:
    """Return status, headers and content; what is not answered in a minute fails."""
    asking = http.client.HTTPConnection("127.0.0.1", master.ports.web, timeout=60)
    try:
        asking.request("GET", path, headers={"Accept": accept})
        answer = asking.getresponse()
        return answer.status, dict(answer.headers), answer.read().decode()
    finally:
        asking.close()


def figures(master: RunningMaster) -> dict[str, float]:
    status, _, text = get(master, "/metrics")
    assert status == 200
    return {line.partition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[:1] != "#"}


def test_pages_say_that_the_database_is_away_and_prometheus_since_when(server: PostgreSQL,
                                                                       master: RunningMaster) -> None:
    running = waiting_check(master)
    with ThreadPoolExecutor(len(PAGES)) as people:
        server.kill()
        # nobody knows yet; these wait, and are not left waiting
        first = list(people.map(lambda path: get(master, path), PAGES))
    again = [get(master, path) for path in PAGES]
    one = figures(master)
    two = wait_for(lambda: (now := figures(master)) != one and now)
    server.start()
    wait_for(lambda: not is_away(master))

    for status, headers, _ in again:
        assert (status, headers["Retry-After"]) == (503, "5")
    # a page that needs no question to the database had its answer
    assert {status for status, _, _ in first[1:4]} == {503}
    assert "checks that run go on" in json.loads(again[1][2])["error"]
    assert "<h1>The database is away</h1>" in again[0][2]
    assert 0 < one["checkotron_database_away_seconds"] < two["checkotron_database_away_seconds"]
    assert "checkotron_jobs_waiting" not in one
    assert [get(master, path)[0] for path in PAGES[:4]] == [200] * 4
    assert figures(master)["checkotron_database_away_seconds"] == 0
    sign(master, running)
    assert all_ended_once(master, server, [running])


def test_a_server_that_says_nothing_at_all_is_noticed(server: PostgreSQL, master: RunningMaster) -> None:
    running = waiting_check(master)
    with server.frozen():
        sign(master, running)
        status, headers, text = get(master, "/waiting.json")
        door = master.door("/status")
        reason = json.loads(text)["error"]
    wait_for(lambda: not is_away(master))

    assert (status, headers["Retry-After"]) == (503, "5")
    assert "(PostgreSQL does not answer)" in reason
    assert (door[0], door[1]) == (503, {"faults": ["the master's database is away"]})
    assert get(master, "/waiting.json")[0] == 200
    assert all_ended_once(master, server, [running])


def test_clients_that_are_slow_and_many_take_nobody_elses_answer(server: PostgreSQL, master: RunningMaster) -> None:
    server.stop()
    wait_for(lambda: get(master, "/api/v2/builds")[0] == 503)
    slow = [socket.create_connection(("127.0.0.1", master.ports.web), 60) for _ in range(60)]
    try:
        for one in slow[::2]:
            one.sendall(b"GET /api/v2/builds HTT")
        for one in slow[1::2]:
            # sends much, never reads
            one.sendall(b"GET /waiting HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
        answers = [get(master, path)[0] for path in (*PAGES, "/metrics")]
        server.start()
        wait_for(lambda: get(master, "/api/v2/builds")[0] == 200)
    finally:
        for one in slow:
            one.close()

    assert answers == [503] * len(PAGES) + [200]


@pytest.mark.timeout(300)
def test_an_open_page_says_it_and_comes_back_where_it_was(server: PostgreSQL, master: RunningMaster) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"http://127.0.0.1:{master.ports.web}/#/builders")
        page.get_by_text("Builder Name").wait_for()
        server.stop()
        wait_for(lambda: get(master, "/api/v2/builds")[0] == 503)

        # where the page has noticed by itself it is just being loaded anew
        wait_for(lambda: _gone_to(page, "#/workers"))
        page.get_by_role("heading", name="The database is away").wait_for()
        server.start()
        page.get_by_text("local", exact=False).first.wait_for()

        assert page.url.endswith("/#/workers")


def _gone_to(page: Page, place: str) -> bool:
    try:
        page.evaluate(f"location.hash = '{place}'")
    except Error:
        return False
    return True


@pytest.mark.timeout(300)
def test_a_master_that_is_told_to_stop_does_not_wait_for_a_frozen_database(tmp_path: Path) -> None:
    with running_postgresql() as server, new_master(tmp_path / "state", {"database_url": server.master_url}) as master:
        process = master.master.process
        assert process
        with server.frozen():
            wait_for(lambda: get(master, "/api/v2/builds")[0] == 503)
            process.terminate()
            code = process.wait(90)

        assert code == 75
        assert "told to stop while the database is away" in master.master.log.read_text()
