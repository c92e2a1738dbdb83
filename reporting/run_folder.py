"""
The folder of a finished run, read: `results.tap` and `execution.json` become a ReportedRun.

Every job ends in at least one result. Where the run broke and no result of the
check says that something is wrong, one is made: ABORTED where somebody stopped
it, ERROR where it never began (its file is wrong, no worker for it), CRASHED
else, so that a crash is never taken for a pass.
"""
from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from checks.contracts import OK, ExecutionReport, FinishedRun
from checks.item import Item, ItemError, parse_item
from checks.outcome import Outcome
from checks.result import Result
from checks.tap import TapReading, read_tap
from reporting.namespaces import DEFAULT_NAMESPACES, Namespaces
from reporting.reporter import ReportedRun
from reporting.urls import log_url_of

logger = logging.getLogger(__name__)

#: Bytes. An execution report is a few kB.
_REPORT_LIMIT = 8 * 1024 * 1024
#: Codes of runs that somebody or something stopped, so that it says nothing about the check.
_STOPPED = frozenset({"aborted", "interrupted", "terminated", "cancelled"})
#: Codes of runs that never began.
_NEVER_BEGAN = frozenset({"wrong-check", "no-worker", "refused"})


class RunFolderError(Exception):
    """Raised when a folder holds no run that can be reported; the text says what is missing."""


def read_run(finished: FinishedRun, *, at: datetime | None = None,
             namespaces: Namespaces = DEFAULT_NAMESPACES) -> ReportedRun:
    """
    Return the run in a folder, with a log URL in every result.

    Raises RunFolderError: no such folder, or no readable execution report in it.
    """
    folder = Path(finished.folder)
    report = _execution_report(folder, finished)
    reading = _reading(folder / "results.tap", report)
    for fault in reading.faults:
        logger.warning("a line of results.tap was not read as it stands",
                       extra={"build_id": finished.build_id, "fault": str(fault)})
    results = [namespaces.enforced(result, report) for result in reading.results]
    results.extend(_made_up(results, reading, report))
    return ReportedRun(
        build_id=finished.build_id, report=report, finished=at or datetime.now(UTC), folder=folder,
        log_url=finished.log_url,
        results=tuple(result.with_changes(log_url=log_url_of(result, finished.log_url, folder)) for result in results))


def _execution_report(folder: Path, finished: FinishedRun) -> ExecutionReport:
    path = folder / "execution.json"
    try:
        if path.exists() and not path.is_file():
            raise RunFolderError(f"{path}: is no plain file; expected an execution report")
        if path.stat().st_size > _REPORT_LIMIT:
            raise RunFolderError(f"{path}: larger than {_REPORT_LIMIT} bytes; this is no execution report")
        report = ExecutionReport.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise RunFolderError(
            f"{folder}: no `execution.json`; expected the artifacts folder of a finished run") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunFolderError(f"{path}: cannot be read: {error}") from None
    if report.build_id != finished.build_id:
        raise RunFolderError(f"{path}: is of build id `{report.build_id}`, not of `{finished.build_id}`")
    return replace(report, testcase=_full_name(report))


def _full_name(report: ExecutionReport) -> str:
    """Return the testcase. A run that never began knows its check by the plain name only; the library has the rest."""
    if report.testcase != report.check or "/" in report.check or "." in report.check:
        return report.testcase
    from checks.catalogue import UnknownCheckError, find_check, library_folder
    from checks.description import CheckFileError

    try:
        return find_check(report.check, [library_folder()]).testcase
    except (UnknownCheckError, CheckFileError):
        return report.testcase


def _reading(path: Path, report: ExecutionReport) -> TapReading:
    about: Item | None = None
    try:
        about = parse_item(report.item, report.item_type)
    except ItemError:
        logger.warning("the item of a run is not usable", extra={"build_id": report.build_id, "item": report.item})
    arch = None if report.arch == "noarch" else report.arch
    try:
        with path.open("rb") as file:
            return read_tap(file, testcase=report.testcase, item=about, arch=arch)
    except OSError as error:
        logger.warning("results.tap cannot be opened", extra={"build_id": report.build_id, "why": str(error)})
        return read_tap("TAP version 13\n1..0\n", testcase=report.testcase)


def _made_up(results: list[Result], reading: TapReading, report: ExecutionReport) -> Iterable[Result]:
    """Yield the result that a run gets although its check gave none."""
    # as the runner's own, `noarch` too: a later result of the same check and arch takes the place of this one
    plain = Result(report.item, report.item_type, Outcome.INFO, report.testcase, arch=report.arch or None)
    if report.execution_status != OK:
        if all(result.outcome.is_ok for result in results):
            yield plain.with_changes(outcome=_broken(report.code), summary=_line(report.status), output=report.status,
                                     extra={"execution_status": (report.execution_status,), "code": (report.code,)})
        return
    if reading.errors or reading.bail_out is not None:
        if all(result.outcome.is_ok for result in results):
            why = (f"bailed out: {reading.bail_out or 'no reason given'}" if reading.bail_out is not None
                   else f"results.tap, {reading.errors[0]}")
            yield plain.with_changes(outcome=Outcome.NEEDS_INSPECTION, summary=_line(why),
                                     output="\n".join(map(str, reading.faults)) or None)
    elif not results and reading.skipped is not None:
        yield plain.with_changes(summary=_line(f"skipped: {reading.skipped or 'no reason given'}"))


def _broken(code: str) -> Outcome:
    if code in _STOPPED:
        return Outcome.ABORTED
    return Outcome.ERROR if code in _NEVER_BEGAN else Outcome.CRASHED


def _line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:256] if lines else "no reason given"
