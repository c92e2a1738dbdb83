"""create_report: writes the results as one HTML file among the artifacts."""
from __future__ import annotations

from html import escape
from pathlib import Path

from checks.item import shown
from checks.kind import Anything, Text
from checks.record import Key, Record
from checks.result import Result
from checks.tap import TapLimits
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.verdicts import VerdictError, Verdicts

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { border-bottom: 1px solid #8888; padding: .4rem; }
th, td { text-align: left; vertical-align: top; } pre { overflow: auto; white-space: pre-wrap; }
.PASSED { color: #17692c; } .INFO { color: #0b5394; } .FAILED, .CRASHED { color: #a31515; }
.NEEDS_INSPECTION, .ABORTED { color: #7a4d00; }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #e8e8e8; } .PASSED { color: #7bd88f; }
.INFO { color: #8ec5ff; } .FAILED, .CRASHED { color: #ff9a9a; } .NEEDS_INSPECTION, .ABORTED { color: #ffcf7a; } }
"""


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
        target.parent.mkdir(parents=True, exist_ok=True)
        write_page(target, context.check.testcase, results)
        return str(target)


def write_page(target: Path, testcase: str, results: list[Result]) -> None:
    """Write the page. Everything a check said is escaped."""
    rows = "".join(_row(number, result) for number, result in enumerate(results, 1))
    details = "".join(f'<h2 id="r{number}">{escape(shown(result.sentence, 200))}</h2><pre>{escape(result.output)}</pre>'
                      for number, result in enumerate(results, 1) if result.output)
    title = f"{escape(testcase)}: {len(results)} result{'' if len(results) == 1 else 's'}"
    target.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style><h1>{title}</h1>'
        f"<table><tr><th>Outcome<th>Item<th>Arch<th>Summary</tr>{rows}</table>{details}</html>\n",
        encoding="utf-8", errors="backslashreplace")


def _row(number: int, result: Result) -> str:
    item = escape(shown(result.item, 200))
    item = f'<a href="#r{number}">{item}</a>' if result.output else item
    return (f'<tr><td class="{result.outcome}">{result.outcome}<td>{item}<td>{escape(result.arch or "")}'
            f"<td>{escape(shown(result.note, 500))}</tr>")
