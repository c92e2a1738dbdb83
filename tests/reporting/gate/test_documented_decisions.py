"""
The decisions that Greenwave documents, one by one.

From its pages "Writing Policies", "Package-specific policies", "Decision
Requirements" and the decision API: the shapes of requirements, the summaries,
the order of things. What the pages show in short form is completed by the
fields that the service itself gives (`source`, `system_*`).
"""
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from reporting.gate.decision import Decision, Gate
from reporting.gate.policy import Policy, load_policies, on_demand_policy
from reporting.gate.question import Fetched, NoBuildError, NoPolicyError, Question
from reporting.gate.subject import Subject, subject
from reporting.gate.waivers import NoWaivers
from reporting.koji_hub import KojiBuild
from tests.reporting.gate.rows import Rows

NETHACK = "nethack-1.2.3-1.rawhide"
POLICY = """\
--- !Policy
id: taskotron_release_critical_tasks
decision_contexts: [bodhi_update_push_stable]
subject_type: koji_build
product_versions: [fedora-26, fedora-27]
rules:
- !PassingTestCaseRule {test_case_name: dist.abicheck}
- !PassingTestCaseRule {test_case_name: dist.rpmdeplint}
- !PassingTestCaseRule {test_case_name: dist.upgradepath}
excluded_packages: [python2-*]
"""
TESTCASES = ("dist.abicheck", "dist.rpmdeplint", "dist.upgradepath")
NO_DATA = {"scenario": None, "system_architecture": None, "system_variant": None}
IDENTITY = {"subject_type": "koji_build", "subject_identifier": NETHACK}
ITEM = {"item": {"type": "koji_build", "item": NETHACK}}


