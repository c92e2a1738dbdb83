"""Every row of the error tables of API v2.0."""
from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support.database_server import DatabaseServer

ALLOWED = ("Value error, must be one of: PASSED, INFO, FAILED, NEEDS_INSPECTION, CRASHED, ABORTED, QUEUED, RUNNING, "
           "ERROR")
NO_NAME = "Value error, testcase name must be non-empty"
GOOD = {"outcome": "PASSED", "testcase": "t"}


def fault(answer: requests.Response) -> dict[str, Any]:
    """Return the one fault of a refused request."""
    assert answer.status_code == 400, answer.text
    found, = answer.json()["validation_error"]
    assert found["url"] == f"https://errors.pydantic.dev/2.6/v/{found['type']}"
    return {key: found[key] for key in ("loc", "msg", "type", "input")}


@pytest.mark.parametrize(("field", "value", "kind", "message"), [
    ("outcome", 5, "string_type", "Input should be a valid string"),
    ("outcome", None, "string_type", "Input should be a valid string"),
    ("outcome", "", "string_too_short", "String should have at least 1 character"),
    ("outcome", "GREAT", "value_error", ALLOWED),
    ("testcase", "", "value_error", NO_NAME),
    ("testcase", None, "value_error", NO_NAME),
    ("testcase", {}, "value_error", NO_NAME),
    ("testcase", {"name": ""}, "value_error", NO_NAME),
    ("testcase", {"name": None, "ref_url": "x"}, "value_error", NO_NAME),
    ("testcase", 5, "dict_type", "Input should be a valid dictionary"),
    ("testcase", ["t"], "dict_type", "Input should be a valid dictionary"),
    ("testcase", {"name": ["t"]}, "string_type", "Input should be a valid string"),
    ("groups", "g", "list_type", "Input should be a valid list"),
    ("groups", [5], "value_error", "Value error, each group must be a uuid or an object"),
    ("groups", ["x" * 37], "string_too_long", "String should have at most 36 characters"),
    ("note", 5, "string_type", "Input should be a valid string"),
    ("ref_url", {}, "string_type", "Input should be a valid string"),
    ("data", [], "dict_type", "Input should be a valid dictionary"),
    ("data", "x", "dict_type", "Input should be a valid dictionary"),
    ("note", "a\0b", "value_error", "Value error, a NUL character or a lone surrogate cannot be stored"),
    ("data", {"k": "\ud800"}, "value_error", "Value error, a NUL character or a lone surrogate cannot be stored"),
])
def test_a_wrong_field_of_a_result_is_refused(server: DatabaseServer, field: str, value: Any, kind: str,
                                              message: str) -> None:
    answer = server.api("POST", "/results", json={**GOOD, field: value})

    found = fault(answer)
    assert (found["loc"], found["type"], found["msg"]) == ([field], kind, message)
    assert server.ids("/results") == []


def test_every_wrong_field_is_named_in_the_order_of_declaration(server: DatabaseServer) -> None:
    answer = server.api("POST", "/results", json={"data": 1, "note": 2, "submit_time": "x", "groups": 3, "ref_url": 4})

    assert answer.status_code == 400
    faults = answer.json()["validation_error"]
    assert [each["loc"][0] for each in faults] == ["outcome", "testcase", "groups", "note", "ref_url", "data",
                                                   "submit_time"]
    assert faults[0]["type"] == faults[1]["type"] == "missing"
    assert faults[0]["input"] == {"data": 1, "note": 2, "submit_time": "x", "groups": 3, "ref_url": 4}
    assert answer.json()["message"].startswith("outcome: Field required; testcase: Field required; groups: ")


@pytest.mark.parametrize(("path", "body", "expected"), [
    ("/testcases", {}, (["name"], "missing", "Field required")),
    ("/testcases", {"name": ""}, (["name"], "string_too_short", "String should have at least 1 character")),
    ("/testcases", {"name": None}, (["name"], "string_type", "Input should be a valid string")),
    ("/testcases", {"name": 5}, (["name"], "string_type", "Input should be a valid string")),
    ("/testcases", {"name": "t", "ref_url": 5}, (["ref_url"], "string_type", "Input should be a valid string")),
    ("/groups", {"uuid": 5}, (["uuid"], "string_type", "Input should be a valid string")),
    ("/groups", {"uuid": "x" * 37}, (["uuid"], "string_too_long", "String should have at most 36 characters")),
    ("/groups", {"description": []}, (["description"], "string_type", "Input should be a valid string")),
])
def test_a_wrong_field_of_a_testcase_or_group_is_refused(server: DatabaseServer, path: str, body: Any,
                                                         expected: Any) -> None:
    found = fault(server.api("POST", path, json=body))

    assert (found["loc"], found["type"], found["msg"]) == expected


