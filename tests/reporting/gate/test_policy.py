import pytest

from reporting.gate.policy import PassingTestCaseRule, PolicyError, RemoteRule, load_policies, on_demand_policy

HEAD = "--- !Policy\nid: test\nproduct_versions: [fedora-*]\ndecision_context: c\nsubject_type: koji_build\n"


def faults(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policies(text, "p.yaml")
    return str(caught.value).splitlines()


def test_a_file_holds_several_policies() -> None:
    text = """\
--- !Policy
id: taskotron_release_critical_tasks
decision_contexts:
- bodhi_update_push_stable
- bodhi_update_context1
subject_type: bodhi_update
product_versions:
- fedora-26
rules:
- !PassingTestCaseRule {test_case_name: dist.rpmdeplint, scenario: kde}
excluded_packages:
- python2-*
--- !Policy
id: other
decision_context: one
subject_type: compose
product_versions: [fedora-*]
rules:
- !RemoteRule
  sources: [http://gating.example.com/gating1.yml, http://gating.example.com/gating2.yml]
"""
    first, second = load_policies(text, "p.yaml")

    assert first.decision_contexts == ("bodhi_update_push_stable", "bodhi_update_context1")
    assert first.rules == (PassingTestCaseRule("dist.rpmdeplint", "kde"),)
    assert first.excluded_packages == ("python2-*",)
    assert second.rules == (RemoteRule(sources=("http://gating.example.com/gating1.yml",
                                                "http://gating.example.com/gating2.yml")),)
    assert second.concerns("one", "fedora-40")
    assert not second.concerns("one", "epel-9")


def test_every_fault_is_told_with_its_line() -> None:
    text = HEAD + "rules:\n- {test_case_name: x}\n- !RemoteRule {required: 1}\n- !PassingTestCaseRule {scenario: a}\n" \
        "- !PackageSpecificBuild {repos: []}\n- !PassingTestCaseRule {test_case_name: y, valid_since: soon}\n" \
        "packages: [1]\n"

    assert faults(text) == [
        "p.yaml:7: Policy 'test': Attribute 'rules': Expected list of Rule objects, "
        "each tagged !PassingTestCaseRule or !RemoteRule",
        "p.yaml:8: Policy 'test': Attribute 'rules': YAML object !RemoteRule: Attribute 'required': "
        "Expected a boolean value, got: 1",
        "p.yaml:9: Policy 'test': Attribute 'rules': YAML object !PassingTestCaseRule: "
        "Attribute 'test_case_name' is required",
        "p.yaml:10: Policy 'test': Attribute 'rules': !PackageSpecificBuild is obsolete. "
        'Please use the "packages" allowlist instead.',
        "p.yaml:11: Policy 'test': Attribute 'rules': YAML object !PassingTestCaseRule: Attribute 'valid_since': "
        "Expected a date or time such as 2026-11-21, got: soon",
        "p.yaml:12: Policy 'test': Attribute 'packages': Expected list of str objects",
    ]


@pytest.mark.parametrize(("text", "fault"), [
    ("---\nid: x\nproduct_versions: []\ndecision_context: c\nsubject_type: t\nrules: []\n", "Missing !Policy tag"),
    ("--- !Policy\n- a\n", "Expected mapping for !Policy tagged object"),
    (HEAD.replace("decision_context: c\n", "") + "rules: []\n", "Policy 'test': No decision contexts provided"),
    (HEAD + "decision_contexts: [d]\nrules: []\n",
     "Policy 'test': Both properties \"decision_contexts\" and \"decision_context\" were set"),
    (HEAD, "Policy 'test': Attribute 'rules' is required"),
    (HEAD + "rules: {a: b}\n", "Policy 'test': Attribute 'rules': Expected list of Rule objects"),
    (HEAD + "rules: [", "YAML Parser Error: did not find expected node content"),
    ("[" * 500_000, "YAML Parser Error: more than 16 levels"),
    (HEAD + "rules: []\n# " + "x" * 1_100_000, "more than 1048576 characters"),
])
def test_a_file_that_is_no_policy_says_why(text: str, fault: str) -> None:
    assert any(line.partition(": ")[2] == fault for line in faults(text))


def test_nothing_is_made_of_a_tag() -> None:
    assert "Expected list of Rule objects" in faults(HEAD + "rules: [!!python/object/apply:os.system [x]]\n")[0]


def test_a_yaml_bomb_is_harmless() -> None:
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    rows += [f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]"
             for before, name in zip("abcdefgh", "bcdefghi", strict=True)]

    assert len(load_policies(HEAD + "rules: []\n" + "\n".join(rows), "p.yaml")) == 1


def test_a_request_may_bring_its_own_rules() -> None:
    policy = on_demand_policy([{"type": "PassingTestCaseRule", "test_case_name": "a"},
                               {"type": "RemoteRule", "required": True}], "rhel-8",
                              {"excluded_packages": ["python2-*"]})

    assert policy.rules == (PassingTestCaseRule("a"), RemoteRule(required=True))
    assert policy.excludes("python2-flask")


@pytest.mark.parametrize("rules", [[{"type": "Other"}], [{"type": "PassingTestCaseRule"}], ["x"], 5, [None]])
def test_a_wrong_rule_of_a_request_is_refused(rules: object) -> None:
    with pytest.raises(PolicyError, match="a rule lacks or misspells"):
        on_demand_policy(rules, "rhel-8", {})
