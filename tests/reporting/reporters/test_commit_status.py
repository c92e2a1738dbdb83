import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from checks.outcome import Outcome
from checks.result import Result
from reporting.all_reporters import reporter_for
from reporting.report import report
from reporting.reporter import ReportedRun, Secrets
from reporting.undelivered import RunFile
from tests.reporting.runs import BUILD_ID, PASSED, execution_report
from tests.support.web_server import Answer, Request, WebServer, web_server

SHA = "3f2a9c1d4e5f60718293a4b5c6d7e8f901234567"
FAILED = PASSED.with_changes(outcome=Outcome.FAILED, summary="1 error", log_url="http://logs/1/", arch="x86_64")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def forge(request: Request) -> Answer:
    if request.method == "GET":
        return Answer(json.dumps({"head": {"sha": SHA}}).encode())
    return Answer(b'{"url": "http://forge/status/1"}', 201)


def deliver(tmp_path: Path, kind: str, result: Result) -> tuple[WebServer, RunFile]:
    with web_server(forge) as server:
        result = result.with_changes(item=result.item.replace("FORGE", server.url).replace(
            "HOST", server.url.removeprefix("http://")))
        run_file = RunFile.create(tmp_path, ReportedRun(BUILD_ID, execution_report(), (result,), NOON))
        report(run_file, [reporter_for(f"{kind}+{server.url}", Secrets(token="secret"))])
    assert not run_file.missing(f"{kind}+{server.url}")
    return server, run_file


@pytest.mark.parametrize(("item", "item_type", "path"), [
    ("FORGE/rpms/gcc/pull-request/17", "pull_request", "/api/0/rpms/gcc/pull-request/17/flag"),
    (f"rpms/gcc#{SHA}", "dist_git_commit", f"/api/0/rpms/gcc/c/{SHA}/flag"),
    (f"HOST/qa/checks#main#{SHA}", "git_commit", f"/api/0/qa/checks/c/{SHA}/flag"),
])
def test_pagure_gets_a_flag_that_a_second_try_replaces(tmp_path: Path, item: str, item_type: str, path: str) -> None:
    result = FAILED.with_changes(item=item, item_type=item_type)

    server, _ = deliver(tmp_path / "a", "pagure", result)
    again, _ = deliver(tmp_path / "b", "pagure", result)

    (request,) = server.requests
    fields = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
    assert (request.method, request.path, request.headers["Authorization"]) == ("POST", path, "token secret")
    assert fields | {"uid": "-"} == {
        "username": "checkotron/dist.rpmlint/x86_64", "comment": "FAILED: 1 error", "uid": "-", "status": "failure",
        "percent": "0", "url": "http://logs/1/"}
    if "FORGE" not in item and "HOST" not in item:
        assert again.requests[0].body == request.body


@pytest.mark.parametrize(("kind", "base", "word"), [("github", "", "pull"), ("forgejo", "/api/v1", "pulls")])
def test_other_forges_get_a_status_of_the_head_of_a_pull_request(
        tmp_path: Path, kind: str, base: str, word: str) -> None:
    server, run_file = deliver(tmp_path, kind, FAILED.with_changes(item=f"FORGE/o/r/{word}/17",
                                                                   item_type="pull_request"))

    assert server.paths == [f"{base}/repos/o/r/pulls/17", f"{base}/repos/o/r/statuses/{SHA}"]
    assert json.loads(server.requests[1].body) == {
        "state": "failure", "context": "checkotron/dist.rpmlint/x86_64", "description": "FAILED: 1 error",
        "target_url": "http://logs/1/"}
    assert run_file.progress[f"{kind}+{server.url}"].delivered == {1: "http://forge/status/1"}


@pytest.mark.parametrize(("outcome", "state"), [
    (Outcome.PASSED, "success"), (Outcome.INFO, "success"), (Outcome.NEEDS_INSPECTION, "failure"),
    (Outcome.CRASHED, "error"), (Outcome.ERROR, "error"), (Outcome.ABORTED, "error")])
def test_every_outcome_has_a_state(tmp_path: Path, outcome: Outcome, state: str) -> None:
    server, _ = deliver(tmp_path, "github", FAILED.with_changes(
        outcome=outcome, item=f"HOST/o/r#main#{SHA}", item_type="git_commit"))

    assert json.loads(server.requests[0].body)["state"] == state


@pytest.mark.parametrize(("item", "item_type"), [
    ("xchat-0.5-1.fc20", "koji_build"), ("https://elsewhere.example/o/r/pull/1", "pull_request"),
    ("FORGE/o/r/pull/../../x", "pull_request"), (f"elsewhere.example/o/r#main#{SHA}", "git_commit")])
def test_items_of_other_places_are_passed_over(tmp_path: Path, item: str, item_type: str) -> None:
    server, _ = deliver(tmp_path, "github", FAILED.with_changes(item=item, item_type=item_type))

    assert server.requests == []
