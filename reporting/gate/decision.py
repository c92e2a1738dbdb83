"""
One decision: every policy that concerns a subject, every rule of it, then the waivers.

Of the results of a testcase only the newest counts for each scenario,
architecture and variant; PASSED and INFO pass, QUEUED and RUNNING are missing
still, ERROR is an error, everything else has failed.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from reporting.gate import requirement as requirements
from reporting.gate.policy import PassingTestCaseRule, Policy, PolicyError, RemoteRule, Rule, load_policies
from reporting.gate.requirement import Requirement, summary_of
from reporting.gate.subject import Subject

#: Keys of a result that tell one run of a testcase from another.
DISTINCT = ("scenario", "system_architecture", "system_variant")
_PASSING = frozenset({"PASSED", "INFO"})
_INCOMPLETE = frozenset({"QUEUED", "RUNNING"})


class NoPolicyError(Exception):
    """Raised when no policy says anything about the question; most often a word is misspelt."""


class Results(Protocol):
    """Where results come from."""

    def latest(self, params: Sequence[tuple[str, str]]) -> list[Mapping[str, Any]]:
        """Return the answer of `/results/latest`, newest first."""
        ...


class Waivers(Protocol):
    """Where waivers come from."""

    def matching(self, filters: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the waivers that one of the filters fits, newest first, withdrawn ones among them."""
        ...


class RemoteFiles(Protocol):
    """Where packages' own policies come from."""

    def fetch(self, subject: Subject, sources: Sequence[str]) -> Fetched:
        """Return the first file that is there, at `sources` or else where packages keep theirs. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A package's own policies, or why there are none."""

    #: Addresses in the order they were tried; the last one is that of `text`.
    tried: tuple[str, ...] = ()
    #: None where there is no such file.
    text: str | None = None
    #: What kept us from knowing whether there is one.
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    decision_context: str
    product_version: str
    subjects: tuple[Subject, ...]
    #: Decide as it was at that time; text as the results database writes it.
    when: str | None = None
    #: When the items were made; rules may be valid from or until a time.
    made_at: datetime | None = None
    verbose: bool = False
    ignore_results: tuple[int, ...] = ()
    ignore_waivers: tuple[int, ...] = ()


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

    def decide(self, question: Question) -> Decision:
        """
        Return the decision.

        Raises NoPolicyError: no policy concerns a subject of a kind that needs
        one; AwayError, RefusedError: results or waivers cannot be had.
        """
        inquiry = _Inquiry(self, question)
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
            filters = [{**one, "since": _until(question.when)} for one in filters]
        found = [waiver for waiver in (self.waivers.matching(filters) if filters else [])
                 if waiver.get("waived") and waiver.get("id") not in question.ignore_waivers]
        waived = [(one, None if one.is_satisfied else _waiver_for(one, found)) for one in answers]
        return [one if waiver is None else replace(one, waiver_id=waiver["id"])
                for one, waiver in waived if waiver is None or not one.vanishes_when_waived], found


