"""A decision in words: what blocks an item, and what to do next."""
from __future__ import annotations

import json
from collections.abc import Iterator

from reporting.gate import requirement as requirements
from reporting.gate.decision import Decision
from reporting.gate.requirement import Requirement, summary_of
from reporting.printed import one_line

#: Outcomes of runs that came to no verdict.
_BROKEN = ("CRASHED", "ABORTED")


def sentence(decision: Decision) -> str:
    """Return the decision in one sentence."""
    question = decision.question
    who = _listed([subject.identifier for subject in question.subjects])
    verdict = "may go out" if decision.is_satisfied else "must wait"
    summary = summary_of(decision.requirements)
    waived = sum(one.waiver_id is not None for one in decision.requirements)
    tail = f" ({waived} waived)" if waived else ""
    return (f"{who} {verdict} at {question.decision_context} of {question.product_version}: "
            f"{summary[0].lower()}{summary[1:]}{tail}.")


def blockers(decision: Decision) -> Iterator[tuple[str, str]]:
    """Yield what stands in the way, each with what to do next."""
    for one in decision.requirements:
        if not one.is_satisfied:
            yield _what(one), _next_step(one)


def _what(one: Requirement) -> str:
    about = one_line(f"{one.testcase} of {one.subject.identifier}{_where(one)}")
    note = one_line(one.result.get("note") or "") if one.result else ""
    if one.type == requirements.FAILED:
        outcome = one_line(one.result.get("outcome")) if one.result else "FAILED"
        return f"{about} is {outcome}" + (f": {note}" if note else "")
    if one.type == requirements.MISSING and one.result:
        return f"{about} has not ended: {one_line(one.result.get('outcome'))}"
    if one.type == requirements.MISSING:
        return f"{about} has no result"
    if one.type == requirements.ERRORED:
        return f"{about} could not be run to its end: {one_line(one.fields.get('error_reason') or note or 'no reason')}"
    if one.type == requirements.INVALID:
        return f"{one_line(one.fields['source'])} is no valid policy: {one_line(one.fields['details'])}"
    if one.type == requirements.UNFETCHED:
        return f"the package's gating.yaml cannot be had: {one_line(one.fields['error'])}"
    return f"{one.subject.identifier} has no gating.yaml, and the policy requires one"


def waivers(decision: Decision) -> Iterator[str]:
    """Yield the lines that a file of waivers needs to let it go, one for each thing in the way; JSON, which is YAML."""
    for one in decision.requirements:
        if not one.is_satisfied and not (one.type == requirements.MISSING and one.result):  # that one only waits
            record = {"subject_type": one.subject.type, "subject_identifier": one.subject.identifier,
                      "testcase": one.testcase, "product_version": decision.question.product_version}
            record |= {"scenario": one.scenario} if one.scenario else {}
            yield f"- {json.dumps({**record, 'comment': 'why this is fine'})}"


def _next_step(one: Requirement) -> str:
    where = one_line(one.result.get("ref_url") or "") if one.result else ""
    see = f"see {where}; " if where else ""
    waive = f"or waive {one.testcase}" + (f" for scenario {one.scenario}" if one.scenario else "")
    again = f"checkotron trigger retrigger {one.subject.identifier} --failed"
    if one.type == requirements.FAILED and one.result and one.result.get("outcome") in _BROKEN:
        return f"{see}the check broke, which says nothing about the item; start it again: {again}, {waive}"
    if one.type == requirements.FAILED and one.result and one.result.get("outcome") == "NEEDS_INSPECTION":
        return f"{see}look whether it is fine; if not, mend it and build again, {waive}"
    if one.type == requirements.FAILED:
        return f"{see}mend it and build again, {waive}"
    if one.type == requirements.MISSING and one.result:
        return f"{see}wait for it"
    if one.type == requirements.MISSING:
        return f"see whether it waits: checkotron trigger status; start it: {again}, {waive}"
    if one.type == requirements.ERRORED:
        return f"{see}start it again: {again}, {waive}"
    if one.type == requirements.INVALID:
        return f"mend the file and build again, {waive}"
    if one.type == requirements.ABSENT:
        return f"add a gating.yaml to the package and build again, {waive}"
    return f"try again, {waive}"


def _where(one: Requirement) -> str:
    parts = [str(one.fields[key]) for key in ("system_architecture", "system_variant", "scenario") if
             one.fields.get(key)]
    return f" ({', '.join(parts)})" if parts else ""


def _listed(names: list[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
