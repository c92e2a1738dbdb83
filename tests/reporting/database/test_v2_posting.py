"""POST /results of API v2.0: what is stored, and how it comes back."""
from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from reporting.database.storage import Storage
from tests.support.database_server import DatabaseServer


def test_a_result_comes_back_with_every_field(server: DatabaseServer) -> None:
    stored = server.post("/results", {
        "outcome": "passed ", "testcase": {"name": "dist.rpmlint", "ref_url": "https://example.org/rpmlint"},
        "groups": ["g1", {"uuid": "g2", "description": "second"}, "g1"], "note": "5 ERRORS", "ref_url": "http://log",
        "data": {"item": "xchat-0.5-1.fc20", "type": ["koji_build"], "arch": ["x86_64", "noarch", "x86_64"],
                 "none": []},
        "submit_time": "2024-05-01T10:00:00.5", "_auth_token": None, "unknown": 1})

    assert stored == {
        "data": {"arch": ["x86_64", "noarch", "x86_64"], "item": ["xchat-0.5-1.fc20"], "type": ["koji_build"]},
        "groups": ["g1", "g2"], "href": f"{server.url}/api/v2.0/results/1", "id": 1, "note": "5 ERRORS",
        "outcome": "PASSED", "ref_url": "http://log", "submit_time": "2024-05-01T10:00:00.500000",
        "testcase": {"href": f"{server.url}/api/v2.0/testcases/dist.rpmlint", "name": "dist.rpmlint",
                     "ref_url": "https://example.org/rpmlint"}}
    assert server.get("/results/1") == stored
    assert server.get("/results")["data"] == [stored]


def test_the_least_result_has_nulls(server: DatabaseServer) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)

    stored = server.add()

    assert (stored["note"], stored["ref_url"], stored["groups"], stored["data"]) == (None, None, [], {})
    stamp = datetime.fromisoformat(stored["submit_time"])
    assert before <= stamp <= datetime.now(UTC).replace(tzinfo=None)


def test_values_become_text_as_python_writes_them(server: DatabaseServer) -> None:
    data = {"int": 5, "float": 1.5, "true": True, "null": None, "object": {"k": 1}, "list": [1, None, [2], "x"],
            "text": "ünï"}

    assert server.add(data=data)["data"] == {
        "int": ["5"], "float": ["1.5"], "true": ["True"], "null": ["None"], "object": ["{'k': 1}"],
        "list": ["1", "None", "[2]", "x"], "text": ["ünï"]}


@pytest.mark.parametrize(("given", "stored"), [
    (0, "1970-01-01T00:00:00"), (-1500, "1969-12-31T23:59:58.500000"), (1661324097000, "2022-08-24T06:54:57"),
    ("1661324097123", "2022-08-24T06:54:57.123000"), ("2022-08-24T06:54:57.1", "2022-08-24T06:54:57.100000"),
    ("2022-08-24T06:54:57.000000", "2022-08-24T06:54:57"), ("2022-08-24T06:54:57.5Z", "2022-08-24T06:54:57.500000"),
    ("2022-08-24T06:54:57.5+00", "2022-08-24T06:54:57.500000"),
    ("2022-08-24T06:54:57.5+0200", "2022-08-24T04:54:57.500000"),
    ("2022-08-24T06:54:57.5-05:30", "2022-08-24T12:24:57.500000"),
])
def test_a_submit_time_is_kept_in_utc(server: DatabaseServer, given: Any, stored: str) -> None:
    assert server.add(submit_time=given)["submit_time"] == stored


@pytest.mark.parametrize("given", ["now", "2022-08-24T06:54:57", "2022-08-24T06:54:57Z", "", True, 1.5, [], 10**18,
                                   "2022-13-24T06:54:57.5", "2022-08-24T06:54:57.1234567", "2022-08-24T06:54:57.5+02"])
def test_a_wrong_submit_time_is_refused_with_what_was_expected(server: DatabaseServer, given: Any) -> None:
    answer = server.api("POST", "/results", json={"outcome": "PASSED", "testcase": "t", "submit_time": given})

    assert answer.status_code == 400
    fault, = answer.json()["validation_error"]
    assert fault["loc"] == ["submit_time"]
    assert fault["type"] == "value_error"
    assert fault["msg"] == ("Value error, Expected timestamp in milliseconds or datetime (in format "
                            f"YYYY-MM-DDTHH:MM:SS.ffffff), got {given!r}")


def test_a_testcase_object_overwrites_its_ref_url_and_a_name_alone_keeps_it(server: DatabaseServer) -> None:
    first = server.add(testcase={"name": "t", "ref_url": "https://example.org"})
    kept = server.add(testcase="t")
    absent = server.add(testcase={"name": "t"})
    nulled = server.add(testcase={"name": "t", "ref_url": None})

    assert [row["testcase"]["ref_url"] for row in (first, kept, absent, nulled)] == [
        "https://example.org", "https://example.org", "https://example.org", None]


def test_numbers_where_text_is_expected_in_objects_are_stored_as_text(server: DatabaseServer) -> None:
    stored = server.add(testcase={"name": 5, "ref_url": 1.5}, groups=[{"uuid": "g", "description": 7, "ref_url": 8}])

    assert (stored["testcase"]["name"], stored["testcase"]["ref_url"]) == ("5", "1.5")
    assert (server.get("/groups/g")["description"], server.get("/groups/g")["ref_url"]) == ("7", "8")


