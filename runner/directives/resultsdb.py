"""resultsdb: says which results go out. Posting is reporting's work, so that a check never sees credentials."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checks.kind import Anything, Text
from checks.quantity import show_bytes
from checks.record import Key, Record
from checks.result import Result
from checks.tap import TapLimits
from runner.captured import Captured
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.verdicts import VerdictError, Verdicts, tell_faults


class Resultsdb(Directive):
    """Take results from a variable or a file into `results.tap`."""

    name = "resultsdb"
    PARAMETERS = Record((
        Key("results", Anything("TAP, or a list of results"), "TAP text or a list of results, mostly a variable.",
            example="${tap}"),
        Key("file", Text(), "A file with the same, in the workspace.", example="${workdir}/results.tap"),
    ), one_of=(("results", "file"),))

    @classmethod
    def from_short_form(cls, parameters: Any) -> Any:
        """A variable that holds nothing is an empty text: the check said nothing, the file is not wrong."""
        if isinstance(parameters, Mapping) and "results" in parameters and parameters["results"] is None:
            return {**parameters, "results": ""}
        return parameters

    def run(self, context: DirectiveContext) -> list[Result]:
        """Send the results out; return the first thousand of them."""
        source = self.parameters["results"]
        if self.parameters["file"] is not None:
            source = context.inside(self.parameters["file"])
        verdicts = Verdicts(source, context.check, TapLimits())
        kept: list[Result] = []

        def remembered() -> Iterator[Result]:
            for result in verdicts:
                if len(kept) < 1000:
                    kept.append(result)
                yield result

        try:
            context.send(remembered())
        except VerdictError as error:
            what = "file" if self.parameters["file"] is not None else "results"
            raise DirectiveError(f"`{what}` {error}", "bad-results") from None
        if isinstance(source, Captured) and source.dropped_bytes:
            raise DirectiveError(f"its results are not whole: {show_bytes(source.dropped_bytes)} of its output were "
                                 "more than is taken", "limit-reached")
        tell_faults(verdicts, context.note)
        return kept
