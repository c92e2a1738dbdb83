"""Questions that the original cannot answer: /api/extra."""
from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from tests.support.database_server import DatabaseServer


@pytest.fixture
def update(server: DatabaseServer) -> DatabaseServer:
    """Two builds of an update; ids 1 to 6, one a second."""
    for number, (outcome, testcase, item, data) in enumerate((
            ("PASSED", "t1", "a", {"arch": "x86_64"}), ("FAILED", "t1", "b", {"arch": "x86_64"}),
            ("PASSED", "t2", "a", {}), ("FAILED", "t1", "a", {"arch": ["ppc64le", "x86_64"]}),
            ("INFO", "t2", "b", {"waived": "yes"}), ("RUNNING", "t3", "c", {}))):
        server.add(outcome, testcase, data={"item": item, **data}, submit_time=number * 1000)
    return server


def ask(server: DatabaseServer, path: str, body: Any) -> requests.Response:
    return server.session.post(f"{server.url}/api/extra/{path}", json=body, timeout=30)


@pytest.mark.parametrize(("question", "ids"), [
    ({}, [6, 5, 4, 3, 2, 1]),
    ({"data": {"item": ["a", "b"]}}, [5, 4, 3, 2, 1]),
    ({"data": {"item": {"not": ["a"]}}}, [6, 5, 2]),
    ({"data": {"item": {"not_like": ["a*", "c"]}}}, [5, 2]),
    ({"data": {"arch": {"has": True}}}, [4, 2, 1]),
    ({"data": {"arch": {"has": False}}}, [6, 5, 3]),
    ({"data": {"arch": {"is": ["x86_64"], "not": ["ppc64le"]}}}, [2, 1]),
    ({"data": {"arch": {"like": ["*64*"]}, "item": "a"}}, [4, 1]),
    ({"data": {"item": "a,b"}}, []),
    ({"outcomes": ["failed"], "data": {"item": ["a"]}}, [4]),
    ({"not_outcomes": ["PASSED", "INFO"]}, [6, 4, 2]),
    ({"not_outcomes": ["PASSED"], "limit": 2, "page": 1}, [4, 2]),
    ({"testcases": ["t1"], "testcases_like": ["*3"], "sort": "asc:submit_time"}, [1, 2, 4, 6]),
    ({"since": "1970-01-01T00:00:04"}, [6, 5]),
    ({"until": "1970-01-01T00:00:01"}, [2, 1]),
    ({"after_id": 4}, [6, 5]),
])
def test_a_question_in_json_finds_what_it_says(update: DatabaseServer, question: Any, ids: list[int]) -> None:
    answer = ask(update, "results", question)

    assert answer.status_code == 200, answer.text
    assert [row["id"] for row in answer.json()["data"]] == ids


@pytest.mark.parametrize(("query", "ids"), [
    ("item:not=a", [6, 5, 2]), ("item:not_like=a*,c", [5, 2]), ("arch:has=yes", [4, 2, 1]), ("arch:has=no", [6, 5, 3]),
    ("arch=x86_64&arch:not=ppc64le", [2, 1]), ("item=a&outcome=FAILED", [4]), ("arch:has=1&limit=2&page=1", [1]),
])
def test_an_address_asks_the_same(update: DatabaseServer, query: str, ids: list[int]) -> None:
    answer = update.session.get(f"{update.url}/api/extra/results?{query}", timeout=30)

    assert answer.status_code == 200, answer.text
    assert [row["id"] for row in answer.json()["data"]] == ids


def test_v2_itself_reads_these_modifiers_as_none(update: DatabaseServer) -> None:
    assert update.ids("/results?item:not=c") == [6]


