"""tap: makes results of the TAP of other tools, such as bats and prove, that know nothing of items."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.item import Item
from checks.kind import Anything, Text
from checks.outcome import Outcome
from checks.record import Key, Record
from checks.tap import TapLimits, TapReader
from runner.aggregation import FAILED, KEYS, NONE, PASSED, SKIPPED, About, Case, aggregation, results_of
from runner.captured import Captured, CapturedError
from runner.directive import Directive, DirectiveContext, DirectiveError


class Tap(Directive):
    """Read TAP; what breaks off, bails out or cannot be read whole ends the action."""

    name = "tap"
    PARAMETERS = Record((
        Key("file", Text(), "A file with TAP, in the workspace.", example="${workdir}/tests.tap"),
        Key("text", Anything("TAP"), "TAP that an earlier action exported.", example="${tap}"),
        *KEYS,
        aggregation(NONE),
    ), one_of=(("file", "text"),))

    def run(self, context: DirectiveContext) -> list[dict[str, Any]]:
        """Return the results."""
        about = About.given(self.parameters, context.check)
        file = self.parameters["file"]
        source = Captured(context.inside(file)) if file is not None else self.parameters["text"]
        what = f"`file` `{file}`" if file is not None else "`text`"
        try:
            if isinstance(source, Captured):
                with source.open() as opened:
                    return results_of(_cases(opened, about, context), about, self.parameters["aggregation"])
            if not isinstance(source, (str, bytes)):
                raise DirectiveError("is no text; expected TAP")
            return results_of(_cases(source, about, context), about, self.parameters["aggregation"])
        except CapturedError as error:
            raise DirectiveError(f"{what}: {error}", "bad-results") from None
        except DirectiveError as error:
            raise DirectiveError(f"{what}: {error}", "bad-results") from None


def _cases(source: Any, about: About, context: DirectiveContext) -> Iterator[Case]:
    reader = TapReader(source, testcase=about.checkname, item=Item(about.item, about.item_type), arch=about.arch,
                       limits=TapLimits(results=100_000))
    for number, result in enumerate(reader, 1):
        words = {Outcome.PASSED: PASSED, Outcome.INFO: SKIPPED}
        part = result.testcase.removeprefix(about.checkname).strip(".")
        said = "" if result.outcome is Outcome.INFO else result.summary
        yield Case(part or said or f"test-{number}", words.get(result.outcome, FAILED), result.summary or "",
                   result.output or "")
    reading = reader.reading(())
    for fault in reading.faults:
        context.note("tap_faults", str(fault))
    if reading.bail_out is not None:
        raise DirectiveError(f"bailed out: {reading.bail_out or 'no reason given'}")
    lost = [fault for fault in reading.faults if not fault.is_warning]
    if lost:
        raise DirectiveError(f"cannot be read whole: {lost[0]}" + (f" (and {len(lost) - 1} more)" if lost[1:] else ""))
