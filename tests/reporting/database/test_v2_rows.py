"""Landing page, testcases and groups of API v2.0."""
from __future__ import annotations

import uuid

from tests.support.database_server import DatabaseServer


def test_the_landing_page_is_a_300_with_links_and_outcomes(server: DatabaseServer) -> None:
    for path in ("", "/"):
        answer = server.api("GET", path)

        assert answer.status_code == 300
        assert list(answer.json()) == ["documentation", "groups", "message", "outcomes", "results", "testcases"]
        assert answer.json()["results"] == f"{server.url}/api/v2.0/results"
        assert answer.json()["outcomes"] == ["PASSED", "INFO", "FAILED", "NEEDS_INSPECTION", "CRASHED", "ABORTED",
                                             "QUEUED", "RUNNING", "ERROR"]


def test_the_health_check_answers(server: DatabaseServer) -> None:
    assert server.get("/healthcheck") == {"message": "Health check OK"}


def test_an_answer_is_sorted_compact_ascii_with_a_newline(server: DatabaseServer) -> None:
    answer = server.api("POST", "/testcases", json={"name": "tc.ü?#%&+c"})

    assert answer.content == (
        f'{{"href":"{server.url}/api/v2.0/testcases/tc.%C3%BC%3F%23%25&+c","name":"tc.\\u00fc?#%&+c",'
        '"ref_url":null}\n').encode()
    assert answer.headers["Content-Type"] == "application/json"


def test_a_testcase_is_created_and_changed_with_201(server: DatabaseServer) -> None:
    first = server.post("/testcases", {"name": "dist.rpmlint", "ref_url": "https://example.org/1"})
    kept = server.post("/testcases", {"name": "dist.rpmlint", "_auth_token": None})
    null = server.post("/testcases", {"name": "dist.rpmlint", "ref_url": None})
    emptied = server.post("/testcases", {"name": "dist.rpmlint", "ref_url": ""})

    assert first["ref_url"] == kept["ref_url"] == null["ref_url"] == "https://example.org/1"
    assert emptied["ref_url"] == ""
    assert server.get("/testcases/dist.rpmlint") == emptied


def test_a_testcase_name_may_have_slashes_and_spaces(server: DatabaseServer) -> None:
    stored = server.post("/testcases", {"name": " a/b//c d/ "})

    assert stored["name"] == " a/b//c d/ "
    assert stored["href"].endswith("/testcases/%20a/b//c%20d/%20")
    assert server.session.get(stored["href"]).json() == stored


def test_testcases_are_sorted_by_name_and_filtered(server: DatabaseServer) -> None:
    for name in ("b", "a", "C", "ab", "a,b"):
        server.post("/testcases", {"name": name})

    def names(query: str) -> list[str]:
        return [row["name"] for row in server.get("/testcases" + query)["data"]]

    assert names("") == ["C", "a", "a,b", "ab", "b"]
    assert names("?name=a,b,none") == ["a", "b"]
    assert names("?name:like=a*,b") == ["a", "a,b", "ab", "b"]
    assert names("?name:like=A*") == []
    assert names("?name=b&name:like=a*") == ["b"]
    assert names("?name= b ,,ab") == ["ab", "b"]
    assert names("?name:like= a* ,") == ["a", "a,b", "ab"]
    assert names("?name=,&name:like=a*") == ["C", "a", "a,b", "ab", "b"]
    assert names("?unknown=x&limit=2&page=1") == ["a,b", "ab"]


def test_a_group_is_created_and_changed_with_201(server: DatabaseServer) -> None:
    first = server.post("/groups", {"uuid": "g/1 ä", "ref_url": "https://example.org", "description": "first"})
    kept = server.post("/groups", {"uuid": "g/1 ä", "ref_url": "", "description": None})
    changed = server.post("/groups", {"uuid": "g/1 ä", "description": "second"})

    assert first == kept == {
        "description": "first", "href": f"{server.url}/api/v2.0/groups/g/1%20%C3%A4", "ref_url": "https://example.org",
        "results": f"{server.url}/api/v2.0/results?groups=g/1+%C3%A4", "results_count": 0, "uuid": "g/1 ä"}
    assert changed["description"] == "second"
    assert changed["ref_url"] == "https://example.org"