@dataclass(slots=True)
class _Inquiry:
    """One question on its way through the policies."""

    gate: Gate
    question: Question
    requirements: list[Requirement] = field(default_factory=list)
    applicable: list[Policy] = field(default_factory=list)
    verbose_results: list[Mapping[str, Any]] = field(default_factory=list)
    #: A rule that stands in several policies counts once a subject.
    _asked: list[Rule] = field(default_factory=list)

    def ask_about(self, subject: Subject) -> None:
        question = self.question
        applicable = [policy for policy in self.gate.policies if subject.kind.matches(policy.subject_type)
                      and policy.concerns(question.decision_context, question.product_version)]
        if not applicable:
            if subject.kind.ignore_missing_policy:
                return
            raise NoPolicyError(
                f"Cannot find any applicable policies for {subject.type} subjects at gating point "
                f"{question.decision_context} in {question.product_version}")
        if question.verbose:
            self.verbose_results.extend(self._latest(subject, None))
        self._asked.clear()
        for policy in applicable:
            self.requirements.extend(self._policy(policy, subject))
        self.applicable.extend(applicable)

    def _policy(self, policy: Policy, subject: Subject) -> list[Requirement]:
        if policy.excludes(subject.package):
            return [Requirement(requirements.EXCLUDED, subject, None, {"policy": policy.id, "source": policy.source})]
        if policy.leaves_out(subject.package):
            return []
        answers: list[Requirement] = []
        for rule in policy.rules:
            if rule in self._asked:
                continue
            self._asked.append(rule)
            answers += (self._remote(rule, policy, subject) if isinstance(rule, RemoteRule)
                        else self._testcase(rule, policy, subject))
        return answers

    def _testcase(self, rule: PassingTestCaseRule, policy: Policy, subject: Subject) -> list[Requirement]:
        if not rule.is_valid_at(self.question.made_at or datetime.now(UTC)):
            return []
        found = self._latest(subject, rule.test_case_name)
        if rule.scenario is not None:
            found = [result for result in found if rule.scenario in _values(result, "scenario")]
        if not found:
            return [Requirement(requirements.MISSING, subject, rule.test_case_name,
                                {"scenario": rule.scenario, "source": policy.source})]
        return [_answer(result, rule, policy, subject) for result in found]

    def _remote(self, rule: RemoteRule, policy: Policy, subject: Subject) -> list[Requirement]:
        if not subject.kind.supports_remote_rule:
            return []
        fetched = self.gate.remote.fetch(subject, rule.sources)
        sources = {"scenario": None, "sources": list(fetched.tried)}
        if fetched.trouble is not None:
            return [Requirement(requirements.UNFETCHED, subject, requirements.UNFETCHED,
                                {**sources, "error": fetched.trouble})]
        if fetched.text is None:
            return [Requirement(requirements.ABSENT, subject, requirements.ABSENT, sources)] if rule.required else []
        where = fetched.tried[-1]
        answers = [Requirement(requirements.FETCHED, subject, requirements.FETCHED, {"source": where})]
        try:
            own = load_policies(fetched.text, where, is_remote=True, source=where)
        except PolicyError as error:
            details = "\n".join(error.faults)
            return [*answers, Requirement(requirements.INVALID, subject, requirements.INVALID,
                                          {"scenario": None, "source": where, "details": details})]
        for one in own:
            # an on-demand policy has no gate of its own, so that all of the package's rules count
            context = one.decision_contexts[0] if policy.is_on_demand else self.question.decision_context
            if subject.kind.matches(one.subject_type) and one.concerns(context, self.question.product_version):
                answers += self._policy(one, subject)
        return answers

    def _latest(self, subject: Subject, testcase: str | None) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for query in subject.queries():
            params = [*query.items(), ("_distinct_on", ",".join(DISTINCT))]
            if self.question.when:
                params.append(("since", _until(self.question.when)))
            if testcase:
                params.append(("testcases", testcase))
            found += self.gate.results.latest(params)
        return [result for result in found if result.get("id") not in self.question.ignore_results]


def _answer(result: Mapping[str, Any], rule: PassingTestCaseRule, policy: Policy, subject: Subject) -> Requirement:
    outcome = result.get("outcome")
    fields: dict[str, Any] = {"source": policy.source, "result_id": result.get("id")}
    if outcome in _PASSING:
        kind = requirements.PASSED
    elif outcome in _INCOMPLETE:
        kind = requirements.MISSING
    elif outcome == "ERROR":
        kind = requirements.ERRORED
        fields["error_reason"] = result.get("error_reason") or next(iter(_values(result, "error_reason")), None)
    else:
        kind = requirements.FAILED
    fields |= {key: next(iter(_values(result, key)), None) for key in DISTINCT}
    return Requirement(kind, subject, rule.test_case_name, fields, result=result)


def _values(result: Mapping[str, Any], key: str) -> Sequence[str]:
    data = result.get("data")
    found = data.get(key) if isinstance(data, Mapping) else None
    if found is None:
        return ()
    return [found] if isinstance(found, str) else found


def _waiver_for(one: Requirement, waivers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    for waiver in waivers:
        if (one.subject.kind.matches(str(waiver.get("subject_type")))
                and waiver.get("subject_identifier") == one.subject.identifier
                and waiver.get("testcase") == one.testcase
                and (not waiver.get("scenario") or waiver["scenario"] == one.scenario)):
            return waiver
    return None


def _until(when: str) -> str:
    """Return the range of a results database or WaiverDB that ends there."""
    return f"1900-01-01T00:00:00.000000,{when}"