class Given:
    """Waivers, a gating.yaml and builds that are simply there."""

    def __init__(self, waivers: Sequence[Mapping[str, Any]] = (), fetched: Fetched | None = None,
                 created: Mapping[str, datetime | None] | None = None) -> None:
        self.waivers = waivers
        self.created = created
        self.fetched = fetched or Fetched()
        self.filters: list[Mapping[str, Any]] = []

    def matching(self, filters: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        self.filters.extend(filters)
        return list(self.waivers)

    def build(self, nvr: str) -> KojiBuild | None:
        assert self.created is not None
        return KojiBuild(nvr, 1, "alice", self.created[nvr], None) if nvr in self.created else None

    def fetch(self, about: Subject, sources: Sequence[str]) -> Fetched:
        return self.fetched


def decide(rows: Rows, policy: str | Sequence[Policy] = POLICY, given: Given | None = None, *,
           about: Sequence[Subject] = (subject("koji_build", NETHACK),), **question: Any) -> Decision:
    policies = load_policies(policy, "fedora.yaml") if isinstance(policy, str) else policy
    given = given or Given()
    asked = {"decision_context": "bodhi_update_push_stable", "product_version": "fedora-26", **question}
    builds = None if given.created is None else given
    return Gate(policies, rows, given, given, builds).decide(Question(subjects=tuple(about), **asked))


def waiver(testcase: str, number: int = 7, **changes: Any) -> dict[str, Any]:
    return {"id": number, "subject_type": "koji_build", "subject_identifier": NETHACK, "testcase": testcase,
            "product_version": "fedora-26", "waived": True, "scenario": None, "comment": "This is fine", **changes}


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.mark.parametrize("outcome", ["PASSED", "INFO"])
def test_passed(rows: Rows, outcome: str) -> None:
    numbers = [rows.add(name, outcome, NETHACK) for name in TESTCASES]

    assert decide(rows).to_dict() == {
        "policies_satisfied": True,
        "summary": "All required tests passed",
        "applicable_policies": ["taskotron_release_critical_tasks"],
        "unsatisfied_requirements": [],
        "satisfied_requirements": [
            {"type": "test-result-passed", "testcase": name, **IDENTITY, "source": None, "result_id": number, **NO_DATA}
            for name, number in zip(TESTCASES, numbers, strict=True)],
    }


def test_missing(rows: Rows) -> None:
    answer = decide(rows).to_dict()

    assert (answer["policies_satisfied"], answer["summary"]) == (False, "3 of 3 required test results missing")
    assert answer["unsatisfied_requirements"] == [
        {"type": "test-result-missing", "testcase": name, **IDENTITY, "scenario": None, "source": None, **ITEM}
        for name in TESTCASES]


@pytest.mark.parametrize("outcome", ["QUEUED", "RUNNING"])
def test_incomplete_is_missing_with_its_result(rows: Rows, outcome: str) -> None:
    number = rows.add(TESTCASES[0], outcome, NETHACK)

    answer = decide(rows).to_dict()

    assert answer["summary"] == "3 of 3 required test results missing"
    assert answer["unsatisfied_requirements"][0] == {
        "type": "test-result-missing", "testcase": TESTCASES[0], **IDENTITY, "source": None, "result_id": number,
        **NO_DATA, **ITEM}


@pytest.mark.parametrize("outcome", ["FAILED", "NEEDS_INSPECTION", "CRASHED", "ABORTED"])
def test_failed(rows: Rows, outcome: str) -> None:
    number = rows.add(TESTCASES[0], outcome, NETHACK)

    answer = decide(rows).to_dict()

    assert (answer["policies_satisfied"], answer["summary"]) == (
        False, "1 of 3 required tests failed, 2 results missing")
    assert answer["unsatisfied_requirements"][0] == {
        "type": "test-result-failed", "testcase": TESTCASES[0], **IDENTITY, "source": None, "result_id": number,
        **NO_DATA, **ITEM}


def test_errored(rows: Rows) -> None:
    number = rows.add(TESTCASES[0], "ERROR", NETHACK, error_reason="CI system out of memory")
    for name in TESTCASES[1:]:
        rows.add(name, "PASSED", NETHACK)

    answer = decide(rows).to_dict()

    assert answer["summary"] == "1 of 3 required tests failed (1 error)"
    assert answer["unsatisfied_requirements"] == [
        {"type": "test-result-errored", "testcase": TESTCASES[0], **IDENTITY, "source": None, "result_id": number,
         "error_reason": "CI system out of memory", **NO_DATA, **ITEM}]


@pytest.mark.parametrize(("outcome", "kind", "fields"), [
    ("FAILED", "test-result-failed-waived", {"result_id": 1001, **NO_DATA}),
    (None, "test-result-missing-waived", {"scenario": None}),
    ("ERROR", "test-result-errored-waived", {"result_id": 1001, "error_reason": "no memory", **NO_DATA}),
])
def test_waived(rows: Rows, outcome: str | None, kind: str, fields: dict[str, Any]) -> None:
    if outcome:
        rows.add(TESTCASES[0], outcome, NETHACK, error_reason="no memory")
    for name in TESTCASES[1:]:
        rows.add(name, "PASSED", NETHACK)

    answer = decide(rows, given=Given([waiver(TESTCASES[0])])).to_dict()

    assert (answer["policies_satisfied"], answer["summary"]) == (True, "All required tests passed")
    assert answer["satisfied_requirements"][0] == {
        "type": kind, "testcase": TESTCASES[0], **IDENTITY, "source": None, **fields, "waiver_id": 7}


@pytest.mark.parametrize("changes", [
    {"waived": False}, {"testcase": "dist.other"}, {"subject_identifier": "other-1-1"}, {"scenario": "kde"},
    {"subject_type": "bodhi_update"}])
def test_a_waiver_of_something_else_waives_nothing(rows: Rows, changes: dict[str, Any]) -> None:
    rows.add(TESTCASES[0], "FAILED", NETHACK)
    for name in TESTCASES[1:]:
        rows.add(name, "PASSED", NETHACK)

    assert not decide(rows, given=Given([{**waiver(TESTCASES[0]), **changes}])).is_satisfied


def test_waiverdb_is_asked_for_what_is_open_and_nothing_else(rows: Rows) -> None:
    for name in TESTCASES[1:]:
        rows.add(name, "PASSED", NETHACK)
    given = Given()

    decide(rows, given=given)

    assert given.filters == [{**IDENTITY, "product_version": "fedora-26", "testcase": TESTCASES[0], "scenario": None}]


def test_excluded(rows: Rows) -> None:
    flask = subject("koji_build", "python2-flask-1.0.2-1.rawhide")

    answer = decide(rows, about=(flask,)).to_dict()

    assert answer["policies_satisfied"]
    assert answer["satisfied_requirements"] == [
        {"type": "excluded", "subject_identifier": "python2-flask-1.0.2-1.rawhide",
         "policy": "taskotron_release_critical_tasks", "source": None}]


def test_packages_that_a_policy_does_not_name_are_left_out(rows: Rows) -> None:
    policy = POLICY.replace("excluded_packages", "packages")

    assert decide(rows, policy).to_dict()["summary"] == "no tests are required"
    assert not decide(rows, policy, about=(subject("koji_build", "python2-x-1-1"),)).is_satisfied


def test_the_newest_result_counts(rows: Rows) -> None:
    for name in TESTCASES:
        rows.add(name, "PASSED", NETHACK)
    number = rows.add(TESTCASES[0], "FAILED", NETHACK)

    answer = decide(rows).to_dict()

    assert answer["summary"] == "1 of 3 required tests failed"
    assert answer["unsatisfied_requirements"][0]["result_id"] == number


def test_a_result_or_waiver_can_be_left_out(rows: Rows) -> None:
    numbers = [rows.add(name, "PASSED", NETHACK) for name in TESTCASES]
    assert not decide(rows, ignore_results=(numbers[0],)).is_satisfied

    rows.add(TESTCASES[0], "FAILED", NETHACK)
    given = Given([waiver(TESTCASES[0])])
    assert decide(rows, given=given).is_satisfied
    assert not decide(rows, given=given, ignore_waivers=(7,)).is_satisfied


def test_the_past_can_be_asked_about(rows: Rows) -> None:
    for name in TESTCASES:
        rows.add(name, "PASSED", NETHACK)
    before = rows.rows[-1]["submit_time"].replace(":00.000000", ":00.000001")
    rows.add(TESTCASES[0], "FAILED", NETHACK)

    assert decide(rows, when=before).is_satisfied
    assert not decide(rows).is_satisfied
    assert rows.asked[0]["since"] == f"1900-01-01T00:00:00.000000,{before}"


COMPOSE = """\
--- !Policy
id: openqa_important_stuff_for_rawhide
decision_context: rawhide_compose_sync_to_mirrors
subject_type: compose
product_versions: [fedora-rawhide]
rules:
- !PassingTestCaseRule {test_case_name: compose.install_no_user, scenario: scenario1}
- !PassingTestCaseRule {test_case_name: compose.install_no_user, scenario: scenario2}
"""


@pytest.mark.parametrize(("second", "satisfied", "summary"), [
    ("PASSED", True, "All required tests passed"), ("FAILED", False, "1 of 2 required tests failed")])
def test_scenarios_count_one_by_one(rows: Rows, second: str, satisfied: bool, summary: str) -> None:
    compose = "Fedora-Rawhide-20170508.n.0"
    for outcome, scenario in (("QUEUED", "scenario1"), ("QUEUED", "scenario2"),
                              ("PASSED", "scenario1"), (second, "scenario2")):
        rows.add("compose.install_no_user", outcome, compose, "compose", scenario=scenario,
                 productmd__compose__id=compose)

    answer = decide(rows, COMPOSE, about=(subject("compose", compose),), product_version="fedora-rawhide",
                    decision_context="rawhide_compose_sync_to_mirrors").to_dict()

    assert (answer["policies_satisfied"], answer["summary"]) == (satisfied, summary)
    if not satisfied:
        assert answer["unsatisfied_requirements"] == [{
            "item": {"productmd.compose.id": compose}, "subject_identifier": compose, "subject_type": "compose",
            "result_id": 1004, "testcase": "compose.install_no_user", "type": "test-result-failed",
            "scenario": "scenario2", "system_architecture": None, "system_variant": None, "source": None}]


@pytest.mark.parametrize("other", [{"system_architecture": "x86_64", "system_variant": "BaseOS"},
                                   {"system_architecture": "ppc64", "system_variant": "Cloud_Base"}])
def test_every_architecture_and_variant_must_pass(rows: Rows, other: dict[str, str]) -> None:
    number = rows.add(TESTCASES[0], "FAILED", NETHACK, system_architecture="ppc64", system_variant="BaseOS")
    rows.add(TESTCASES[0], "PASSED", NETHACK, **other)

    (failed, *_) = decide(rows).to_dict()["unsatisfied_requirements"]

    assert (failed["result_id"], failed["system_architecture"], failed["system_variant"]) == (number, "ppc64", "BaseOS")


def test_a_build_is_known_by_its_other_names_too(rows: Rows) -> None:
    rows.add(TESTCASES[0], "PASSED", NETHACK, "brew-build")
    rows.add(TESTCASES[1], "PASSED", "else", "koji_build_pairs", original_spec_nvr=NETHACK)
    rows.add(TESTCASES[2], "PASSED", NETHACK)

    assert decide(rows, about=(subject("brew-build", NETHACK),)).is_satisfied


def test_a_container_image_is_found_by_nvr_and_as_a_build(rows: Rows) -> None:
    first = rows.add("test.testcase1", "FAILED", NETHACK)
    second = rows.add("test.testcase2", "FAILED", NETHACK, "redhat-container-image", nvr=NETHACK)
    rules = [{"type": "PassingTestCaseRule", "test_case_name": f"test.testcase{number}"} for number in (1, 2)]

    answer = decide(rows, [on_demand_policy(rules, "fedora-26", {})], decision_context="on-demand-policy",
                    about=(subject("redhat-container-image", NETHACK),)).to_dict()

    assert answer["summary"] == "2 of 2 required tests failed"
    assert [one["result_id"] for one in answer["unsatisfied_requirements"]] == [first, second]
    assert answer["unsatisfied_requirements"][0]["item"] == {"type": "redhat-container-image", "item": NETHACK}
    assert "applicable_policies" not in answer


def test_an_empty_policy_is_always_satisfied(rows: Rows) -> None:
    policy = POLICY[:POLICY.index("rules:")] + "rules: []\n"

    answer = decide(rows, policy).to_dict()

    assert (answer["policies_satisfied"], answer["summary"], answer["applicable_policies"]) == (
        True, "no tests are required", ["taskotron_release_critical_tasks"])


def test_an_update_without_a_policy_needs_nothing_but_a_build_does(rows: Rows) -> None:
    update = subject("bodhi_update", "FEDORA-2000-deadbeaf")

    answer = decide(rows, about=(update,)).to_dict()
    assert (answer["policies_satisfied"], answer["summary"], answer["applicable_policies"]) == (
        True, "no tests are required", [])

    with pytest.raises(NoPolicyError, match="^Cannot find any applicable policies for koji_build subjects "
                                            "at gating point bodhi_update_push in fedora-26$"):
        decide(rows, decision_context="bodhi_update_push")
    with pytest.raises(NoPolicyError, match="in f26$"):
        decide(rows, product_version="f26")


def test_several_subjects_are_decided_together(rows: Rows) -> None:
    other = "python3-1-1.fc26"
    for item in (NETHACK, other):
        for name in TESTCASES:
            rows.add(name, "PASSED", item)

    decision = decide(rows, about=(subject("koji_build", NETHACK), subject("koji_build", other),
                                   subject("bodhi_update", "FEDORA-2000-abcdef01")), verbose=True).to_dict()

    assert decision["policies_satisfied"]
    assert len(decision["satisfied_requirements"]) == len(decision["results"]) == 6
    assert decision["waivers"] == []


def test_a_rule_in_two_policies_counts_once(rows: Rows) -> None:
    both = POLICY + POLICY.replace("id: task", "id: more_task")

    answer = decide(rows, both).to_dict()

    assert answer["summary"] == "3 of 3 required test results missing"
    assert answer["applicable_policies"] == ["taskotron_release_critical_tasks",
                                             "more_taskotron_release_critical_tasks"]


VALID = """\
--- !Policy
id: compose_required_tests
product_versions: [fedora-rawhide]
decision_context: compose_required_tests
subject_type: compose
rules:
- !PassingTestCaseRule
  valid_until: 2021-10-02
  test_case_name: compose.autocloud
  scenario: x86_64.64bit
- !PassingTestCaseRule
  valid_since: 2021-10-02
  test_case_name: compose.autocloud
  scenario: x86_64.uefi
"""


@pytest.mark.parametrize(("made_at", "scenario"), [
    (datetime(2021, 10, 1, 23, 59, tzinfo=UTC), "x86_64.64bit"),
    (datetime(2021, 10, 2, tzinfo=UTC), "x86_64.uefi"), (None, "x86_64.uefi")])
def test_rules_are_valid_from_and_until_a_time(rows: Rows, made_at: datetime | None, scenario: str) -> None:
    answer = decide(rows, VALID, about=(subject("compose", "c"),), product_version="fedora-rawhide",
                    decision_context="compose_required_tests", made_at=made_at).to_dict()

    assert [one["scenario"] for one in answer["unsatisfied_requirements"]] == [scenario]


@pytest.mark.parametrize(("created", "scenario"), [
    (datetime(2021, 10, 1, 23, 59, tzinfo=UTC), "x86_64.64bit"), (None, "x86_64.uefi")])
def test_a_build_is_as_old_as_koji_says(rows: Rows, created: datetime | None, scenario: str) -> None:
    policy = VALID.replace("subject_type: compose", "subject_type: koji_build")

    answer = decide(rows, policy, Given(created={NETHACK: created}), product_version="fedora-rawhide",
                    decision_context="compose_required_tests").to_dict()

    assert [one["scenario"] for one in answer["unsatisfied_requirements"]] == [scenario]


def test_a_build_that_koji_does_not_have_is_no_build_where_a_rule_asks_its_age(rows: Rows) -> None:
    policy = VALID.replace("subject_type: compose", "subject_type: koji_build")

    with pytest.raises(NoBuildError, match=f"^Failed to find Koji build for '{NETHACK}'$"):
        decide(rows, policy, Given(created={}), product_version="fedora-rawhide",
               decision_context="compose_required_tests")


def test_what_is_no_build_is_as_old_as_the_question_and_koji_is_not_asked(rows: Rows) -> None:
    answer = decide(rows, VALID, Given(created={}), about=(subject("compose", "c"),), product_version="fedora-rawhide",
                    decision_context="compose_required_tests").to_dict()

    assert [one["scenario"] for one in answer["unsatisfied_requirements"]] == ["x86_64.uefi"]


REMOTE = """\
--- !Policy
id: some_policy
product_versions: [fedora-*]
decision_context: bodhi_update_push_stable
subject_type: koji_build
rules:
- !RemoteRule {required: %s}
"""
GATING = """\
--- !Policy
product_versions: [fedora-28]
decision_context: bodhi_update_push_stable
subject_type: koji_build
rules:
- !PassingTestCaseRule {test_case_name: dist.depcheck}
"""
SOURCE = "https://src.example/rpms/nethack/raw/abc/f/gating.yaml"


def remote(rows: Rows, text: str | None, *, required: str = "false", waivers: Sequence[Mapping[str, Any]] = (),
           trouble: str | None = None, product_version: str = "fedora-28") -> dict[str, Any]:
    given = Given(waivers, Fetched((SOURCE,), text, trouble))
    return decide(rows, REMOTE % required, given, product_version=product_version).to_dict()


def test_a_packages_own_rules_count_too(rows: Rows) -> None:
    answer = remote(rows, GATING)

    assert (answer["policies_satisfied"], answer["summary"]) == (False, "1 of 1 required test results missing")
    assert answer["satisfied_requirements"] == [{"type": "fetched-gating-yaml", "testcase": "fetched-gating-yaml",
                                                 **IDENTITY, "source": SOURCE}]
    assert answer["unsatisfied_requirements"] == [
        {"type": "test-result-missing", "testcase": "dist.depcheck", **IDENTITY, "scenario": None, "source": SOURCE,
         **ITEM}]

    rows.add("dist.depcheck", "PASSED", NETHACK)
    assert remote(rows, GATING)["policies_satisfied"]


@pytest.mark.parametrize(("product_version", "text"), [
    ("fedora-29", GATING), ("fedora-28", GATING.replace("push_stable", "push_testing"))])
def test_a_package_without_a_policy_for_the_question_has_none_that_is_applicable(
        rows: Rows, product_version: str, text: str) -> None:
    with pytest.raises(NoPolicyError, match=r"^Cannot find any applicable policies for koji_build subjects at gating "
                                            f"point bodhi_update_push_stable in {product_version}$"):
        remote(rows, text, product_version=product_version)


def test_an_empty_set_of_rules_says_that_no_tests_are_required(rows: Rows) -> None:
    answer = remote(rows, GATING.partition("rules:")[0] + "rules: []\n")

    assert (answer["policies_satisfied"], answer["summary"]) == (True, "no tests are required")


def test_without_product_versions_those_of_the_global_policy_count(rows: Rows) -> None:
    assert not remote(rows, GATING.replace("product_versions: [fedora-28]\n", ""))["policies_satisfied"]


def test_a_missing_file_is_passed_over_unless_required(rows: Rows) -> None:
    assert remote(rows, None)["summary"] == "no tests are required"

    answer = remote(rows, None, required="true")
    assert (answer["policies_satisfied"], answer["summary"]) == (False, "1 of 1 required tests failed")
    assert answer["applicable_policies"] == ["some_policy"]
    assert answer["unsatisfied_requirements"] == [{
        "type": "missing-gating-yaml", "testcase": "missing-gating-yaml", **IDENTITY, "scenario": None,
        "sources": [SOURCE]}]


@pytest.mark.parametrize(("text", "details"), [
    ("--- !Policy\nid: test\nproduct_versions: [fedora-28]\ndecision_context: c\nrules: [!RemoteRule {required: 1}]\n",
     "Policy 'test': RemoteRule is not allowed in remote policies"),
    ("--- !Policy\nproduct_versions: [fedora-28]\ndecision_context: c\n",
     "Policy 'untitled': Attribute 'rules' is required"),
    ("--- !Policy\n  : x\nid: y\n", "YAML Parser Error: did not find expected key"),
])
def test_an_invalid_file_stands_in_the_way_until_it_is_waived(rows: Rows, text: str, details: str) -> None:
    answer = remote(rows, text)

    assert (answer["policies_satisfied"], answer["summary"]) == (False, "1 of 1 required tests failed")
    assert answer["unsatisfied_requirements"] == [{
        "type": "invalid-gating-yaml", "testcase": "invalid-gating-yaml", **IDENTITY, "scenario": None,
        "source": SOURCE, "details": details}]

    waived = remote(rows, text, waivers=[waiver("invalid-gating-yaml")])
    assert (waived["policies_satisfied"], waived["summary"]) == (True, "no tests are required")


def test_a_file_that_cannot_be_fetched_stands_in_the_way(rows: Rows) -> None:
    answer = remote(rows, None, trouble="answered 500")

    assert answer["unsatisfied_requirements"] == [{
        "type": "failed-fetch-gating-yaml", "testcase": "failed-fetch-gating-yaml", **IDENTITY, "scenario": None,
        "sources": [SOURCE], "error": "answered 500"}]


def test_kinds_without_sources_of_their_own_have_no_remote_rules(rows: Rows) -> None:
    policy = (REMOTE % "true").replace("koji_build", "bodhi_update")

    assert decide(rows, policy, about=(subject("bodhi_update", "FEDORA-2026-1"),)).is_satisfied


def test_no_waivers_at_all_is_an_answer_too(rows: Rows) -> None:
    assert NoWaivers().matching([{}]) == []
