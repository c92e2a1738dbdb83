"""
One decision: every policy that concerns a subject, every rule of it, then the waivers.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reporting.gate.inquiry import Inquiry, until
from reporting.gate.policy import Policy
from reporting.gate.question import Builds, Question, RemoteFiles, Results, Waivers
from reporting.gate.requirement import Requirement, summary_of


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer."""

    question: Question
    requirements: tuple[Requirement, ...]
    applicable_policies: tuple[str | None, ...]
    results: tuple[Mapping[str, Any], ...] = ()
    waivers: tuple[Mapping[str, Any], ...] = ()
    is_on_demand: bool = False

    @property
    def is_satisfied(self) -> bool:
        """True where nothing stands in the way."""
        return all(one.is_satisfied for one in self.requirements)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON of Greenwave's decision API."""
        data: dict[str, Any] = {
            "policies_satisfied": self.is_satisfied,
            "summary": summary_of(self.requirements),
            "satisfied_requirements": [one.to_dict() for one in self.requirements if one.is_satisfied],
            "unsatisfied_requirements": [one.to_dict() for one in self.requirements if not one.is_satisfied],
        }
        if not self.is_on_demand:
            data["applicable_policies"] = list(self.applicable_policies)
        if self.question.verbose:
            data["results"] = list({result["id"]: result for result in self.results}.values())
            data["waivers"] = list({waiver["id"]: waiver for waiver in self.waivers}.values())
        return data


@dataclass(slots=True)
class Gate:
    """Decides. Keeps nothing from one decision to the next."""

    policies: Sequence[Policy]
    results: Results
    waivers: Waivers
    remote: RemoteFiles
    #: None: Koji is not asked; items count as made at `Question.made_at`, or now.
    builds: Builds | None = None

    def decide(self, question: Question) -> Decision:
        """
        Return the decision.

        Raises NoPolicyError: no policy concerns a subject of a kind that needs
        one; NoBuildError: Koji does not know a build whose age a rule asks for;
        AwayError, RefusedError: results, waivers or builds cannot be had.
        """
        inquiry = Inquiry(question, self.policies, self.results, self.remote, self.builds)
        for subject in question.subjects:
            inquiry.ask_about(subject)
        answers, waivers = self._waived(question, inquiry.requirements)
        return Decision(question, tuple(answers), tuple(policy.id for policy in inquiry.applicable),
                        tuple(inquiry.verbose_results), tuple(waivers),
                        is_on_demand=any(policy.is_on_demand for policy in self.policies))

    def _waived(self, question: Question, answers: list[Requirement]
                ) -> tuple[list[Requirement], list[Mapping[str, Any]]]:
        filters: list[dict[str, Any]] = []
        for subject in question.subjects if question.verbose else ():
            filters.append({"subject_type": subject.type, "subject_identifier": subject.identifier,
                            "product_version": question.product_version})
        for one in answers if not question.verbose else ():
            if not one.is_satisfied:
                filters.append({
                    "subject_type": one.subject.type, "subject_identifier": one.subject.identifier,
                    "product_version": question.product_version, "testcase": one.testcase, "scenario": one.scenario})
        if question.when:
            filters = [{**one, "since": until(question.when)} for one in filters]
        found = [waiver for waiver in (self.waivers.matching(filters) if filters else [])
                 if waiver.get("waived") and waiver.get("id") not in question.ignore_waivers]
        waived = [(one, None if one.is_satisfied else _waiver_for(one, found)) for one in answers]
        return [one if waiver is None else replace(one, waiver_id=waiver["id"])
                for one, waiver in waived if waiver is None or not one.vanishes_when_waived], found


def _waiver_for(one: Requirement, waivers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    for waiver in waivers:
        if (one.subject.kind.matches(str(waiver.get("subject_type")))
                and waiver.get("subject_identifier") == one.subject.identifier
                and waiver.get("testcase") == one.testcase
                and (not waiver.get("scenario") or waiver["scenario"] == one.scenario)):
            return waiver
    return None