def test_a_group_without_uuid_gets_one(server: DatabaseServer) -> None:
    made = [server.post("/groups", body)["uuid"] for body in ({}, {"uuid": None}, {"uuid": ""})]

    assert len(set(made)) == 3
    assert [uuid.UUID(each).version for each in made] == [1, 1, 1]


def test_groups_come_newest_first_and_count_their_results(server: DatabaseServer) -> None:
    server.post("/groups", {"uuid": "g1", "description": "one"})
    server.post("/groups", {"uuid": "g2", "description": "two"})
    server.add(groups=["g1", "g3"])
    server.add(groups=["g1", {"uuid": "g1"}])

    def uuids(query: str) -> list[str]:
        return [row["uuid"] for row in server.get("/groups" + query)["data"]]

    assert uuids("") == ["g3", "g2", "g1"]
    assert uuids("?uuid=g1,g3, g2") == ["g3", "g1"]
    assert uuids("?description=one,two") == ["g2", "g1"]
    assert uuids("?description:like=t*") == ["g2"]
    assert uuids("?description=two,, one") == ["g2"]
    assert uuids("?description=, &description:like=t*") == ["g3", "g2", "g1"]
    assert uuids("?uuid=,") == []
    assert uuids("?uuid=g1&description=two") == []
    assert server.get("/groups/g1")["results_count"] == 2


def test_groups_made_by_one_result_are_listed_in_the_order_it_names_them(server: DatabaseServer) -> None:
    server.add(groups=["b", "c", "a"])
    server.add(groups=["e", "a", "d"])

    assert [row["uuid"] for row in server.get("/groups")["data"]] == ["d", "e", "a", "c", "b"]


def test_a_group_object_in_a_result_overwrites_what_it_names(server: DatabaseServer) -> None:
    server.post("/groups", {"uuid": "g1", "description": "one", "ref_url": "https://example.org"})

    server.add(groups=[{"uuid": "g1", "description": None}])

    assert server.get("/groups/g1")["description"] is None
    assert server.get("/groups/g1")["ref_url"] == "https://example.org"


def test_what_is_not_there_is_a_404_that_says_so(server: DatabaseServer) -> None:
    said = {path: server.api("GET", path) for path in (
        "/results/1", "/results/abc", "/results/99999999999", "/results/-1", "/testcases/none", "/groups/none",
        "/testcases/none/results", "/groups/none/results", "/nothing", "/results/1/2", "/testcases/", "/results/")}

    assert {answer.status_code for answer in said.values()} == {404}
    assert [answer.json()["message"] for answer in said.values()] == [
        "Result not found", "Result not found", "Result not found", "Result not found", "Testcase not found",
        "Group not found", "Testcase not found", "Group not found: none", "Not found", "Not found", "Not found",
        "Not found"]


def test_a_name_that_begins_with_a_slash_is_redirected(server: DatabaseServer) -> None:
    answer = server.api("GET", "/testcases//name?x=1", allow_redirects=False)

    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{server.url}/api/v2.0/testcases/name?x=1"
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_wrong_method_is_an_html_405(server: DatabaseServer) -> None:
    answer = server.api("DELETE", "/results/1")

    assert answer.status_code == 405
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_head_and_options_are_answered(server: DatabaseServer) -> None:
    assert server.api("HEAD", "/results").content == b""
    assert int(server.api("HEAD", "/results").headers["Content-Length"]) > 0
    assert server.api("OPTIONS", "/results").headers["Allow"] == "GET, HEAD, OPTIONS, POST"
