"""resultsdb: which results go out. Nothing is posted from here."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from checks.result import Result
from runner.captured import Captured
from runner.directive import DirectiveContext, DirectiveError
from runner.directives.resultsdb import Resultsdb

TAP = """TAP version 13
ok 1 - dist.x for Koji build xchat-0.5-1.fc20
not ok 2 - dist.x for Koji build a-1-1.fc20
1..2
"""
RESULT_YAML = """results:
- {item: xchat-0.5-1.fc20, type: koji_build, outcome: PASSED, note: fine, checkname: scratch.alone}
"""


class Sent:
    """Takes what goes out."""

    def __init__(self, folder: Path) -> None:
        self.results: list[Result] = []
        self.notes: list[Any] = []
        self.context = DirectiveContext.alone(folder, send=self.take, note=lambda key, value: self.notes.append(value))

    def take(self, results: Iterable[Result]) -> None:
        self.results.extend(results)


@pytest.fixture
def sent(tmp_path: Path) -> Sent:
    return Sent(tmp_path)


def test_tap_as_text_as_a_file_and_as_captured_output(sent: Sent) -> None:
    path = sent.context.workdir / "results.tap"
    path.write_text(TAP)

    for parameters in ({"results": TAP}, {"results": Captured(path)}, {"file": "results.tap"}):
        sent.results.clear()
        Resultsdb(parameters).run(sent.context)

        assert [(each.item, each.outcome) for each in sent.results] == [
            ("xchat-0.5-1.fc20", "PASSED"), ("a-1-1.fc20", "FAILED")]


@pytest.mark.parametrize("results", [
    RESULT_YAML, '{"results": [{"outcome": "PASSED", "note": "fine"}]}',
    "---\n{\n  'results': [{outcome: passed, note: fine}]\n}",
    [{"outcome": "PASSED", "note": "fine"}], {"outcome": "PASSED", "summary": "fine"},
    {"results": [{"item": "xchat-0.5-1.fc20", "outcome": "passed", "summary": "fine"}], "succeeded": True},
])
def test_the_forms_of_later_formulas_and_of_other_directives(sent: Sent, results: Any) -> None:
    Resultsdb({"results": results}).run(sent.context)

    [result] = sent.results
    assert (result.item, result.outcome, result.summary, result.testcase) == (
        "xchat-0.5-1.fc20", "PASSED", "fine", "scratch.alone")


def test_nothing_to_report_is_no_fault(sent: Sent) -> None:
    Resultsdb({"results": "results:\n"}).run(sent.context)
    Resultsdb({"results": "1..0\n"}).run(sent.context)

    assert sent.results == []


def test_a_stream_that_breaks_off_sends_what_there_was_and_fails(sent: Sent) -> None:
    with pytest.raises(DirectiveError, match="cannot be read whole") as caught:
        Resultsdb({"results": TAP.replace("1..2", "1..3")}).run(sent.context)

    assert caught.value.code == "bad-results"
    assert len(sent.results) == 2
    assert sent.notes


@pytest.mark.parametrize("results", ["nonsense", "", 17, [1], [{"summary": "no outcome"}], [{"outcome": "GOOD"}],
                                     [{"outcome": "PASSED", "item": "../x", "type": "koji_build"}]])
def test_what_are_no_results_is_said(sent: Sent, results: Any) -> None:
    with pytest.raises(DirectiveError, match="`results`") as caught:
        Resultsdb({"results": results}).run(sent.context)

    assert caught.value.code == "bad-results"


def test_a_file_that_is_a_link_out_of_the_workspace_is_refused(sent: Sent) -> None:
    (sent.context.workdir / "results.tap").symlink_to("/etc/passwd")

    with pytest.raises(DirectiveError, match="is outside the workspace"):
        Resultsdb({"file": "results.tap"}).run(sent.context)
