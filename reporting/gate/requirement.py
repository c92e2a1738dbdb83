"""What a rule answers about one subject, as Greenwave's decision API writes it, and the sentence that sums all up."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from reporting.gate.subject import Subject

PASSED = "test-result-passed"
FAILED = "test-result-failed"
MISSING = "test-result-missing"
ERRORED = "test-result-errored"
EXCLUDED = "excluded"
FETCHED = "fetched-gating-yaml"
INVALID = "invalid-gating-yaml"
ABSENT = "missing-gating-yaml"
UNFETCHED = "failed-fetch-gating-yaml"

_SATISFIED = frozenset({PASSED, EXCLUDED, FETCHED})
#: Waived, these leave the decision instead of becoming `…-waived`.
_GATING_FILE = frozenset({INVALID, ABSENT, UNFETCHED})


@dataclass(frozen=True, slots=True)
class Requirement:
    """One answer."""

    type: str
    subject: Subject
    testcase: str | None
    #: Everything else in the order of the API.
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    #: The waiver that makes up for it.
    waiver_id: Any = None
    #: The result it is about, for the sentence to a person; not part of the API's answer.
    result: Mapping[str, Any] | None = None

    @property
    def is_satisfied(self) -> bool:
        """True where it does not stand in the way."""
        return self.type in _SATISFIED or self.waiver_id is not None

    @property
    def vanishes_when_waived(self) -> bool:
        """True for what concerns the gating.yaml itself."""
        return self.type in _GATING_FILE

    @property
    def scenario(self) -> str | None:
        """The scenario that a waiver must name, or none."""
        return self.fields.get("scenario")

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of `satisfied_requirements` or `unsatisfied_requirements`."""
        if self.type == EXCLUDED:
            return {"type": EXCLUDED, "subject_identifier": self.subject.identifier, **self.fields}
        data = {"type": self.type, "testcase": self.testcase, "subject_type": self.subject.type,
                "subject_identifier": self.subject.identifier, **self.fields}
        if self.type in (FAILED, MISSING, ERRORED) and self.waiver_id is None:
            data["item"] = self.subject.to_dict()
        if self.waiver_id is not None:
            data |= {"type": f"{self.type}-waived", "waiver_id": self.waiver_id}
        return data


def summary_of(requirements: Sequence[Requirement]) -> str:
    """Return the one sentence of the decision API."""
    tests = [one for one in requirements if one.type != FETCHED]
    if not tests:
        return "no tests are required"
    open_ones = [one for one in tests if not one.is_satisfied]
    missing = sum(one.type == MISSING for one in open_ones)
    failed = len(open_ones) - missing
    if failed and missing:
        text = f"{failed} of {len(tests)} required tests failed, {missing} result{'s' * (missing > 1)} missing"
    elif failed:
        text = f"{failed} of {len(tests)} required tests failed"
    elif missing:
        text = f"{missing} of {len(tests)} required test results missing"
    else:
        text = "All required tests passed"
    errors = sum(one.type == ERRORED for one in open_ones)
    return f"{text} ({errors} error{'s' * (errors > 1)})" if errors else text
