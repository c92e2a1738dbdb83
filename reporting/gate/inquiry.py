"""
One question on its way through the policies: which concern a subject, and what each of their rules answers.

Of the results of a testcase only the newest counts for each scenario,
architecture and variant; PASSED and INFO pass, QUEUED and RUNNING are missing
still, ERROR is an error, everything else has failed.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reporting.gate import requirement as requirements
from reporting.gate.policy import PassingTestCaseRule, Policy, PolicyError, RemoteRule, Rule, load_policies
from reporting.gate.question import Builds, Fetched, NoBuildError, NoPolicyError, Question, RemoteFiles, Results
from reporting.gate.requirement import Requirement
from reporting.gate.subject import Subject

#: Keys of a result that tell one run of a testcase from another.
DISTINCT = ("scenario", "system_architecture", "system_variant")
_PASSING = frozenset({"PASSED", "INFO"})
_INCOMPLETE = frozenset({"QUEUED", "RUNNING"})


@dataclass(slots=True)
class Inquiry:
    """One question on its way. What it was answered so far stands in its lists."""

    question: Question
    policies: Sequence[Policy]
    results: Results
    remote: RemoteFiles
    builds: Builds | None
    requirements: list[Requirement] = field(default_factory=list)
    applicable: list[Policy] = field(default_factory=list)
    verbose_results: list[Mapping[str, Any]] = field(default_factory=list)
    #: A rule that stands in several policies counts once a subject.
    _asked: list[Rule] = field(default_factory=list)
    #: Packages' own policies are fetched once.
    _fetched: dict[tuple[str, tuple[str, ...]], Fetched] = field(default_factory=dict)

    def ask_about(self, subject: Subject) -> None:
        """Put the question about one subject to every policy. Raises NoPolicyError, NoBuildError, DeliveryError."""
        question = self.question
        applicable = [policy for policy in self.policies if subject.kind.matches(policy.subject_type)
                      and policy.concerns(question.decision_context, question.product_version)
                      and self._has_a_rule_for(policy, subject)]
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

    def _has_a_rule_for(self, policy: Policy, subject: Subject) -> bool:
        """A policy of remote rules alone is none where the package's own file is silent about the question."""
        return not policy.rules or any(
            not isinstance(rule, RemoteRule) or self._remote_says_something(rule, policy, subject)
            for rule in policy.rules)

    def _remote_says_something(self, rule: RemoteRule, policy: Policy, subject: Subject) -> bool:
        own, answers = self._own_policies(rule, policy, subject)
        return bool(own) or not answers or any(not answer.is_satisfied for answer in answers)

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
        if (rule.valid_since or rule.valid_until) and not rule.is_valid_at(self._made_at(subject)):
            return []
        found = self._latest(subject, rule.test_case_name)
        if rule.scenario is not None:
            found = [result for result in found if rule.scenario in _values(result, "scenario")]
        if not found:
            return [Requirement(requirements.MISSING, subject, rule.test_case_name,
                                {"scenario": rule.scenario, "source": policy.source})]
        return [_answer(result, rule, policy, subject) for result in found]

    def _made_at(self, subject: Subject) -> datetime:
        """Return the build time from Koji if there is one, else the present."""
        if self.question.made_at is not None:
            return self.question.made_at
        build = self.builds.build(subject.identifier) if self.builds and subject.kind.is_nvr else None
        if build is None and self.builds and subject.kind.is_nvr:
            raise NoBuildError(f"Failed to find Koji build for {subject.identifier!r}")
        return (build.created if build else None) or datetime.now(UTC)

    def _remote(self, rule: RemoteRule, policy: Policy, subject: Subject) -> list[Requirement]:
        own, answers = self._own_policies(rule, policy, subject)
        return answers + [answer for one in own for answer in self._policy(one, subject)]

    def _own_policies(self, rule: RemoteRule, policy: Policy, subject: Subject
                      ) -> tuple[list[Policy], list[Requirement]]:
        """Return those of the package's own policies that concern the question, and what fetching them answers."""
        if not subject.kind.supports_remote_rule:
            return [], []
        fetched = self._fetch(rule, subject)
        sources = {"scenario": None, "sources": list(fetched.tried)}
        if fetched.trouble is not None:
            return [], [Requirement(requirements.UNFETCHED, subject, requirements.UNFETCHED,
                                    {**sources, "error": fetched.trouble})]
        if fetched.text is None:
            absent = Requirement(requirements.ABSENT, subject, requirements.ABSENT, sources)
            return [], [absent] if rule.required else []
        where = fetched.tried[-1]
        answers = [Requirement(requirements.FETCHED, subject, requirements.FETCHED, {"source": where})]
        try:
            own = load_policies(fetched.text, where, is_remote=True, source=where)
        except PolicyError as error:
            details = "\n".join(error.faults)
            return [], [*answers, Requirement(requirements.INVALID, subject, requirements.INVALID,
                                              {"scenario": None, "source": where, "details": details})]
        return [one for one in own if subject.kind.matches(one.subject_type) and one.concerns(
            # an on-demand policy has no gate of its own, so that all of the package's rules count
            one.decision_contexts[0] if policy.is_on_demand else self.question.decision_context,
            self.question.product_version)], answers

    def _fetch(self, rule: RemoteRule, subject: Subject) -> Fetched:
        key = (subject.identifier, rule.sources)
        if key not in self._fetched:
            self._fetched[key] = self.remote.fetch(subject, rule.sources)
        return self._fetched[key]

    def _latest(self, subject: Subject, testcase: str | None) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for query in subject.queries():
            params = [*query.items(), ("_distinct_on", ",".join(DISTINCT))]
            if self.question.when:
                params.append(("since", until(self.question.when)))
            if testcase:
                params.append(("testcases", testcase))
            found += self.results.latest(params)
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


def until(when: str) -> str:
    """Return the range of a results database or WaiverDB that ends there."""
    return f"1900-01-01T00:00:00.000000,{when}"