@pytest.mark.parametrize(("path", "question", "message"), [
    ("results", {"outcome": ["FAILED"]}, "outcome: Unknown key; did you mean `outcomes`?"),
    ("results", {"limt": 3, "data": {"item": {"nott": "a"}}},
     "limt: Unknown key; did you mean `limit`?; data: Value error, the condition of `item` has an unknown `nott`; did "
     "you mean `not`?"),
    ("latest", {"limit": 3}, "limit: Unknown key; expected after_id, data, distinct_on, groups, not_outcomes, "
                             "outcomes, since, testcases, testcases_like, until"),
    ("results", {"data": {"item": {}}}, "data: Value error, the condition of `item` is empty; expected one or more of "
                                        "has, is, like, not, not_like"),
])
def test_a_mistyped_question_is_refused_not_answered_with_more(update: DatabaseServer, path: str, question: Any,
                                                               message: str) -> None:
    answer = ask(update, path, question)

    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_the_newest_per_item_of_a_whole_update_in_one_request(update: DatabaseServer) -> None:
    answer = ask(update, "latest", {"data": {"item": ["a", "b"]}, "distinct_on": ["item"]})
    failing = ask(update, "latest", {"data": {"item": ["a", "b"]}, "distinct_on": ["item"], "outcomes": ["FAILED"]})

    assert [row["id"] for row in answer.json()["data"]] == [5, 4, 3, 2]
    assert [row["id"] for row in failing.json()["data"]] == [4, 2]


@pytest.mark.parametrize("question", [
    [], {"data": []}, {"data": {"item": {"odd": []}}}, {"data": {"item": {}}}, {"data": {"item": 5}}, {"limit": -1},
    {"outcomes": ["GREAT"]}, {"since": 5}, {"sort": "id"}, {"data": {"item": {"has": "yes"}}},
    {"data": {"item": ["x"] * 2001}}, {"groups": {"a": 1}},
])
def test_a_wrong_question_is_refused(update: DatabaseServer, question: Any) -> None:
    answer = ask(update, "results", question)

    assert answer.status_code == 400
    assert answer.json()["message"]


def test_a_follower_sees_results_in_the_order_they_were_stored(update: DatabaseServer) -> None:
    first = update.session.get(f"{update.url}/api/extra/following?limit=4").json()
    second = update.session.get(f"{update.url}/api/extra/following?limit=4&after={first['last']}").json()
    filtered = update.session.get(f"{update.url}/api/extra/following?item=b&outcome=FAILED").json()
    now = update.session.get(f"{update.url}/api/extra/following?after=now").json()

    assert [row["id"] for row in first["data"] + second["data"]] == [1, 2, 3, 4, 5, 6]
    assert second["last"] == filtered["last"] == 6
    assert [row["id"] for row in filtered["data"]] == [2]
    assert now == {"data": [], "last": 6}


def test_a_follower_waits_for_the_next_result_and_holds_nobody_up(update: DatabaseServer) -> None:
    answers: list[Any] = []
    followers = [threading.Thread(target=lambda: answers.append(requests.get(
        f"{update.url}/api/extra/following?after=6&wait=60", timeout=90).json())) for _ in range(12)]
    for follower in followers:
        follower.start()
    started = time.monotonic()

    update.add(data={"item": "new"})
    for follower in followers:
        follower.join()

    assert [[row["id"] for row in answer["data"]] for answer in answers] == [[7]] * 12
    assert time.monotonic() - started < 50


def test_a_follower_misses_nothing_while_many_write(server: DatabaseServer) -> None:
    def write() -> None:
        session = requests.Session()
        for _ in range(25):
            session.post(f"{server.url}/api/v2.0/results", json={"outcome": "PASSED", "testcase": "t"}, timeout=30)

    writers = [threading.Thread(target=write) for _ in range(6)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    last = 0
    while len(seen) < 150 and (any(writer.is_alive() for writer in writers) or last < 150):
        answer = server.session.get(f"{server.url}/api/extra/following?after={last}&wait=2", timeout=30).json()
        seen += [row["id"] for row in answer["data"]]
        last = answer["last"]

    assert seen == sorted(server.ids("/results?limit=1000"))
    assert len(seen) == 150
