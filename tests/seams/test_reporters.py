"""What `reporting.reporter.Reporter` promises, held against every implementation, the recording one included."""
from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.outcome import Outcome
from reporting.all_reporters import KINDS, reporter_for
from reporting.report import report
from reporting.reporter import AwayError, NumberedResult, RefusedError, ReportedRun, Secrets
from reporting.undelivered import RunFile, key_of
from tests.reporting.runs import BUILD_ID, PASSED, execution_report
from tests.support.mail_server import mail_server
from tests.support.results_server import results_server
from tests.support.web_server import Answer, Request, web_server

SECRETS = Secrets(token="topsecret")
#: The beginning of each kind's address: a whole one, where WEB, RESULTS, MAIL, BUS and FOLDER are filled in.
ADDRESSES = {
    "http://": "RESULTS",
    "amqp://": "BUS?ci_name=QA&ci_team=QA&ci_docs=https%3A%2F%2Fdocs.example&ci_email=qa%40example.org",
    "mailto:": "mailto:qa@example.org?smtp=MAIL&from=checkotron@example.org",
    "bodhi+http": "bodhi+WEB?user=checkotron",
    "pagure+http": "pagure+WEB",
    "forgejo+http": "forgejo+WEB",
    "github+http": "github+WEB",
    "junit:": "junit:FOLDER",
    "html:": "html:FOLDER",
    "console": "console",
    "recording": "recording",
}
#: The same implementation over TLS.
TWINS = {"https://": "http://", "amqps://": "amqp://"}
ITEMS = {"bodhi+http": ("FEDORA-2026-04459ef8cf", "bodhi_update"),
         **dict.fromkeys(("pagure+http", "forgejo+http", "github+http"), ("WEB/o/r/pull-request/17", "pull_request"))}


def forge_and_bodhi(request: Request) -> Answer:
    answers: dict[str, object] = {"/csrf": {"csrf_token": "abc"}}
    if request.path == "/comments/":
        return Answer(json.dumps({"comments": []} if request.method == "GET" else {"comment": {"id": 1}}).encode())
    return Answer(json.dumps(answers.get(request.path, {"head": {"sha": "abc123"}, "url": "x"})).encode())


@pytest.fixture
def places(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Where each name of an address leads; the broker, which is slow to start, only for whom it is needed."""
    with ExitStack() as stack:
        yield {"WEB": stack.enter_context(web_server(forge_and_bodhi)).url,
               "RESULTS": stack.enter_context(results_server()).url,
               "MAIL": stack.enter_context(mail_server()).address, "FOLDER": str(tmp_path / "out"),
               "BUS": request.getfixturevalue("rabbitmq").url() if kind == "amqp://" else ""}


def filled_in(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text


def run_for(kind: str, places: dict[str, str]) -> ReportedRun:
    item, item_type = ITEMS.get(kind, (PASSED.item, PASSED.item_type))
    result = replace(PASSED, item=filled_in(item, places), item_type=item_type)
    results = (result, replace(result, outcome=Outcome.FAILED, arch="x86_64"))
    return ReportedRun(BUILD_ID, execution_report(), results, datetime(2026, 11, 21, tzinfo=UTC), log_url="http://l/1/")


def test_every_kind_of_destination_is_held() -> None:
    assert set(KINDS) == set(ADDRESSES) | set(TWINS)
    assert all(KINDS[twin].module == KINDS[other].module for twin, other in TWINS.items())


@pytest.mark.parametrize("kind", ADDRESSES)
def test_everything_is_delivered_and_stays_so(kind: str, places: dict[str, str], tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path / "queue", run_for(kind, places))
    address = filled_in(ADDRESSES[kind], places)

    (turn,) = report(run_file, [reporter_for(address, SECRETS)])

    assert (turn.delivered, turn.missing, turn.why) == (2, 0, "")
    assert report(RunFile.load(run_file.path), [reporter_for(address, SECRETS)]) == []


@pytest.mark.parametrize("kind", ADDRESSES)
def test_only_what_is_asked_for_is_delivered(kind: str, places: dict[str, str]) -> None:
    run = run_for(kind, places)
    reporter = reporter_for(filled_in(ADDRESSES[kind], places), SECRETS)
    second = NumberedResult(2, run.results[1], key_of(run, 2))

    assert [delivery.number for delivery in reporter.deliver(run, [second])] == [2]
    assert list(reporter.deliver(run, [])) == []


@pytest.mark.parametrize("kind", ADDRESSES)
def test_a_destination_keeps_its_name_and_its_secrets(kind: str, places: dict[str, str]) -> None:
    address = filled_in(ADDRESSES[kind], places).replace("http://", "http://user:topsecret@")

    names = {reporter_for(address, SECRETS).destination for _ in range(2)}

    assert len(names) == 1
    assert "topsecret" not in names.pop()


@pytest.mark.parametrize("kind", [kind for kind in ADDRESSES if kind not in ("console", "recording")])
def test_a_destination_that_is_not_there_raises_what_the_seam_allows(
        kind: str, places: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere = {"WEB": "http://127.0.0.1:9", "RESULTS": "http://127.0.0.1:9", "MAIL": "127.0.0.1:9",
               "BUS": "amqp://127.0.0.1:9/", "FOLDER": str(tmp_path / "file")}
    run = run_for(kind, nowhere)
    numbered = NumberedResult(2, run.results[1], key_of(run, 2))

    with pytest.raises((AwayError, RefusedError)):
        list(reporter_for(filled_in(ADDRESSES[kind], nowhere), SECRETS).deliver(run, [numbered]))
