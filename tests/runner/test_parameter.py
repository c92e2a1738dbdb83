"""Parameters of checks: the command line before the worker's environment before the check's own."""
from __future__ import annotations

from pathlib import Path

import pytest

from checks.description import load_check
from checks.item import ItemError
from runner.parameter import parameters_of
from tests.support.checkotron_process import checkotron, run_check, write_check

TEXT = """\
namespace: scratch
description: Says what was set.
maintainer: tests
parameters: {config: own, level: "1"}
actions:
  - command: [printf, "TAP version 13\\nok 1 - %s %s\\n1..1\\n", "${parameters.config}", "${parameters.level}"]
    export: tap
  - resultsdb: {results: "${tap}"}
"""
VARIABLE = "CHECKOTRON_PARAMETER_MY_CHECK_CONFIG"


@pytest.fixture
def check(tmp_path: Path) -> Path:
    return write_check(tmp_path / "my-check", TEXT)


def test_what_is_nearer_to_the_run_counts(check: Path) -> None:
    described = load_check(check)

    assert parameters_of(described, (), {}) == {"config": "own", "level": "1"}
    assert parameters_of(described, (), {VARIABLE: "worker"}) == {"config": "worker", "level": "1"}
    assert parameters_of(described, ("config=rule", "config=a=b"), {VARIABLE: "worker"}) == {
        "config": "a=b", "level": "1"}


@pytest.mark.parametrize(("given", "why"), [
    ("confg=x", "`--parameter`: check `my-check` has no parameter `confg`; did you mean `config`? known: config, "
                "level"),
    ("config", "`--parameter`: `config`; expected NAME=VALUE"),
    ("config=a\nb", "parameter `config` of check `my-check` is `a\\nb`; expected one line of at most 1024 characters"),
])
def test_what_is_no_parameter_is_said(check: Path, given: str, why: str) -> None:
    with pytest.raises(ItemError) as caught:
        parameters_of(load_check(check), (given,), {})

    assert str(caught.value) == why


def test_a_run_takes_them_and_says_them_in_its_report(check: Path, tmp_path: Path) -> None:
    ran = run_check(check, tmp_path / "out", "--parameter", "level=2", **{VARIABLE: "worker"})

    assert "ok 1 - worker 2\n" in ran.log()
    assert ran.report["details"]["parameters"] == {"config": "worker", "level": "2"}
    assert "--parameter=config=worker --parameter=level=2" in ran.stdout + ran.stderr


def test_a_check_without_any_refuses_one_by_name(tmp_path: Path) -> None:
    plain = write_check(tmp_path / "plain", "run: {using: command, command: ['true']}\n")
    done = checkotron("run", plain, "--item", "xchat-0.5-1.fc20", "-p", "config=x")

    assert done.returncode == 2
    assert "check `plain` has no parameter `config`; it has none" in done.stderr
