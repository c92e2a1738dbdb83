"""xunit, on the dialects of several tools and on hostile XML."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checks.contracts import CheckInput
from checks.tap import TapLimits
from runner.directive import DirectiveContext, DirectiveError
from runner.directives.xunit import Xunit
from runner.verdicts import Verdicts

MIXED = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="unit" tests="5" failures="1" errors="1" skipped="1">
  <properties><property name="os" value="linux"/></properties>
  <testcase classname="tests.door" name="test_opens" time="0.01"><system-out>fine</system-out></testcase>
  <testcase classname="tests.door" name="test_closes" time="0.2">
    <failure message="assert 1 == 2" type="AssertionError">line 12
assert 1 == 2</failure></testcase>
  <testcase classname="tests.door" name="test_locks"><error message="no key">Traceback</error></testcase>
  <testcase classname="tests.door" name="test_rings"><skipped message="no bell"/></testcase>
  <testcase classname="tests.door" name="test_paints [red]"/>
</testsuite></testsuites>
"""


@pytest.fixture
def context(tmp_path: Path) -> DirectiveContext:
    return DirectiveContext.alone(tmp_path / "run")


def run(context: DirectiveContext, xml: str | bytes, **parameters: str) -> list[dict[str, Any]]:
    path = context.artifactsdir / "tests.xml"
    path.write_bytes(xml if isinstance(xml, bytes) else xml.encode())
    value: list[dict[str, Any]] = Xunit({"file": str(path)} | parameters).run(context)
    return value


def test_one_result_says_how_many_passed_and_what_failed(context: DirectiveContext) -> None:
    results = run(context, MIXED)

    assert results == [{
        "item": "xchat-0.5-1.fc20", "type": "koji_build", "checkname": "scratch.alone", "outcome": "FAILED",
        "summary": "2 PASSED, 1 FAILED, 1 ERROR, 1 SKIPPED", "arch": "noarch", "artifact": "tests.xml",
        "details": {"output": "FAILED tests.door.test_closes: assert 1 == 2\nline 12\nassert 1 == 2\n"
                              "ERROR tests.door.test_locks: no key\nTraceback"}}]


def test_one_result_a_test_where_they_are_not_to_be_summed_up(context: DirectiveContext) -> None:
    results = run(context, MIXED, aggregation="none", checkname="scratch.alone.unit")

    assert [(each["checkname"].removeprefix("scratch.alone.unit."), each["outcome"], each["summary"])
            for each in results] == [
        ("tests.door.test_opens", "PASSED", "PASSED"), ("tests.door.test_closes", "FAILED", "assert 1 == 2"),
        ("tests.door.test_locks", "FAILED", "no key"), ("tests.door.test_rings", "INFO", "no bell"),
        ("tests.door.test_paints_[red]", "PASSED", "PASSED")]


def test_the_results_can_go_out_as_they_are(context: DirectiveContext) -> None:
    check = CheckInput("xchat-0.5-1.fc20", "koji_build", "-1000", "noarch", "scratch.alone")

    results = list(Verdicts(run(context, MIXED), check, TapLimits()))

    assert (results[0].outcome, results[0].testcase, results[0].artifact) == ("FAILED", "scratch.alone", "tests.xml")


@pytest.mark.parametrize(("cases", "outcome", "summary"), [
    ('<testcase name="a"/><testcase name="b"/>', "PASSED", "2 PASSED"),
    ('<testcase name="a"/><testcase name="b"><skipped/></testcase>', "PASSED", "1 PASSED, 1 SKIPPED"),
    ('<testcase name="b"><skipped/></testcase>', "INFO", "1 SKIPPED"),
    ('<testcase name="a" status="notrun"/>', "INFO", "1 SKIPPED"),
    ('<testcase name="a"><error/><failure/></testcase>', "FAILED", "1 ERROR"),
    ('<testsuite><testsuite><testcase name="a"/></testsuite></testsuite>', "PASSED", "1 PASSED"),
    ('<testcase name="a"><flakyFailure/><rerunFailure/></testcase>', "PASSED", "1 PASSED"),
])
def test_what_all_together_mean(context: DirectiveContext, cases: str, outcome: str, summary: str) -> None:
    [result] = run(context, f"<testsuite>{cases}</testsuite>")

    assert (result["outcome"], result["summary"]) == (outcome, summary)


