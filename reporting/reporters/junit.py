"""
Results as JUnit XML: one file a run, for Jenkins, GitLab and whoever else reads that.

Written for the schema of Jenkins' xUnit plugin (junit-10.xsd). FAILED and
NEEDS_INSPECTION are failures, ABORTED, ERROR and CRASHED errors; PASSED and INFO pass.
"""
from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

from checks.result import Result
from checks.tap.block import printable
from reporting.file_of_run import file_name, write_whole
from reporting.reporter import AwayError, Delivery, NumberedResult, ReportedRun, Secrets


def reporter(address: str, secrets: Secrets) -> JUnitReporter:
    """Return the reporter of `junit:FOLDER`."""
    return JUnitReporter(Path(address.partition(":")[2] or "."))


class JUnitReporter:
    """Writes `<folder>/<build id>.xml`; a second try writes the same file again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.destination = f"junit:{folder}"

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield every delivery after the file is written. Raises AwayError: it cannot be."""
        path = self.folder / f"{file_name(run)}.xml"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, document(run))
        except OSError as error:
            raise AwayError(f"{path}: cannot be written: {error.strerror}") from None
        yield from (Delivery(numbered.number, str(path)) for numbered in results)


def document(run: ReportedRun) -> bytes:
    """Return the XML of a run; one suite, one testcase a result."""
    outcomes = [result.outcome for result in run.results]
    errors = sum(not outcome.is_verdict for outcome in outcomes)
    failures = sum(not outcome.is_ok for outcome in outcomes) - errors
    counts = {"tests": str(len(outcomes)), "failures": str(failures), "errors": str(errors)}
    root = ET.Element("testsuites", {"name": "checkotron", **counts})
    suite = ET.SubElement(root, "testsuite", {
        "name": _clean(run.report.testcase), **counts, "skipped": "0", "id": run.build_id,
        "timestamp": run.finished.strftime("%Y-%m-%dT%H:%M:%S")})
    if run.log_url:
        suite.set("url", _clean(run.log_url))
    properties = ET.SubElement(suite, "properties")
    facts = {"item": run.report.item, "item_type": run.report.item_type, "arch": run.report.arch,
             "build_id": run.build_id, "execution_status": run.report.execution_status}
    for name, value in facts.items():
        ET.SubElement(properties, "property", {"name": name, "value": _clean(value)})
    for result in run.results:
        suite.append(_testcase(result))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _testcase(result: Result) -> ET.Element:
    arch = f" ({result.arch})" if result.arch else ""
    element = ET.Element("testcase", {"name": _clean(f"{result.item}{arch}"), "classname": _clean(result.testcase)})
    if not result.outcome.is_ok:
        kind = "failure" if result.outcome.is_verdict else "error"
        trouble = ET.SubElement(element, kind, {"type": str(result.outcome), "message": _clean(result.note)})
        trouble.text = _clean(result.output or "")
    said = [] if not result.outcome.is_ok else [f"{result.outcome}: {result.note}", result.output or ""]
    if result.log_url:
        said.append(f"log: {result.log_url}")
    if any(said):
        ET.SubElement(element, "system-out").text = _clean("\n".join(part for part in said if part))
    return element


def _clean(text: str) -> str:
    """Return the text without what XML 1.0 cannot hold; it is written out instead."""
    return printable(text).encode("utf-8", "backslashreplace").decode()
