"""API v3: bearer tokens, types of results, permissions; and v2.0 where it asks for tokens."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from reporting.database.access import create_token
from reporting.database.storage import Storage
from tests.support.database_server import DatabaseServer, database_server

REQUIRED = {"outcome": "passed", "testcase": "dist.rpmlint", "ci_name": "ci", "ci_team": "team",
            "ci_docs": "https://example.org/docs", "ci_email": "ci@example.org"}
BREW = {**REQUIRED, "item": "xchat-0.5-1.fc20", "brew_task_id": 5}


@pytest.fixture
def tokens(storage: Storage) -> dict[str, str]:
    """A token for dist.*, one for everything."""
    return {"dist": create_token(storage, "dist", ("dist.*",)), "all": create_token(storage, "all", ("*",))}


def post(server: DatabaseServer, path: str, body: Any, token: str | None = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return server.session.post(f"{server.url}{path}", json=body, headers=headers, timeout=30)


def test_without_tokens_there_is_no_v3(server: DatabaseServer, storage: Storage) -> None:
    from reporting.database.access import list_tokens, revoke_token

    for each in list_tokens(storage):
        revoke_token(storage, each.name)

    answer = post(server, "/api/v3/results/brew-builds", BREW)

    assert (answer.status_code, answer.json()) == (404, {"message": "Not found"})


def test_a_brew_build_is_stored_as_a_v2_result(server: DatabaseServer, tokens: dict[str, str]) -> None:
    answer = post(server, "/api/v3/results/brew-builds",
                  {**BREW, "scratch": True, "testcase_ref_url": "https://example.org/rpmlint", "note": "n",
                   "ref_url": "https://example.org/log", "unknown": 1}, tokens["dist"])

    assert answer.status_code == 201, answer.text
    assert server.get("/results/1") == answer.json()
    assert answer.json()["data"] == {
        "brew_task_id": ["5"], "ci_docs": ["https://example.org/docs"], "ci_email": ["ci@example.org"],
        "ci_name": ["ci"], "ci_team": ["team"], "item": ["xchat-0.5-1.fc20"],
        "type": ["brew-build_scratch"], "username": ["dist"]}
    assert answer.json()["testcase"]["ref_url"] == "https://example.org/rpmlint"
    assert (answer.json()["outcome"], answer.json()["note"], answer.json()["groups"]) == ("PASSED", "n", [])


def test_a_compose_is_stored_as_two_items(server: DatabaseServer, tokens: dict[str, str]) -> None:
    answer = post(server, "/api/v3/results/productmd-composes",
                  {**REQUIRED, "id": "Fedora-40-1", "system_architecture": "x86_64"}, tokens["dist"])

    assert answer.json()["data"]["item"] == ["Fedora-40-1/unknown/x86_64", "Fedora-40-1"]
    assert "id" not in answer.json()["data"]


def test_an_image_has_a_list_of_names(server: DatabaseServer, tokens: dict[str, str]) -> None:
    answer = post(server, "/api/v3/results/redhat-container-images",
                  {**REQUIRED, "item": "i", "id": "sha256:1", "issuer": "x", "component": "c",
                   "full_names": ["a", "b"]}, tokens["dist"])

    assert answer.json()["data"]["full_names"] == ["a", "b"]


@pytest.mark.parametrize(("headers", "status", "message"), [
    ({}, 401, "401 Unauthorized: The server could not verify that you are authorized to access the URL requested. "),
    ({"Authorization": "Basic eA=="}, 401, "401 Unauthorized: "), ({"Authorization": "Bearer "}, 401, "401 "),
    ({"Authorization": "Bearer wrong"}, 403,
     "403 Forbidden: You don't have the permission to access the requested resource. "),
])
def test_a_request_without_a_good_token_is_refused(server: DatabaseServer, tokens: dict[str, str],
                                                   headers: dict[str, str], status: int, message: str) -> None:
    answer = server.session.post(f"{server.url}/api/v3/results/brew-builds", json={}, headers=headers, timeout=30)

    assert answer.status_code == status
    assert answer.json()["message"].startswith(message)
    assert server.ids("/results") == []


def test_the_scope_must_match_the_testcase(server: DatabaseServer, tokens: dict[str, str]) -> None:
    other = post(server, "/api/v3/results/brew-builds", {**BREW, "testcase": "other.check"}, tokens["dist"])
    broken = post(server, "/api/v3/results/brew-builds", {"testcase": "other.check"}, tokens["dist"])

    assert (other.status_code, other.json()) == (403, {
        "message": "403 Forbidden: User dist is not authorized to submit results for the test case other.check"})
    assert broken.status_code == 400


def test_any_data_needs_a_permission_for_any_data(server: DatabaseServer, tokens: dict[str, str]) -> None:
    body = {"outcome": "PASSED", "testcase": "dist.x", "data": {"a": 1}}

    assert post(server, "/api/v3/results", body, tokens["dist"]).status_code == 403
    answer = post(server, "/api/v3/results", body, tokens["all"])
    assert (answer.status_code, answer.json()["data"]) == (201, {"a": ["1"]})


@pytest.mark.parametrize(("change", "loc", "kind"), [
    ({"outcome": "GREAT"}, ["outcome"], "value_error"), ({"testcase": ""}, ["testcase"], "string_too_short"),
    ({"ci_docs": "nowhere"}, ["ci_docs"], "url_parsing"), ({"brew_task_id": "x"}, ["brew_task_id"], "int_parsing"),
    ({"scratch": "perhaps"}, ["scratch"], "bool_parsing"), ({"note": "x" * 8193}, ["note"], "string_too_long"),
    ({"error_reason": "x"}, [], "value_error"), ({"item": None}, ["item"], "string_type"),
    ({"item": ""}, ["item"], "string_too_short"), ({"ci_docs": "ftp://h/"}, ["ci_docs"], "url_scheme"),
    ({"ci_docs": ""}, ["ci_docs"], "url_parsing"), ({"ci_docs": "http://"}, ["ci_docs"], "url_parsing"),
    ({"ci_docs": "http://h:x/"}, ["ci_docs"], "url_parsing"), ({"ci_docs": 5}, ["ci_docs"], "url_type"),
    ({"ci_docs": "http://h/" + "x" * 2083}, ["ci_docs"], "url_too_long"),
    ({"ci_email": "nobody"}, ["ci_email"], "value_error"), ({"ci_email": "a@b"}, ["ci_email"], "value_error"),
    ({"ci_email": "a..b@example.org"}, ["ci_email"], "value_error"),
    ({"ci_email": "a b@example.org"}, ["ci_email"], "value_error"),
    ({"brew_task_id": 5.5}, ["brew_task_id"], "int_from_float"), ({"scratch": 2}, ["scratch"], "bool_parsing"),
])
def test_a_wrong_field_is_refused(server: DatabaseServer, tokens: dict[str, str], change: dict[str, Any],
                                  loc: list[str], kind: str) -> None:
    answer = post(server, "/api/v3/results/brew-builds", {**BREW, **change}, tokens["all"])

    assert answer.status_code == 400
    fault, = answer.json()["validation_error"]
    assert (fault["loc"], fault["type"]) == (loc, kind)


def test_a_wrong_element_of_a_list_is_named_by_its_number(server: DatabaseServer, tokens: dict[str, str]) -> None:
    answer = post(server, "/api/v3/results/redhat-container-images",
                  {**REQUIRED, "item": "i", "id": "sha256:1", "issuer": "x", "component": "c",
                   "full_names": ["a", 5, "x" * 8193]}, tokens["all"])

    assert [(fault["loc"], fault["type"]) for fault in answer.json()["validation_error"]] == [
        (["full_names", 1], "string_type"), (["full_names", 2], "string_too_long")]


@pytest.mark.parametrize(("path", "model"), [
    ("results", "CreateResultParams"), ("results/brew-builds", "BrewResultParams"),
    ("results/redhat-container-images", "RedHatContainerImageResultParams"),
    ("results/redhat-modules", "RedHatModuleResultParams"),
    ("results/productmd-composes", "ProductmdComposeResultParams"),
])
@pytest.mark.parametrize("body", [0, "BAD", []])
def test_a_body_that_is_no_object_is_refused(server: DatabaseServer, tokens: dict[str, str], path: str, model: str,
                                             body: Any) -> None:
    answer = post(server, f"/api/v3/{path}", body, tokens["all"])

    fault, = answer.json()["validation_error"]
    assert (answer.status_code, fault["loc"], fault["type"], fault["input"]) == (400, [], "model_type", body)
    assert fault["msg"] == f"Input should be a valid dictionary or instance of {model}"


@pytest.mark.parametrize("outcome", ["passed", "QUEUED", "running", "ERROR", "Crashed"])
def test_every_outcome_of_v2_and_those_of_a_run_are_taken(server: DatabaseServer, tokens: dict[str, str],
                                                          outcome: str) -> None:
    answer = post(server, "/api/v3/results/brew-builds", {**BREW, "outcome": outcome}, tokens["all"])

    assert (answer.status_code, answer.json()["outcome"]) == (201, outcome.upper())


def test_addresses_are_stored_in_one_spelling(server: DatabaseServer, tokens: dict[str, str]) -> None:
    answer = post(server, "/api/v3/results/brew-builds",
                  {**BREW, "ci_docs": " https://CI.Example.ORG:443 ", "ci_url": "http://ci.example.org:80/ü b?q=%20#x",
                   "log": "https://a:b@exämple.org:8443/p", "ci_email": "Ada <ada@Example.ORG>"}, tokens["all"])

    stored = answer.json()["data"]
    assert stored["ci_docs"] == ["https://ci.example.org/"]
    assert stored["ci_url"] == ["http://ci.example.org/%C3%BC%20b?q=%20#x"]
    assert stored["log"] == ["https://a:b@xn--exmple-cua.org:8443/p"]
    assert stored["ci_email"] == ["ada@example.org"]


def test_an_optional_field_that_is_null_is_not_stored(server: DatabaseServer, tokens: dict[str, str]) -> None:
    answer = post(server, "/api/v3/results/brew-builds", {**BREW, "scenario": None, "note": None}, tokens["all"])

    assert answer.status_code == 201
    assert "scenario" not in answer.json()["data"]


def test_the_page_of_v3_tells_every_field_and_how_to_send(server: DatabaseServer, tokens: dict[str, str]) -> None:
    page = server.session.get(f"{server.url}/api/v3/").text

    for kind in ("brew-build", "redhat-container-image", "redhat-module", "productmd-compose"):
        assert f"POST /api/v3/results/{kind}s" in page
        assert f'<a class="anchor-link" href="#results/{kind}s">#</a>' in page
        assert f'<section id="results/{kind}s/outcome">' in page
    assert "GET /api/v3/permissions" in page
    assert ('curl --json "$test_result_data" -H "Authorization: Bearer $token" \\\n'
            f"  {server.url}/api/v3/results/brew-builds") in page


def test_an_error_may_have_a_reason(server: DatabaseServer, tokens: dict[str, str]) -> None:
    answer = post(server, "/api/v3/results/brew-builds",
                  {**BREW, "outcome": "error", "error_reason": "no machine", "issue_url": "https://example.org/1"},
                  tokens["all"])

    assert answer.json()["outcome"] == "ERROR"
    assert answer.json()["data"]["error_reason"] == ["no machine"]


def test_schemas_and_permissions_are_open(server: DatabaseServer, tokens: dict[str, str]) -> None:
    base = f"{server.url}/api/v3"

    schema = server.session.get(f"{base}/schemas/brew-builds").json()
    every = server.session.get(f"{base}/permissions").json()
    some = server.session.get(f"{base}/permissions?testcase=other").json()

    assert {"outcome", "testcase", "item", "brew_task_id", "ci_name", "ci_team", "ci_docs", "ci_email"} == set(
        schema["required"])
    assert every == [{"users": ["all"], "groups": [], "testcases": ["*"]},
                     {"users": ["dist"], "groups": [], "testcases": ["dist.*"]}]
    assert some == every[:1]
    assert server.session.get(f"{base}/schemas/none").status_code == 404
    assert "brew-builds" in server.session.get(f"{base}/").text


@pytest.fixture
def closed(tmp_path: Any) -> Iterator[DatabaseServer]:
    """A server that asks for tokens on v2.0 too."""
    with database_server(f"sqlite:///{tmp_path}/closed.db", ["--require-token"]) as server:
        yield server


def test_v2_can_ask_for_a_token_to_write_and_reading_stays_open(closed: DatabaseServer) -> None:
    from reporting.database.all_storages import open_storage

    storage = open_storage(closed.database_url)
    token = create_token(storage, "ci", ("dist.*",))
    storage.close()
    body = {"outcome": "PASSED", "testcase": "dist.rpmlint"}

    statuses = [post(closed, f"/api/v2.0{path}", sent, given).status_code for path, sent, given in (
        ("/results", body, None), ("/results", body, "wrong"), ("/results", {**body, "testcase": "x"}, token),
        ("/results", body, token), ("/testcases", {"name": "dist.y"}, None), ("/testcases", {"name": "x"}, token),
        ("/testcases", {"name": "dist.y"}, token), ("/groups", {}, None), ("/groups", {}, token))]

    assert statuses == [401, 403, 403, 201, 401, 403, 201, 401, 201]
    for nonsense in ("Basic", "Basic !", "Basic Og==", "Basic 4pyT", "Digest x"):
        refused = closed.api("POST", "/results", json=body, headers={"Authorization": nonsense})
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="results", Bearer')
    assert closed.ids("/results") == [1]