@pytest.mark.parametrize(("place", "artifact"), [
    ("artifactsdir", "artifact-junit.xml"), ("workdir", None)])
def test_the_artifact_is_named_as_it_will_be_collected(context: DirectiveContext, place: str,
                                                       artifact: str | None) -> None:
    """`junit.xml` is a name of the runner's own."""
    path = getattr(context, place) / "junit.xml"
    path.write_text(MIXED)

    [result] = Xunit({"file": str(path)}).run(context)

    assert result.get("artifact") == artifact


def test_another_item_than_the_run_s(context: DirectiveContext) -> None:
    [result] = run(context, MIXED, item="FEDORA-2026-04459ef8cf", type="bodhi_update")

    assert (result["item"], result["type"]) == ("FEDORA-2026-04459ef8cf", "bodhi_update")


def test_an_item_that_is_none_is_named(context: DirectiveContext) -> None:
    with pytest.raises(DirectiveError, match="`item`: `../x` is not a Koji build"):
        run(context, MIXED, item="../x")


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"/></testsuite>'


@pytest.mark.parametrize(("xml", "words"), [
    ("", "is no XML"), ("no xml", "is no XML"), ("<testsuite>", "is no XML"), (b"\xff\xfe\x00", "is no XML"),
    ("<html/>", "is not JUnit XML: it begins with `html`"), ("<testsuite/>", "there is no test in it"),
    (BOMB, "declares a document type"), (OUTSIDE, "declares a document type"),
    ("<testsuite>" * 100_000, "more than 64 elements"),
    ("<testsuite>" + '<testcase name="a"/>' * 100_001 + "</testsuite>", "more than 100000 tests"),
    (b'<?xml version="1.0" encoding="idna"?><testsuite/>', "encoding"),
    (b'<?xml version="1.0" encoding="nothing"?><testsuite/>', "encoding|no XML"),
])
def test_what_is_no_junit_is_said(context: DirectiveContext, xml: str | bytes, words: str) -> None:
    with pytest.raises(DirectiveError, match=words) as caught:
        run(context, xml)

    assert caught.value.code == "bad-results"


def test_a_file_that_is_too_large_is_not_read_on(context: DirectiveContext) -> None:
    path = context.workdir / "large.xml"
    with open(path, "wb") as file:
        file.write(b"<testsuite>")
        file.truncate(70 * 1024 * 1024)

    with pytest.raises(DirectiveError, match="is larger than 64 MiB|is no XML"):
        Xunit({"file": "large.xml"}).run(context)


def test_many_tests_cost_little_memory(context: DirectiveContext) -> None:
    """In a process of its own: the peak of this one may be anything already."""
    with open(context.workdir / "many.xml", "w") as file:
        file.write("<testsuite>")
        for number in range(50_000):
            file.write(f'<testcase name="t{number}"><system-out>{"x" * 900}</system-out></testcase>')
        file.write("</testsuite>")
    code = ("import sys; from pathlib import Path; from runner.junit_file import read_junit; "
            "peak = lambda: int(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]); "
            "next(read_junit(open(sys.argv[1], 'rb'))); before = peak(); "
            "print(sum(1 for _ in read_junit(open(sys.argv[1], 'rb'))), peak() - before)")

    done = subprocess.run([sys.executable, "-c", code, context.workdir / "many.xml"], capture_output=True, text=True,
                          check=True)

    count, kibibytes = map(int, done.stdout.split())
    assert count == 50_000
    assert kibibytes < 8_000


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo, Path.mkdir,
                                  lambda path: None])
def test_what_is_no_plain_file_is_not_opened(context: DirectiveContext, make: Any) -> None:
    make(context.workdir / "junit.xml")

    with pytest.raises(DirectiveError, match="no plain file|is outside the workspace|is no XML"):
        Xunit({"file": "junit.xml"}).run(context)


def test_what_a_terminal_would_obey_does_not_come_through(context: DirectiveContext) -> None:
    case = '<testcase name="a\u009b31mred&#10;"><failure>\u009b2J gone</failure></testcase>'

    [result] = run(context, f"<testsuite>{case}</testsuite>")

    assert "\u009b" not in str(result)