def test_a_group_object_without_uuid_gets_one(server: DatabaseServer) -> None:
    stored = server.add(groups=[{"description": "new"}])

    uuid, = stored["groups"]
    assert server.get(f"/groups/{uuid}")["description"] == "new"


def test_a_group_named_twice_is_linked_once_and_changed(server: DatabaseServer) -> None:
    stored = server.add(groups=["g1", {"uuid": "g1", "description": "one"}, {"uuid": "g1", "ref_url": "http://log"}])

    assert stored["groups"] == ["g1"]
    group = server.get("/groups/g1")
    assert (group["description"], group["ref_url"], group["results_count"]) == ("one", "http://log", 1)


def test_values_and_names_of_any_length_and_kind_are_stored(server: DatabaseServer) -> None:
    long = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(9000))
    hostile = "'; DROP TABLE result; -- \" % _ * \\ ? %s $1 \N{GRINNING FACE}"

    stored = server.add(testcase=hostile, note=long, data={"long": long, hostile.replace(":", ""): hostile})

    assert stored["data"]["long"] == [long]
    assert server.get("/results/1") == stored
    assert server.ids("/results", params={hostile: hostile}) == [1]
    assert server.ids("/results", params={"long": long[:2000]}) == []
    assert server.ids("/results", params={"testcases": hostile.strip()}) == [1]
    assert server.get("/results/latest", params={"testcases": hostile, "_distinct_on": hostile})["data"] == [stored]


def test_a_json_media_type_with_parameters_or_suffix_is_accepted(server: DatabaseServer) -> None:
    body = '{"outcome": "PASSED", "testcase": "t"}'

    for media_type in ("application/json; charset=utf-8", "application/vnd.x+json", "Application/JSON"):
        answer = server.api("POST", "/results", data=body, headers={"Content-Type": media_type, "Accept": "text/plain"})
        assert answer.status_code == 201
        assert answer.headers["Content-Type"] == "application/json"


def test_first_results_of_one_testcase_at_the_same_moment_are_all_stored(server: DatabaseServer) -> None:
    def post(number: int) -> int:
        body = {"outcome": "PASSED", "testcase": f"new.{number // 8}", "groups": [f"group-{number // 8}"],
                "data": {"item": f"item-{number // 8}"}}
        return requests.post(f"{server.url}/api/v2.0/results", json=body, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(post, range(80)))

    assert set(statuses) == {201}
    assert server.get("/groups/group-3")["results_count"] == 8


def test_a_repeated_idempotency_key_stores_nothing_and_answers_the_same(server: DatabaseServer) -> None:
    body = {"outcome": "PASSED", "testcase": "t", "data": {"item": "a"}}
    first = server.post("/results", body, headers={"Idempotency-Key": "run-1/result-1"})

    second = server.post("/results", body, headers={"Idempotency-Key": "run-1/result-1"})
    other = server.post("/results", body, headers={"Idempotency-Key": "run-1/result-2"})
    wrong = server.api("POST", "/results", json={**body, "note": "x"}, headers={"Idempotency-Key": "run-1/result-1"})

    assert second == first
    assert other["id"] != first["id"]
    assert wrong.status_code == 422
    assert wrong.json()["message"] == ("this Idempotency-Key was used before with another body; use a new key for a "
                                       "new result")
    assert len(server.ids("/results")) == 2


def test_one_idempotency_key_from_many_clients_at_once_stores_one_result(server: DatabaseServer) -> None:
    def post(number: int) -> int:
        answer = requests.post(f"{server.url}/api/v2.0/results", json={"outcome": "PASSED", "testcase": "t"},
                               headers={"Idempotency-Key": f"key-{number // 8}"}, timeout=30)
        return int(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(post, range(40)))

    assert [len(set(ids[start:start + 8])) for start in range(0, 40, 8)] == [1] * 5
    assert len(server.ids("/results")) == 5


def test_a_reset_empties_a_served_database_and_ids_begin_again(server: DatabaseServer, storage: Any) -> None:
    server.add(groups=["g"], data={"item": "a"})

    storage.reset()

    assert server.ids("/results") == server.get("/groups")["data"] == server.get("/testcases")["data"] == []
    assert server.add(data={"item": "a"})["id"] == 1
    assert server.ids("/results?item=a") == server.ids("/results?item:like=*a*") == [1]


def test_a_reset_while_many_write_ends_and_refuses_none_of_them(server: DatabaseServer, storage: Storage) -> None:
    statuses: set[int] = set()
    stopped = threading.Event()

    def write(writer: int) -> None:
        session, number = requests.Session(), 0
        while not stopped.is_set():
            number += 1
            body = {"outcome": "PASSED", "testcase": f"t{writer}.{number}", "groups": [f"g{writer}.{number}"],
                    "data": {"item": f"i{writer}.{number}"}}
            statuses.add(session.post(f"{server.url}/api/v2.0/results", json=body, timeout=60).status_code)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for each in writers:
        each.start()
    try:
        for _ in range(20):
            storage.reset()
    finally:
        stopped.set()
        for each in writers:
            each.join()

    assert statuses <= {201}
