"""Check files: what they say, every fault at once, and formulas of 2014 to 2017 as they are."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.description import CheckDescription, CheckFileError, load_check, parse_check

RPMLINT = """
name: rpmlint
namespace: dist
description: Common packaging mistakes, found by rpmlint.
maintainer: checkotron
input: {item_type: koji_build, args: [koji_build, arch]}
environment: {rpm: [rpmlint]}
actions:
  - name: download the packages
    koji: {action: download, koji_build: "${koji_build}", arch: [all], src: true, target_dir: "${workdir}/rpms"}
  - name: run rpmlint
    python: {file: run_rpmlint.py, callable: run, rpms: "${workdir}/rpms", item: "${item}"}
    export: tap
  - name: say which results go out
    resultsdb: {results: "${tap}"}
"""


def parsed(text: str) -> CheckDescription:
    return parse_check(text, Path("/checks/x/x.yml"))


def faults(text: str) -> list[str]:
    with pytest.raises(CheckFileError) as caught:
        parsed(text)
    return [str(fault).removeprefix("/checks/x/x.yml:") for fault in caught.value.faults]


def test_a_check_of_2014_is_read_as_it_stands() -> None:
    check = parsed(RPMLINT)

    assert check.testcase == "dist.rpmlint"
    assert check.item_types == ("koji_build",)
    assert check.args == ("koji_build", "arch")
    assert check.environment.rpm == ("rpmlint",)
    assert [action.directive for action in check.actions] == ["koji", "python", "resultsdb"]
    assert [action.export for action in check.actions] == [None, "tap", None]
    assert check.actions[1].parameters == {"file": "run_rpmlint.py", "callable": "run", "rpms": "${workdir}/rpms",
                                           "item": "${item}"}
    assert check.arches == ("noarch",)
    assert check.runs_on("koji_build")
    assert not check.runs_on("bodhi_update")


def test_older_spellings_mean_the_same() -> None:
    check = parsed("name: a\ndesc: What it does.\ninput:\n    args: bodhi_id, arch\ntask:\n  - dummy: {result: PASS}\n")

    assert check.description == "What it does."
    assert check.item_types == ("bodhi_update",)
    assert check.actions[0].name == "dummy"


def test_every_fault_is_told_at_once_with_its_line() -> None:
    assert faults("name: x\nnamespac: dist\ntimeout: soon\ninput: {item_type: koji_buld}\nactions:\n"
                  "  - {name: a, koji: {}, bodhi: {}}\n  - 7\n  - {}\n") == [
        "2, namespac: unknown key `namespac`; did you mean `namespace`? known: name, namespace, description, "
        "maintainer, ref_url, version, disabled, input, arches, matrix, environment, run, actions, timeout, "
        "silence_timeout, resources, shares, artifacts, parameters, caches, secrets",
        "3, timeout: `soon` is not allowed here; expected a time above 0 and up to a week: seconds, or such as "
        "`20 min`, `2h`",
        "4, input.item_type[0]: `koji_buld` is not allowed here; did you mean `koji_build`? expected one of "
        "`koji_build`, `koji_tag`, `bodhi_update`, `yum_repository`, `compose`, `docker_image`, `dist_git_commit`, "
        "`git_commit`, `module_build`, `pull_request`, `copr_build`, `debian_source`",
        "6, actions[0]: expected exactly one directive beside `name` and `export`, found `koji` and `bodhi`",
        "7, actions[1]: `7` (a number) is not allowed here; expected an action: one directive with its arguments, and "
        "`name`, `export`",
        "8, actions[2]: expected exactly one directive beside `name` and `export`, found none"]


@pytest.mark.parametrize(("text", "fault"), [
    ("description: x\nactions: [{dummy: {}}]", "`name` is missing"),
    ("name: x", "`actions` is missing; expected at least one action"),
    ("name: x\nactions: []", "`actions` is missing"),
    ("name: '../x'\nactions: [{dummy: {}}]", "expected letters, digits and . _ + - only"),
    ("name: x\nrun: {using: command}", "`command` is missing"),
    ("name: x\nrun: {using: python-function}", "`file` is missing"),
    ("name: x\nrun: {using: python-function, file: ../x.py}", "expected a path inside the check's folder"),
    ("name: x\nrun: {using: python-function, file: /etc/x.py}", "expected a path inside the check's folder"),
    ("name: x\nrun: {using: command, command: ls}\nactions: [{dummy: {}}]", "does not go with `run.using: command`"),
    ("name: x\nmatrix: {arch: [a]}\narches: [b]\nactions: [{dummy: {}}]", "does not go with `arches`"),
    ("name: x\ndesc: a\ndescription: b\nactions: [{dummy: {}}]", "means the same as a key that is there already"),
    ("", "expected a mapping"),
    ("[1]", "expected a mapping"),
    ("name: [", "not valid YAML"),
])
def test_a_wrong_check_is_told(text: str, fault: str) -> None:
    assert any(fault in line for line in faults(text)), faults(text)


def test_the_other_ways_of_running_are_read() -> None:
    check = parsed("name: x\nrun: {using: command, command: [make, check], results: tap}\ntimeout: 5 min\n"
                   "resources: {memory: 1 GiB, cpus: 500m}\nmatrix: {arch: [x86_64, aarch64]}\n"
                   "environment: {network: true, env: {A: 1}}\n")

    assert check.run.command == ("make", "check")
    assert check.timeout_seconds == 300
    assert check.resources.memory_bytes == 2**30
    assert check.resources.cpus == 0.5
    assert check.arches == ("x86_64", "aarch64")
    assert check.has_matrix
    assert check.environment.network
    assert check.environment.variables == {"A": "1"}


def test_a_folder_stands_for_its_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "runtask.yml").write_text("name: a\nactions: [{dummy: {}}]\n")

    assert load_check(tmp_path / "a").name == "a"


def test_a_folder_without_a_check_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckFileError, match="expected `.*yml` in this folder, found no YAML file"):
        load_check(tmp_path)
    with pytest.raises(CheckFileError, match="no such file"):
        load_check(tmp_path / "nothing")


@pytest.mark.parametrize("plant", [lambda path: path.symlink_to("/dev/zero"), lambda path: os.mkfifo(path)])
def test_a_check_file_that_is_no_file_is_not_read(plant: Callable[[Path], None], tmp_path: Path) -> None:
    """Reading it would take for ever, or all memory; checks come from strangers' repositories."""
    (tmp_path / "odd").mkdir()
    plant(tmp_path / "odd" / "odd.yml")

    with pytest.raises(CheckFileError, match="is a pipe or a device; expected a plain file"):
        load_check(tmp_path / "odd")
