"""The rules file: what is understood, and how every fault is told at once."""

# ruff: noqa: E501 (rules and messages as a user writes and reads them)
from __future__ import annotations

from pathlib import Path

import pytest

from checks.catalogue import library_folder, load_catalogue
from trigger.rules import DEFAULT_RULES, RulesError, load_rules, read_rules


def faults_of(text: str, known: tuple[str, ...] | None = None, folder: Path = Path()) -> list[str]:
    with pytest.raises(RulesError) as caught:
        read_rules(text, "rules.yml", known, folder)
    return [str(fault) for fault in caught.value.faults]


def test_the_packaged_rules_have_no_fault_and_name_only_checks_of_the_library() -> None:
    rules = load_rules(DEFAULT_RULES, load_catalogue([library_folder()]).checks)

    assert [order.checks for rule in rules.rules for order in rule.orders] == [("rpmlint",)]
    assert rules.warnings == ()


def test_every_fault_is_told_with_line_and_nearest_name() -> None:
    text = """\
- when:
    mesage_type: KojiBuildPackageCompleted
    name: {$inn: [a]}
  do:
    - chek: rpmlint
- whne: {}
  do:
    - {check: rpmlnt, arches: x86_64!, priority: high, once: never, delay: -1}
- when: {release: {$regex: "("}, version: {$regex: '(a+)+$'}}
  do: [{tasks: []}]
- 17
"""
    assert faults_of(text, ("rpmlint", "abi")) == [
        "rules.yml:2, [0].when.mesage_type: unknown field `mesage_type`; did you mean `message_type`? a field of the "
        "message itself is written `body.mesage_type`",
        "rules.yml:3, [0].when.name.$inn: unknown operator `$inn`; did you mean `$in`?",
        "rules.yml:5, [0].do[0].chek: unknown key `chek`; did you mean `check`?",
        "rules.yml:5, [0].do[0]: says nothing to run; expected `check: NAME`, `tasks: [NAME]` or `discover: {repo: URL}`",
        "rules.yml:6, [1].whne: unknown key `whne`; did you mean `when`?",
        "rules.yml:6, [1]: has no `when`",
        "rules.yml:8, [1].do[0].arches[0]: `x86_64!` is no name; expected letters, digits and . _ + - only",
        "rules.yml:8, [1].do[0].priority: is `high`; expected a whole number",
        "rules.yml:8, [1].do[0].once: is `never`; expected `event` or `item`",
        "rules.yml:8, [1].do[0].delay: is `-1`; expected seconds, at most a week",
        "rules.yml:8, [1].do[0].check: unknown check `rpmlnt`; did you mean `rpmlint`?",
        "rules.yml:9, [2].when.release.$regex: `(` is not a regular expression: missing ), unterminated subpattern at "
        "position 0",
        "rules.yml:9, [2].when.version.$regex: `(a+)+$` repeats a repetition; matching could take for ever on a "
        "hostile message",
        "rules.yml:10, [2].do[0].tasks: is `[]`; expected a list of names of checks",
        "rules.yml:11, [3]: is `17`; expected a rule with `when` and `do`",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "rules.yml:1: is `None`; expected a list of rules, each with `when` and `do`"),
        ("when: {}", "rules.yml:1, when: unknown key `when`; known: rules, lists, workers, limits"),
        (
            "- {when: [1], do: [{check: a}]}",
            "rules.yml:1, [0].when: is `[1]`; expected conditions such as `message_type: KojiBuildPackageCompleted`",
        ),
        (
            "- {when: {name: {inner: 1}}, do: [{check: a}]}",
            "rules.yml:1, [0].when.name: holds an object without an operator; write `field.inner: value` to ask an inner field",
        ),
        (
            "- {when: {name: '${nme}'}, do: [{check: a}]}",
            "rules.yml:1, [0].when.name: `${nme}` is neither a list of this file nor a fact; did you mean `${name}`?",
        ),
        (
            "- {when: {name: {$in: x}}, do: [{check: a}]}",
            "rules.yml:1, [0].when.name.$in: `$in` needs a list, or the name of one such as `${critpath_pkgs}`",
        ),
        (
            "- {when: {}, do: [{check: a, extra: [1]}]}",
            "rules.yml:1, [0].do[0].extra: is `[1]`; expected at most 32 texts by name",
        ),
        (
            "lists: {a: {file: missing.txt}}\nrules: []",
            "rules.yml:1, lists.a: file `missing.txt` cannot be read: [Errno 2] No such file or directory: 'missing.txt'",
        ),
        ("- [", "rules.yml:2: not valid YAML: did not find expected node content (while parsing a flow node)"),
    ],
)
def test_a_fault_says_what_was_expected(text: str, expected: str) -> None:
    assert expected in faults_of(text)


def test_a_check_that_nobody_knows_is_only_warned_about() -> None:
    rules = read_rules("- {when: {}, do: [{check: my-own-thing}]}", "rules.yml", ("rpmlint",))

    assert [str(warning) for warning in rules.warnings] == [
        "rules.yml:1, [0].do[0].check: no check `my-own-thing` is known here; its jobs start only where a worker has it"
    ]


def test_taskotrons_own_file_form_is_understood(tmp_path: Path) -> None:
    (tmp_path / "critpath.txt").write_text("kernel\nglibc # C library\n")
    text = """\
lists: {critpath_pkgs: {file: critpath.txt}}
rules:
  - do:
      - {tasks: [rpmlint, python-versions], arches: [x86_64, armhfp]}
      - discover: {repo: "https://src.fedoraproject.org/rpms/${name}.git", branch: "${distgit_branch}"}
    when:
      $$and:
        - message_type: KojiBuildPackageCompleted
        - name:
            $$nin: ${critpath_pkgs}
"""
    rules = read_rules(text, "rules.yml", None, tmp_path).rules

    assert rules[0].orders[0].checks == ("rpmlint", "python-versions")
    assert rules[0].orders[0].arches == ("x86_64", "armhfp")
    assert rules[0].when.holds({"message_type": "KojiBuildPackageCompleted", "name": "xchat"})
    assert not rules[0].when.holds({"message_type": "KojiBuildPackageCompleted", "name": "glibc"})


def test_a_yaml_bomb_is_refused() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20)
    )

    assert "uses aliases more than 100 times" in faults_of(text)[0]
