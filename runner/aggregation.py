"""Many small verdicts of a test tool as results: one for all of them, or one each."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from checks.contracts import CheckInput
from checks.item import ItemError, parse_item, shown
from checks.kind import Choice, Text
from checks.outcome import Outcome
from checks.record import Key
from runner.directive import DirectiveError

ALLPASS, NONE = "allpass", "none"
#: The words of a summary, as Taskotron's: `3 PASSED, 1 FAILED`.
PASSED, FAILED, ERROR, SKIPPED = "PASSED", "FAILED", "ERROR", "SKIPPED"
_OUTCOMES = {PASSED: Outcome.PASSED, FAILED: Outcome.FAILED, ERROR: Outcome.FAILED, SKIPPED: Outcome.INFO}
#: Characters of what failing tests said, in the result for all of them; and of one test's.
OUTPUT_LIMIT = 60_000
_NAME_LIMIT = 200

#: What both directives that make results of others' output take.
KEYS = (
    Key("item", Text(), "The item; the run's own without it.", example="${item}"),
    Key("type", Text(), "The item's type; the run's own without it.", example="${item_type}"),
    Key("checkname", Text("a check's name", r"[A-Za-z0-9_.+-]{1,128}"), "The name that results go out under; it begins "
        "with the check's own.", example="${checkname}.unit"),
)


def aggregation(default: str) -> Key:
    """Return the key that says how many results come out."""
    return Key("aggregation", Choice((ALLPASS, NONE)), "`allpass` is one result, PASSED where every test is; `none` is "
               "one result a test, its name behind the check's.", default=default, example=NONE)


@dataclass(frozen=True, slots=True)
class Case:
    """What one test said."""

    name: str
    #: PASSED, FAILED, ERROR or SKIPPED.
    word: str
    #: One line.
    summary: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What the results are about."""

    item: str
    item_type: str
    checkname: str
    arch: str
    artifact: str | None = None

    @classmethod
    def given(cls, parameters: Any, check: CheckInput, artifact: str | None = None) -> About:
        """Return what the parameters say, else what the run is about. Raises DirectiveError: no such item."""
        try:
            item = parse_item(parameters["item"] or check.item, parameters["type"] or check.item_type)
        except ItemError as error:
            raise DirectiveError(f"`item`: {error}", "wrong-check") from None
        return cls(item.item, item.item_type, parameters["checkname"] or check.testcase, check.arch, artifact)

    def result(self, outcome: Outcome, summary: str, output: str, name: str = "") -> dict[str, Any]:
        """Return one result with the keys of a TAP block."""
        checkname = f"{self.checkname}.{name}" if name else self.checkname
        data: dict[str, Any] = {"item": self.item, "type": self.item_type, "checkname": checkname,
                                "outcome": str(outcome), "summary": summary, "arch": self.arch}
        if output:
            data["details"] = {"output": output[:OUTPUT_LIMIT]}
        if self.artifact:
            data["artifact"] = self.artifact
        return data


def results_of(cases: Iterable[Case], about: About, how: str) -> list[dict[str, Any]]:
    """Return the results. Raises DirectiveError: there is no test at all."""
    given = list(cases)
    if not given:
        raise DirectiveError("there is no test in it", "bad-results")
    if how == NONE:
        return [about.result(_OUTCOMES[case.word], case.summary or case.word, case.output, _name(case.name))
                for case in given]
    counts = Counter(case.word for case in given)
    summary = ", ".join(f"{counts[word]} {word}" for word in _OUTCOMES if counts[word])
    outcome = Outcome.PASSED if counts[PASSED] else Outcome.INFO
    if counts[FAILED] or counts[ERROR]:
        outcome = Outcome.FAILED
    return [about.result(outcome, summary, _said(given))]


def _said(cases: list[Case]) -> str:
    """Return what the failing tests said, the first ones where it is too much."""
    parts: list[str] = []
    left = OUTPUT_LIMIT - 100
    failing = [case for case in cases if case.word in (FAILED, ERROR)]
    for number, case in enumerate(failing):
        part = "\n".join(filter(None, (f"{case.word} {case.name}: {case.summary}".rstrip(": "), case.output)))
        if len(part) > left:
            parts.append(f"... {len(failing) - number} more")
            break
        parts.append(part)
        left -= len(part) + 1
    return "\n".join(parts)


def _name(text: str) -> str:
    """Return the name as a part of a test case's: no blanks, nothing that a terminal would obey."""
    return re.sub(r"\s+", "_", shown(text, _NAME_LIMIT)).strip("._") or "unnamed"
