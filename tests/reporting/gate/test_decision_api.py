"""The decision API as its askers use it: every refusal by its words, and one journey over HTTP."""
import json
import os
import re
import select
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from reporting.gate.decision import Gate
from reporting.gate.policy import load_policies
from reporting.gate.remote import FileOrUrls
from reporting.gate.request import answer
from reporting.gate.waivers import NoWaivers
from reporting.reporter import AwayError
from tests.reporting.gate.rows import Rows
from tests.reporting.gate.test_documented_decisions import NETHACK, POLICY, TESTCASES
from tests.support.results_server import results_server

ASKED = {"decision_context": "bodhi_update_push_stable", "product_version": "fedora-26", "subject_type": "koji_build",
         "subject_identifier": NETHACK}


def gate(rows: Rows) -> Gate:
    return Gate(load_policies(POLICY, "fedora.yaml"), rows, NoWaivers(), FileOrUrls(()))


def ask(data: Any, rows: Rows | None = None, path: str = "decision") -> tuple[int, Any]:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    found = answer("POST", f"/api/v1.0/{path}", body, gate(rows or Rows()), "1.2.3")
    return found.status, found.data


def without(key: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ASKED, **changes}.items() if name != key}


@pytest.mark.parametrize(("data", "status", "message"), [
    (without("product_version"), 400, "Missing required product version"),
    (without("decision_context"), 400, "Either decision_context or rules is required."),
    (without("subject_type"), 400, 'Missing required "subject_type" parameter'),
    (without("subject_identifier"), 400, 'Missing required "subject_identifier" parameter'),
    (without("", subject="foo-1.0.0-1.el7"), 400, "Invalid subject, must be a list of dicts"),
    (without("", subject=["foo-1.0.0-1.el7"]), 400, "Invalid subject, must be a list of dicts"),
    (without("", subject=[{}]), 400, "Could not detect subject_identifier."),
    (without("", rules=[{"type": "RemoteRule"}]), 400, "Cannot have both decision_context and rules"),
    (without("", verbose="yes"), 400, "Invalid verbose flag, must be a bool"),
    (without("", when="soon"), 400, 'Invalid "when" parameter, must be in ISO8601 format'),
    (without("", ignore_result="1"), 400, 'Invalid "ignore_result" parameter, must be a list of ids'),
    (without("", product_version="f26"), 404, "Cannot find any applicable policies for koji_build subjects "
                                              "at gating point bodhi_update_push_stable in f26"),
    ({}, 415, "No JSON payload in request"), (b"", 415, "No JSON payload in request"),
    (b"not a json", 400, "Failed to decode JSON object"), (b"[" * 100_000, 400, "Failed to decode JSON object"),
    (without("", subject=[{"type": "a", "item": "b"}] * 101), 400, "more than 100 subjects; ask in parts"),
    (without("decision_context", rules=[{"type": "Other"}]), 400,
     "Failed to parse on demand policy: Attribute 'rules': a rule lacks or misspells 'Other'"),
])
def test_a_wrong_request_is_refused_in_known_words(data: Any, status: int, message: str) -> None:
    assert ask(data) == (status, {"message": message})


def test_a_decision_is_made() -> None:
    rows = Rows()
    for name in TESTCASES:
        rows.add(name, "PASSED", NETHACK)

    status, data = ask(ASKED, rows)

    assert (status, data["policies_satisfied"], data["summary"]) == (200, True, "All required tests passed")


def test_rules_may_come_with_the_request() -> None:
    rules = [{"type": "PassingTestCaseRule", "test_case_name": "fake.testcase.tier0.validation"}]
    rows = Rows()
    number = rows.add("fake.testcase.tier0.validation", "PASSED", NETHACK)

    status, data = ask(without("decision_context", rules=rules, excluded_packages=["python2-*"]), rows)

    assert status == 200
    assert [one["result_id"] for one in data["satisfied_requirements"]] == [number]
    assert "applicable_policies" not in data


@pytest.mark.parametrize("entry", [{"type": "koji_build", "item": NETHACK}, {"type": "brew-build", "item": NETHACK},
                                   {"original_spec_nvr": NETHACK}])
def test_older_ways_to_name_a_build_are_known(entry: Mapping[str, str]) -> None:
    _, data = ask(without("", subject=[entry]))

    assert {one["subject_identifier"] for one in data["unsatisfied_requirements"]} == {NETHACK}


