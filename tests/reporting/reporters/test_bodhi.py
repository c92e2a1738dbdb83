import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from checks.outcome import Outcome
from checks.result import Result
from reporting.all_reporters import reporter_for
from reporting.report import Turn, report
from reporting.reporter import ReportedRun, Secrets
from reporting.undelivered import RunFile
from tests.reporting.runs import BUILD_ID, PASSED, execution_report
from tests.support.web_server import NOT_FOUND, Answer, Request, web_server

UPDATE = "FEDORA-2026-04459ef8cf"
FAILED = PASSED.with_changes(item=UPDATE, item_type="bodhi_update", outcome=Outcome.FAILED, log_url="http://logs/1/")
TEXT = f"FAILED, newly failing: dist.rpmlint for {UPDATE}\n    5 errors, 10 warnings\n    http://logs/1/"


def bodhi(comments: list[dict[str, Any]]) -> Callable[[Request], Answer]:
    """Answer as Bodhi's REST interface does, as far as comments go."""

    def answer(request: Request) -> Answer:
        def said(data: object) -> Answer:
            return Answer(json.dumps(data).encode(), content_type="application/json")

        if request.path == "/csrf":
            return said({"csrf_token": "abc"})
        if request.path == "/comments/" and request.method == "POST":
            body = json.loads(request.body)
            if body["csrf_token"] != "abc":
                return Answer(b'{"errors": [{"description": "CSRF"}]}', 400)
            comments.append({"id": len(comments) + 1, "text": body["text"], "update": body["update"]})
            return said({"comment": comments[-1], "caveats": []})
        if request.path == "/comments/":
            wanted = parse_qs(request.query)["updates"][0]
            return said({"comments": [comment for comment in comments if comment["update"] == wanted]})
        return NOT_FOUND

    return answer


def deliver(tmp_path: Path, url: str, *results: Result) -> tuple[Turn, RunFile]:
    run_file = RunFile.create(tmp_path, ReportedRun(BUILD_ID, execution_report(), results, NOON))
    (turn,) = report(run_file, [reporter_for(f"bodhi+{url}?user=checkotron", Secrets(token="secret"))])
    return turn, run_file


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_failing_update_gets_a_comment(tmp_path: Path) -> None:
    comments: list[dict[str, Any]] = []
    with web_server(bodhi(comments)) as server:
        turn, run_file = deliver(tmp_path, server.url, FAILED)

    assert comments == [{"id": 1, "update": UPDATE, "text": TEXT}]
    assert run_file.progress[turn.destination].delivered == {1: f"{server.url}/updates/{UPDATE}#comment-1"}
    assert server.requests[-1].headers["Authorization"] == "Bearer secret"


def test_the_same_words_are_never_said_twice(tmp_path: Path) -> None:
    comments: list[dict[str, Any]] = []
    with web_server(bodhi(comments)) as server:
        deliver(tmp_path / "a", server.url, FAILED)
        deliver(tmp_path / "b", server.url, FAILED)

    assert len(comments) == 1


@pytest.mark.parametrize("result", [
    FAILED.with_changes(outcome=Outcome.CRASHED), FAILED.with_changes(outcome=Outcome.ABORTED),
    FAILED.with_changes(outcome=Outcome.PASSED), PASSED.with_changes(outcome=Outcome.FAILED)],
    ids=["crash", "abort", "pass", "no update"])
def test_nobody_is_bothered_for_nothing(tmp_path: Path, result: Result) -> None:
    comments: list[dict[str, Any]] = []
    with web_server(bodhi(comments)) as server:
        turn, _ = deliver(tmp_path, server.url, result)

    assert (turn.missing, comments, server.paths) == (0, [], [])


def test_a_bodhi_that_is_none_keeps_the_comment(tmp_path: Path) -> None:
    with web_server(lambda request: Answer(b"{}")) as server:
        turn, _ = deliver(tmp_path, server.url, FAILED)

    assert (turn.missing, turn.why) == (1, "gives no list of comments; is this a Bodhi?")
