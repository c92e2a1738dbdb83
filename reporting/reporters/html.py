"""Results as a page for people: one self-contained HTML file a run."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from checks.build_id import is_standalone
from checks.item import ITEM_TYPES
from checks.report_page import report_page
from reporting.file_of_run import file_name, write_whole
from reporting.reporter import AwayError, Delivery, NumberedResult, ReportedRun, Secrets


def reporter(address: str, secrets: Secrets) -> HtmlReporter:
    """Return the reporter of `html:FOLDER`."""
    return HtmlReporter(Path(address.partition(":")[2] or "."))


class HtmlReporter:
    """Writes `<folder>/<build id>.html`; a second try writes the same file again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.destination = f"html:{folder}"

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield every delivery after the file is written. Raises AwayError: it cannot be."""
        path = self.folder / f"{file_name(run)}.html"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, page(run).encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise AwayError(f"{path}: cannot be written: {error.strerror}") from None
        yield from (Delivery(numbered.number, str(path)) for numbered in results)


def page(run: ReportedRun) -> str:
    """Return the page of a run."""
    report = run.report
    kind = ITEM_TYPES.get(report.item_type)
    facts = {
        kind.wording if kind else report.item_type: report.item,
        "Check": report.testcase, "Architecture": report.arch, "Ended": _when(run),
        "Run": None if report.is_ok else f"{report.execution_status}: {report.status.splitlines()[0]}",
        "Build id": None if is_standalone(run.build_id) else run.build_id, "Files": run.log_url}
    return report_page(f"{report.testcase} for {report.item}", facts, run.results)


def _when(run: ReportedRun) -> str:
    """Return when the run ended and how long it took, in words; as the report has it where it is no time."""
    try:
        ended = datetime.fromisoformat(run.report.ended).astimezone(UTC)
    except ValueError:
        return run.report.ended
    took = "" if run.duration_seconds is None else f", after {run.duration_seconds:.1f} s"
    return f"{ended:%Y-%m-%d %H:%M:%S} UTC{took}"