def test_a_database_that_is_away_is_a_bad_gateway() -> None:
    class Away(Rows):
        def latest(self, params: object) -> Any:
            raise AwayError("cannot be reached: Connection refused")

    assert ask(ASKED, Away()) == (
        502, {"message": "results, waivers or builds cannot be had: cannot be reached: Connection refused"})


@pytest.mark.parametrize(("text", "status", "message"), [
    (b"--- !Policy\ndecision_context: bodhi_update_push_stable\nrules:\n"
     b"- !PassingTestCaseRule {test_case_name: t}\n", 200, "All OK"),
    (b"---\nproduct_versions: [fedora-26]\ndecision_context: bodhi_update_push_stable\nrules: []\n", 200, "All OK"),
    (b"---\ndecision_contexts: [c, b]\nrules: []\n", 200,
     "Greenwave could not find a parent policy(ies) for following decision context(s): b, c. Please change your policy "
     "so that it will match a decision context in the parent policies."),
    (b"---\ndecision_context: c\nrules: []\nblacklist: [python2-*]\n", 200,
     'The gating.yaml file is valid but it is using the deprecated "blacklist" key. Please use "excluded_packages" '
     "instead."),
    (b"", 400, "No policies defined"),
    (b"--- !Policy\nid: test\ndecision_context: c\nrules:\n- !PackageSpecificBuild {test_case_name: t}\n", 400,
     "Policy 'test': Attribute 'rules': !PackageSpecificBuild is obsolete. "
     'Please use the "packages" allowlist instead.'),
])
def test_a_package_can_have_its_policy_validated(text: bytes, status: int, message: str) -> None:
    assert ask(text, path="validate-gating-yaml") == (status, {"message": message})


def test_policies_are_listed() -> None:
    found = answer("GET", "/api/v1.0/policies", b"", gate(Rows()), "1")

    (policy,) = found.data["policies"]
    assert policy["decision_context"] == "bodhi_update_push_stable"
    assert policy["rules"][0] == {"rule": "PassingTestCaseRule", "test_case_name": "dist.abicheck", "scenario": None}


def test_kinds_of_subjects_are_listed_by_id() -> None:
    found = answer("GET", "/api/v1.0/subject_types", b"", gate(Rows()), "1")

    kinds = {kind["id"]: kind for kind in found.data["subject_types"]}
    assert list(kinds) == sorted(kinds)
    assert kinds["koji_build"]["aliases"] == ["brew-build"]
    assert kinds["koji_build"]["result_queries"] == [{"type": "koji_build,brew-build", "item": "{}"},
                                                     {"original_spec_nvr": "{}"}]


def test_a_build_that_koji_does_not_have_is_not_found() -> None:
    class Nothing:
        def build(self, nvr: str) -> None:
            return None

    policy = POLICY.replace("test_case_name: dist.abicheck", "test_case_name: dist.abicheck, valid_since: 2021-10-02")
    asked = replace(gate(Rows()), policies=load_policies(policy, "fedora.yaml"), builds=Nothing())

    found = answer("POST", "/api/v1.0/decision", json.dumps(ASKED).encode(), asked, "1")

    assert (found.status, found.data) == (404, {"message": f"Failed to find Koji build for '{NETHACK}'"})


def test_unknown_paths_are_not_found() -> None:
    assert answer("GET", "/etc/passwd", b"", gate(Rows()), "1").status == 404
    assert answer("GET", "/api/v1.0/about", b"", gate(Rows()), "1").data == {"version": "1"}


def test_the_server_answers_over_http(tmp_path: Path) -> None:
    (tmp_path / "fedora.yaml").write_text(POLICY)
    with results_server() as results:
        results.refuse = lambda method, path, data: 503
        process = subprocess.Popen(
            [sys.executable, "-m", "checkotron", "results", "decisions", "--policy", str(tmp_path / "fedora.yaml"),
             "--port", "0", "--url", results.url], stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 60)[0]
            url = re.search(r"http://\S+", process.stdout.readline().decode()).group()  # type: ignore[union-attr]

            missing = requests.post(url, json={}, timeout=60)
            away = requests.post(url, json=ASKED, timeout=60)
            large = requests.post(url, data=b"x" * 2_000_000, timeout=60)
        finally:
            process.terminate()
            process.wait(60)

    assert (missing.status_code, missing.json()) == (415, {"message": "No JSON payload in request"})
    assert (away.status_code, large.status_code) == (502, 413)