@pytest.mark.parametrize("path", ["/results", "/testcases", "/groups"])
@pytest.mark.parametrize("body", ["{", "", "nothing", b"\xff", "[" * 100_000])
def test_broken_json_is_a_bad_request(server: DatabaseServer, path: str, body: Any) -> None:
    answer = server.api("POST", path, data=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()) == (400, {"message": "Bad request"})


@pytest.mark.parametrize("path", ["/results", "/testcases", "/groups"])
@pytest.mark.parametrize("body", ["null", "[]", '"x"', "1"])
def test_json_that_is_no_object_is_refused_not_a_crash(server: DatabaseServer, path: str, body: str) -> None:
    answer = server.api("POST", path, data=body, headers={"Content-Type": "application/json"})

    assert fault(answer)["loc"] == []


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"},
                                     {"Content-Type": "application/x-www-form-urlencoded"}])
def test_another_content_type_is_an_html_415(server: DatabaseServer, headers: dict[str, str]) -> None:
    answer = server.api("POST", "/results", data=b'{"outcome": "PASSED", "testcase": "t"}', headers=headers)

    assert answer.status_code == 415
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<title>415 Unsupported Media Type</title>" in answer.text


def test_a_colon_in_a_data_key_refuses_the_whole_request_after_the_fields(server: DatabaseServer) -> None:
    body = {**GOOD, "data": {"a:b": "x", "ok": "y", "c:like": "z"}}

    answer = server.api("POST", "/results", json=body)
    with_fault = server.api("POST", "/results", json={**body, "note": 5})

    assert (answer.status_code, answer.json()) == (
        400, {"message": "Colon not allowed in key name: ['a:b', 'c:like']"})
    assert fault(with_fault)["loc"] == ["note"]


@pytest.mark.parametrize(("query", "field", "kind", "message"), [
    ("limit=x", "limit", "int_parsing",
     "Input should be a valid integer, unable to parse string as an integer"),
    ("page=", "page", "int_parsing", "Input should be a valid integer, unable to parse string as an integer"),
    ("outcome=PASSED,GREAT", "outcome", "value_error", ALLOWED),
    ("since=yesterday", "since", "value_error", "Value error, must be in ISO8601 format"),
    ("since=", "since", "value_error", "Value error, must be in ISO8601 format"),
    ("since=2024,", "since", "value_error", "Value error, must be in ISO8601 format"),
])
@pytest.mark.parametrize("path", ["/results", "/results/latest"])
def test_a_wrong_parameter_is_refused(server: DatabaseServer, path: str, query: str, field: str, kind: str,
                                      message: str) -> None:
    found = fault(server.api("GET", f"{path}?{query}"))

    assert found == {"loc": [field], "msg": message, "type": kind, "input": query.partition("=")[2]}


def test_every_wrong_parameter_is_named_in_the_order_of_declaration(server: DatabaseServer) -> None:
    answer = server.api("GET", "/results?outcome=GREAT&since=x&limit=x&page=x")

    assert [each["loc"] for each in answer.json()["validation_error"]] == [["page"], ["limit"], ["since"], ["outcome"]]


@pytest.mark.parametrize("path", ["/testcases/none/results", "/groups/none/results"])
def test_a_wrong_parameter_is_said_before_what_is_not_there(server: DatabaseServer, path: str) -> None:
    assert fault(server.api("GET", f"{path}?outcome=GREAT"))["loc"] == ["outcome"]
    assert server.api("GET", path).status_code == 404


def test_distinct_on_alone_is_refused(server: DatabaseServer) -> None:
    answer = server.api("GET", "/results/latest?_distinct_on=scenario&outcome=PASSED")

    assert (answer.status_code, answer.json()) == (
        400, {"message": "Please, provide at least one filter beside '_distinct_on'"})


def test_a_nul_in_a_url_is_refused_or_not_found(server: DatabaseServer) -> None:
    assert server.api("GET", "/testcases/a%00b").status_code == 404
    assert server.api("GET", "/results?item=a%00b").status_code == 400
    assert server.api("GET", "/groups?uuid=%00").status_code == 400


def test_a_body_too_large_is_refused(server: DatabaseServer) -> None:
    answer = server.api("POST", "/results", data=b" " * (17 * 1024 * 1024),
                        headers={"Content-Type": "application/json"})

    assert answer.status_code == 413
    assert answer.json()["message"] == "a body of more than 16777216 bytes; send less at a time"


@pytest.mark.parametrize("path", ["/results", "/results?item:like=a*", "/testcases", "/groups", "/results?item=a-1"])
def test_a_page_beyond_every_number_is_empty(server: DatabaseServer, path: str) -> None:
    server.add(groups=["g"], data={"item": "a-1"})

    answer = server.get(f"{path}{'&' if '?' in path else '?'}limit=44443147788373311488&page=44443147788373311488")

    assert answer["data"] == []
