from datetime import UTC, datetime
from html.parser import HTMLParser

from checks.outcome import Outcome
from checks.result import Result
from reporting.reporter import ReportedRun
from reporting.reporters.html import page
from tests.reporting.runs import BUILD_ID, PASSED, execution_report

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Outline(HTMLParser):
    """What a browser would make of a page, as far as these tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def outline(*results: Result, **changes: object) -> Outline:
    report = execution_report(**changes)
    return Outline(page(ReportedRun(BUILD_ID, report, results, NOON, log_url="http://logs/1/")))


def test_a_page_says_what_was_found() -> None:
    found = outline(PASSED, PASSED.with_changes(outcome=Outcome.FAILED, output="what is wrong", summary="bad"))

    assert "dist.rpmlint for xchat-0.5-1.fc20" in found.text
    assert "1 FAILED, 1 PASSED" in found.text
    assert "what is wrong" in found.text
    assert {"href": "#result-2"} in found.all("a")
    assert found.all("details") == [{"id": "result-2", "open": None}]
    assert {"href": "http://logs/1/", "rel": "noreferrer"} in found.all("a")


def test_one_result_says_at_the_top_what_it_found_and_how_long_it_took() -> None:
    found = outline(PASSED.with_changes(outcome=Outcome.NEEDS_INSPECTION, summary="look here", arch="x86_64"))

    assert "? NEEDS_INSPECTIONlook here (x86_64)" in found.text
    assert found.all("table") == []
    assert "2026-11-21 10:00:05 UTC, after 5.0 s" in found.text


def test_errors_and_warnings_stand_out_and_stay_escaped() -> None:
    text = "a.noarch: E: no-binary <b>\na.noarch: W: odd\nplain: words\n"

    found = outline(PASSED.with_changes(outcome=Outcome.FAILED, output=text))

    assert text in found.text
    assert [tag for tag, _ in found.tags if tag in ("b", "i")] == ["b", "i"]


def test_a_page_needs_and_loads_nothing() -> None:
    found = outline(PASSED.with_changes(output="x", log_url="https://ci.example/1"))

    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert {"http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; style-src 'unsafe-inline'"} in found.all("meta")


def test_nothing_that_a_check_said_becomes_markup() -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    result = PASSED.with_changes(item=evil, testcase=evil, summary=evil, output=evil + "\x1b[2J\x00", arch=evil,
                                 log_url="javascript:alert(1)", outcome=Outcome.FAILED)

    found = outline(result, item=evil, testcase=evil, status=evil, execution_status="NOT_OK")

    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "img"})
    assert not any(key.startswith("on") for _, attributes in found.tags for key in attributes)
    assert not any((link["href"] or "").startswith("javascript") for link in found.all("a"))
    assert "\x1b" not in found.text


def test_a_page_without_results_says_so() -> None:
    assert "The check gave no result." in outline().text


def test_endless_output_is_cut() -> None:
    found = outline(PASSED.with_changes(output="x" * 300_000))

    assert "200000 more characters" in found.text
    assert len(found.text) < 110_000
