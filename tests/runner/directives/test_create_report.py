"""create_report: the page, and what a check cannot put on it."""
from __future__ import annotations

import os
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runner.directive import DirectiveContext, DirectiveError, ParametersError
from runner.directives.create_report import CreateReport

TAP = """TAP version 13
ok 1 - dist.x for Koji build xchat-0.5-1.fc20
  ---
  item: xchat-0.5-1.fc20
  type: koji_build
  outcome: FAILED
  summary: <script>alert(1)</script>
  details:
    output: "</pre><img src=x onerror=alert(1)>"
  ...
1..1
"""


class Tags(HTMLParser):
    """What tags a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)


def test_the_page_shows_every_result_and_runs_nothing(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path)

    path = CreateReport({"results": TAP}).run(context)

    page = Path(path).read_text()
    assert path == str(context.artifactsdir / "report.html")
    assert '<div class="verdict FAILED">' in page
    assert "xchat-0.5-1.fc20" in page
    assert not {"script", "img"} & set(Tags(page).seen)
    assert "&lt;script&gt;alert(1)" in page


def test_results_of_a_file_go_to_the_place_that_is_asked_for(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path)
    (context.workdir / "results.tap").write_text(TAP)

    path = CreateReport({"file": "results.tap", "artifactsdir": "reports", "path": "sub/all.html"}).run(context)

    assert path == str(context.workdir / "reports" / "sub" / "all.html")
    assert Path(path).is_file()


def test_the_page_stays_in_the_workspace(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError, match="is outside the workspace"):
        CreateReport({"results": TAP, "path": "../../../x.html"}).run(DirectiveContext.alone(tmp_path))


def test_what_the_check_left_in_the_place_of_the_page_does_not_hold_it_up(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path)
    os.mkfifo(context.artifactsdir / "report.html")
    (context.artifactsdir / "folder").mkdir()

    assert Path(CreateReport({"results": TAP}).run(context)).is_file()
    with pytest.raises(DirectiveError, match="`path` `folder` is a folder"):
        CreateReport({"results": TAP, "path": "folder"}).run(context)


def test_what_are_no_results_is_said(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError, match="the results is neither TAP|the results") as caught:
        CreateReport({"results": "nonsense"}).run(DirectiveContext.alone(tmp_path))

    assert caught.value.code == "bad-results"


def test_either_results_or_a_file() -> None:
    with pytest.raises(ParametersError, match="none of `results`, `file` is there; expected exactly one"):
        CreateReport({})
