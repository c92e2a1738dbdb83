"""The results of a run as a JUnit XML file, as CI systems read it."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from checks.contracts import ExecutionReport
from checks.outcome import Outcome
from checks.result import Result

_FAILURES = frozenset({Outcome.FAILED, Outcome.NEEDS_INSPECTION})


def write_junit(path: Path, report: ExecutionReport, results: Iterable[Result], seconds: float) -> None:
    """Write one test suite: a test case a result, and an error where the run itself is NOT_OK."""
    cases = [_case(result) for result in results]
    failures = sum("<failure" in case for case in cases)
    errors = sum("<error" in case for case in cases)
    if not report.is_ok:
        errors += 1
        cases.append(f'  <testcase classname={_attribute(report.testcase)} name="the run itself">\n    <error '
                     f"type={_attribute(report.code)} message={_attribute(report.status)}/>\n  </testcase>\n")
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuite name={_attribute(report.testcase)} tests="{len(cases)}" failures="{failures}" errors="{errors}" '
        f'skipped="0" time="{seconds:.3f}" timestamp={_attribute(report.started.rstrip("Z"))}>\n'
        f"{''.join(cases)}</testsuite>\n", encoding="utf-8", errors="xmlcharrefreplace")


def _case(result: Result) -> str:
    name = f"{result.item} [{result.arch}]" if result.arch else result.item
    body = ""
    if result.outcome in _FAILURES or not result.outcome.is_verdict:
        tag = "failure" if result.outcome.is_verdict else "error"
        body = f"    <{tag} type={_attribute(result.outcome)} message={_attribute(result.note)}/>\n"
    if result.output:
        body += f"    <system-out>{_text(result.output)}</system-out>\n"
    return (f"  <testcase classname={_attribute(result.testcase)} name={_attribute(name)} "
            f"status={_attribute(result.outcome)}>\n{body}  </testcase>\n")


def _attribute(text: object) -> str:
    return quoteattr(_clean(str(text)), {"\n": "&#10;", "\t": "&#9;"})


def _text(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    """Replace what XML 1.0 does not allow at all."""
    return "".join(char if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd"
                   or char >= "\U00010000" else "\ufffd" for char in text)
