"""
Greenwave's decision API: a request's JSON in, a status and an answer's JSON out.

    POST /api/v1.0/decision               a decision
    POST /api/v1.0/validate-gating-yaml   is this a package's policy?
    GET  /api/v1.0/policies, /subject_types, /about       what is known

Pure but for what the gate asks of others; `server` speaks HTTP.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reporting.gate.decision import Gate
from reporting.gate.policy import (
    ON_DEMAND,
    PassingTestCaseRule,
    Policy,
    PolicyError,
    RemoteRule,
    Rule,
    load_policies,
    on_demand_policy,
)
from reporting.gate.question import NoBuildError, NoPolicyError, Question
from reporting.gate.subject import Subject, subject, subject_types
from reporting.reporter import DeliveryError

#: Greenwave advises not to ask for more at a time.
_SUBJECT_LIMIT = 100
API = "/api/v1.0"


class RequestError(Exception):
    """Raised when a request cannot be answered; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    data: Any


def answer(method: str, path: str, body: bytes, gate: Gate, version: str) -> Answer:
    """Return the answer to a request; never raises for what a stranger sent."""
    try:
        if path == f"{API}/decision" and method == "POST":
            return Answer(200, decide(_json(body), gate))
        if path == f"{API}/validate-gating-yaml" and method == "POST":
            return Answer(200, _validate(body, gate))
        if path == f"{API}/policies" and method == "GET":
            return Answer(200, {"policies": [policy_to_dict(policy) for policy in gate.policies]})
        if path == f"{API}/subject_types" and method == "GET":
            return Answer(200, {"subject_types": subject_types()})
        if path == f"{API}/decision" and method == "OPTIONS":
            return Answer(200, {})
        if path in (f"{API}/about", f"{API}/version", "/healthcheck") and method == "GET":
            return Answer(200, {"version": version})
        raise RequestError(404, "Not found")
    except RequestError as error:
        return Answer(error.status, {"message": str(error)})
    except (NoPolicyError, NoBuildError) as error:
        return Answer(404, {"message": str(error)})
    except DeliveryError as error:
        return Answer(502, {"message": f"results, waivers or builds cannot be had: {error}"})


def decide(data: Any, gate: Gate) -> dict[str, Any]:
    """Return the decision that a request asks for. Raises RequestError, NoPolicyError, DeliveryError."""
    if not data or not isinstance(data, Mapping):
        raise RequestError(415, "No JSON payload in request")
    product_version = data.get("product_version")
    if not product_version or not isinstance(product_version, str):
        raise RequestError(400, "Missing required product version")
    context, rules = data.get("decision_context"), data.get("rules")
    if not context and not rules:
        raise RequestError(400, "Either decision_context or rules is required.")
    if context and rules:
        raise RequestError(400, "Cannot have both decision_context and rules")
    if rules:
        try:
            gate = replace(gate, policies=[on_demand_policy(rules, product_version, dict(data))])
        except PolicyError as error:
            raise RequestError(400, f"Failed to parse on demand policy: {'; '.join(error.faults)}") from None
    verbose = data.get("verbose", False)
    if not isinstance(verbose, bool):
        raise RequestError(400, "Invalid verbose flag, must be a bool")
    question = Question(
        decision_context=ON_DEMAND if rules else str(context), product_version=product_version,
        subjects=_subjects(data), when=_when(data.get("when")), verbose=verbose,
        ignore_results=_numbers(data, "ignore_result"), ignore_waivers=_numbers(data, "ignore_waiver"))
    return gate.decide(question).to_dict()


def policy_to_dict(policy: Policy) -> dict[str, Any]:
    """Return a policy as the API lists it."""
    single = len(policy.decision_contexts) == 1
    return {
        "id": policy.id, "product_versions": list(policy.product_versions), "subject_type": policy.subject_type,
        "decision_context": policy.decision_contexts[0] if single else None,
        "decision_contexts": [] if single else list(policy.decision_contexts),
        "rules": [_rule_to_dict(rule) for rule in policy.rules],
        "excluded_packages": list(policy.excluded_packages), "packages": list(policy.packages)}


def _rule_to_dict(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, RemoteRule):
        return {"rule": "RemoteRule", "required": rule.required, "sources": list(rule.sources)}
    assert isinstance(rule, PassingTestCaseRule)
    return {"rule": "PassingTestCaseRule", "test_case_name": rule.test_case_name, "scenario": rule.scenario}


def _subjects(data: Mapping[str, Any]) -> tuple[Subject, ...]:
    if "subject" not in data:
        for key in ("subject_type", "subject_identifier"):
            if not isinstance(data.get(key), str):
                raise RequestError(400, f'Missing required "{key}" parameter')
        return (subject(data["subject_type"], data["subject_identifier"]),)
    entries = data["subject"]
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, Mapping) for entry in entries):
        raise RequestError(400, "Invalid subject, must be a list of dicts")
    if len(entries) > _SUBJECT_LIMIT:
        raise RequestError(400, f"more than {_SUBJECT_LIMIT} subjects; ask in parts")
    return tuple(_subject(entry) for entry in entries)


def _subject(entry: Mapping[str, Any]) -> Subject:
    """Older askers name a build or a compose by a key of its own."""
    for key, kind in (("productmd.compose.id", "compose"), ("original_spec_nvr", "koji_build")):
        if isinstance(entry.get(key), str):
            return subject(kind, entry[key])
    if isinstance(entry.get("type"), str) and isinstance(entry.get("item"), str):
        return subject(entry["type"], entry["item"])
    raise RequestError(400, "Could not detect subject_identifier.")


def _when(value: Any) -> str | None:
    if not value:
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f").strftime("%Y-%m-%dT%H:%M:%S.%f")
    except (TypeError, ValueError):
        raise RequestError(400, 'Invalid "when" parameter, must be in ISO8601 format') from None


def _numbers(data: Mapping[str, Any], key: str) -> tuple[int, ...]:
    value = data.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, int) for one in value):
        raise RequestError(400, f'Invalid "{key}" parameter, must be a list of ids')
    return tuple(value)


def _validate(body: bytes, gate: Gate) -> dict[str, str]:
    try:
        policies = load_policies(body.decode("utf-8", "backslashreplace"), "gating.yaml", is_remote=True)
    except PolicyError as error:
        raise RequestError(400, "\n".join(error.faults)) from None
    if not policies:
        raise RequestError(400, "No policies defined")
    if any(policy.has_blacklist for policy in policies):
        return {"message": 'The gating.yaml file is valid but it is using the deprecated "blacklist" key. '
                           'Please use "excluded_packages" instead.'}
    known = {context for policy in gate.policies for context in policy.decision_contexts}
    missing = sorted({context for policy in policies for context in policy.decision_contexts} - known)
    if missing:
        return {"message": "Greenwave could not find a parent policy(ies) for following decision context(s): "
                           f"{', '.join(missing)}. Please change your policy so that it will match a decision context "
                           "in the parent policies."}
    return {"message": "All OK"}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        raise RequestError(400, "Failed to decode JSON object") from None
