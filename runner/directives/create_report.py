"""create_report: writes the results as one HTML file among the artifacts."""
from __future__ import annotations

from pathlib import Path

from checks.kind import Anything, Text
from checks.record import Key, Record
from checks.report_page import report_page
from checks.result import Result
from checks.tap import TapLimits
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.verdicts import VerdictError, Verdicts


class CreateReport(Directive):
    """Write one self-contained page: a table of the results, and what the check said about each."""

    name = "create_report"
    PARAMETERS = Record((
        Key("results", Anything("TAP, or a list of results"), "The results.", example="${tap}"),
        Key("file", Text(), "A file with the results, in the workspace.", example="${workdir}/results.tap"),
        Key("artifactsdir", Text(), "The folder to write into; `${artifactsdir}` without it.",
            example="${artifactsdir}"),
        Key("path", Text(), "The file in that folder.", default="report.html", example="report.html"),
    ), one_of=(("results", "file"),))

    def run(self, context: DirectiveContext) -> str:
        """Return the path of the page."""
        folder = context.inside(self.parameters["artifactsdir"]) if self.parameters["artifactsdir"] \
            else context.artifactsdir
        target = context.inside(str(folder / self.parameters["path"]))
        source = self.parameters["results"]
        if self.parameters["file"] is not None:
            source = context.inside(self.parameters["file"])
        try:
            results = list(Verdicts(source, context.check, TapLimits(results=10_000)))
        except VerdictError as error:
            raise DirectiveError(f"the results {error}", "bad-results") from None
        context.folder(str(target.parent))
        try:
            # a pipe that the check left there would wait for a reader for ever
            target.unlink(missing_ok=True)
        except (IsADirectoryError, PermissionError):
            raise DirectiveError(f"`path` `{self.parameters['path']}` is a folder") from None
        write_page(target, context.check.testcase, results)
        return str(target)


def write_page(target: Path, testcase: str, results: list[Result]) -> None:
    """Write the page, the same that reporting makes of a run. Everything a check said is escaped."""
    title = f"{testcase}: {len(results)} result{'' if len(results) == 1 else 's'}"
    target.write_text(report_page(title, {}, results), encoding="utf-8", errors="backslashreplace")
