"""A journey of the official clients, resultsdb_api and resultsdb_conventions, against our server."""
from __future__ import annotations

from pathlib import Path

import pytest
from resultsdb_api import ResultsDBapi, ResultsDBapiException, ResultsDBAuth
from resultsdb_conventions.base import Result

from reporting.database.access import create_token
from reporting.database.all_storages import open_storage
from tests.support.database_server import DatabaseServer, database_server


def test_the_official_client_does_everything_it_can(server: DatabaseServer) -> None:
    client = ResultsDBapi(f"{server.url}/api/v2.0", request_auth=None)

    group = client.create_group("11111111-2222-3333-4444-555555555555", ref_url="http://log", description="a run")
    client.update_group(group["uuid"], description="one run")
    client.create_testcase("dist.rpmlint", ref_url="https://example.org/rpmlint")
    client.update_testcase("dist.rpmlint", "https://example.org/new")
    stored = client.create_result(outcome="FAILED", testcase="dist.rpmlint", groups=[group["uuid"]], note="2 errors",
                                  ref_url="http://log", item="xchat-0.5-1.fc20", type="koji_build", arch=["a", "b"])

    assert client.get_result(stored["id"])["data"] == {
        "arch": ["a", "b"], "item": ["xchat-0.5-1.fc20"], "type": ["koji_build"]}
    assert client.get_group(group["uuid"])["description"] == "one run"
    assert client.get_testcase("dist.rpmlint")["ref_url"] == "https://example.org/new"
    assert [row["id"] for row in client.get_results(item_like="xchat*", type=["koji_build", "x"], outcome="FAILED",
                                                    testcases=["dist.rpmlint"])["data"]] == [stored["id"]]
    assert client.get_testcases(name_like="dist.*", limit=1)["data"][0]["name"] == "dist.rpmlint"
    assert client.get_groups(uuid=[group["uuid"]])["data"][0]["results_count"] == 1


def test_the_official_client_writes_where_tokens_are_asked_for(tmp_path: Path) -> None:
    with database_server(f"sqlite:///{tmp_path}/closed.db", ["--require-token"]) as closed:
        storage = open_storage(closed.database_url)
        token = create_token(storage, "ci", ("dist.*",))
        storage.close()
        client = ResultsDBapi(f"{closed.url}/api/v2.0", request_auth=ResultsDBAuth.basic_auth("ci", token))
        other = ResultsDBapi(f"{closed.url}/api/v2.0", request_auth=ResultsDBAuth.basic_auth("other", token))
        wrong = ResultsDBapi(f"{closed.url}/api/v2.0", request_auth=ResultsDBAuth.basic_auth("ci", "wrong"))

        client.create_group("11111111-2222-3333-4444-555555555555")
        stored = client.create_result(outcome="PASSED", testcase="dist.rpmlint", item="a-1-1")
        for refused in (other, wrong):
            with pytest.raises(ResultsDBapiException) as error:
                refused.create_result(outcome="PASSED", testcase="dist.rpmlint")
            assert "403 Forbidden" in str(error.value)

        assert client.get_result(stored["id"])["data"] == {"item": ["a-1-1"]}


def test_the_official_client_shows_our_errors(server: DatabaseServer) -> None:
    client = ResultsDBapi(f"{server.url}/api/v2.0")

    with pytest.raises(ResultsDBapiException) as missing:
        client.get_result(12345)
    with pytest.raises(ResultsDBapiException) as wrong:
        client.create_result(outcome="GREAT", testcase="t")

    assert "Result not found" in str(missing.value)
    assert "must be one of: PASSED" in str(wrong.value)


def test_the_conventions_report_a_result_with_groups(server: DatabaseServer) -> None:
    client = ResultsDBapi(f"{server.url}/api/v2.0")
    result = Result("PASSED", "compose.install", note="fine", ref_url="http://log", tc_url="https://example.org/tc",
                    source="openqa")
    result.extradata["item"] = "Fedora-9000-19700101.n.18"
    result.add_group("openqa", "job 1", ref_url="http://job")

    result.report(client)

    row, = server.get("/results")["data"]
    assert row["outcome"] == "PASSED"
    assert row["testcase"]["ref_url"] == "https://example.org/tc"
    assert row["data"]["source"] == ["openqa"]
    assert len(row["groups"]) >= 1
