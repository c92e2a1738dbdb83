"""rpm, with a stand-in for dnf on the path: what is asked of it, and what its answers mean."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.alone import run_command_here
from runner.command import Command, CommandResult
from runner.directive import DirectiveContext, DirectiveError, ParametersError, SurroundingsError
from runner.directives.rpm import Rpm
from runner.executor import ExecutorError

ABLE = {"directive:rpm:version": 1, "directive:rpm:missing": [], "executor:local:root": True}


class Surroundings:
    """Where the check runs: commands really run, the rights of root are only remembered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.as_root: list[bool] = []
        self.context = DirectiveContext.alone(folder, run_command=self.run)
        self._here = run_command_here(folder, self.context.abort)

    def run(self, command: Command) -> CommandResult:
        self.as_root.append(command.as_root)
        return self._here(replace(command, as_root=False))

    def asked(self) -> list[str]:
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    return Surroundings(tmp_path / "run")


def stand_in(surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, then: str, name: str = "dnf") -> None:
    programs = surroundings.folder / "programs"
    programs.mkdir()
    (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {surroundings.folder}/asked\n{then}\n')
    (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))


def test_names_and_paths_are_installed_as_root(surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(surroundings, monkeypatch, "exit 0")

    value = Rpm({"install": ["rpmlint", "rpms/x.rpm"]}).run(surroundings.context)

    path = f"{surroundings.context.workdir}/rpms/x.rpm"
    assert value == ["rpmlint", path]
    assert surroundings.asked() == [f"dnf install -y -- rpmlint {path}"]
    assert surroundings.as_root == [True]


def test_another_program_than_dnf_will_do(surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(surroundings, monkeypatch, "exit 0", "microdnf")

    Rpm("rpmlint").run(surroundings.context)

    assert surroundings.asked() == ["microdnf install -y -- rpmlint"]


def test_a_mirror_that_stumbles_is_asked_again(surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = surroundings.folder / "seen"
    stand_in(surroundings, monkeypatch, f"[ -e {seen} ] && exit 0; : > {seen}; exit 1")

    Rpm(["rpmlint"]).run(surroundings.context)

    assert len(surroundings.asked()) == 2


def test_mirrors_that_fail_every_time_are_a_fault_of_the_surroundings(surroundings: Surroundings,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(surroundings, monkeypatch, "echo Curl error: timeout; exit 1")

    with pytest.raises(SurroundingsError) as caught:
        Rpm({"install": "rpmlint", "tries": 2}).run(surroundings.context)

    assert str(caught.value) == "dnf failed 2 times: Curl error: timeout"
    assert len(surroundings.asked()) == 2


def test_a_package_that_nobody_has_is_the_check_s_fault_and_tried_once(surroundings: Surroundings,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(surroundings, monkeypatch, "echo Error: Unable to find a match: rpmlnt; exit 1")

    with pytest.raises(DirectiveError, match="Unable to find a match: rpmlnt") as caught:
        Rpm("rpmlnt").run(surroundings.context)

    assert (caught.value.code, caught.value.exit_code) == ("no-such-package", 1)
    assert len(surroundings.asked()) == 1


def test_surroundings_without_dnf_are_told_what_to_do(surroundings: Surroundings,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(surroundings.folder))

    with pytest.raises(DirectiveError, match="have no dnf, microdnf or yum; choose an image"):
        Rpm("rpmlint").run(surroundings.context)


def test_an_executor_that_cannot_be_root_says_so(tmp_path: Path) -> None:
    def refuse(command: Command) -> CommandResult:
        raise ExecutorError("`as_root` needs an executor that can be root")

    with pytest.raises(ExecutorError, match="can be root"):
        Rpm("rpmlint").run(DirectiveContext.alone(tmp_path, run_command=refuse))


def test_a_worker_needs_an_executor_that_can_be_root() -> None:
    assert Rpm("rpmlint").can_run_on(ABLE) == ()
    assert Rpm("rpmlint").can_run_on(ABLE | {"executor:local:root": False}) == (
        "no executor of the worker can be root, which directive `rpm` needs",)


@pytest.mark.parametrize("name", ["-y", "--installroot=/", "a b", ""])
def test_options_are_no_packages(name: str) -> None:
    with pytest.raises(ParametersError, match="expected a package's name"):
        Rpm([name])


def test_a_package_outside_the_workspace_is_refused(surroundings: Surroundings) -> None:
    with pytest.raises(DirectiveError, match="is outside the workspace"):
        Rpm("/root/x.rpm").run(surroundings.context)
