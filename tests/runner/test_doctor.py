"""`checks doctor`: what is missing, and how to install it."""
from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from checks.description import CheckDescription, Environment
from runner.checks_cli import checks
from runner.doctor import Diagnosis, PackageSystem, combined, diagnose, package_system

READY = {"executor:local:available": True, "system:arch": "x86_64"}
NOTHING_INSTALLED = PackageSystem("deb", "apt-get install", lambda name: False)


def check(**environment: tuple[str, ...]) -> CheckDescription:
    return CheckDescription("mine", Path(), Path(), environment=Environment(**environment))


def test_a_missing_tool_comes_with_the_command_that_installs_it() -> None:
    mine = check(tools=("rpmlint",), deb=("rpmlint", "cpio"))

    found = diagnose(mine, READY | {"tool:rpmlint": None}, NOTHING_INSTALLED)

    assert found == Diagnosis("mine", ("tool `rpmlint` is needed, the worker lacks it",),
                              ("apt-get install rpmlint cpio",))


def test_a_tool_that_is_there_may_have_come_from_anywhere() -> None:
    found = diagnose(check(tools=("rpmlint",), deb=("rpmlint",)), READY | {"tool:rpmlint": "/opt/bin/rpmlint"},
                     NOTHING_INSTALLED)

    assert found == Diagnosis("mine")


def test_a_package_without_a_tool_is_asked_for_itself() -> None:
    found = diagnose(check(deb=("python3-solv",)), READY, NOTHING_INSTALLED)

    assert found.reasons == ("package `python3-solv` is needed and not installed",)
    assert found.install == ("apt-get install python3-solv",)


def test_a_missing_python_package_is_told() -> None:
    found = diagnose(check(python=("click", "never-heard-of-it")), READY, None)

    assert found.reasons == ("Python package `never-heard-of-it` is needed and not installed",)
    assert found.install == ("pip install never-heard-of-it",)


def test_commands_are_put_together_and_name_each_package_once() -> None:
    found = [Diagnosis("a", ("x",), ("apt-get install rpm cpio", "pip install one")),
             Diagnosis("b", ("x",), ("apt-get install rpm lintian",))]

    assert combined(found) == ["apt-get install rpm cpio lintian", "pip install one"]


def test_this_machines_package_system_knows_what_is_installed() -> None:
    system = package_system()

    assert system is not None
    assert system.is_installed("bash")
    assert not system.is_installed("a-package-that-nobody-made")


def test_the_command_tells_each_check_of_the_library() -> None:
    done = CliRunner().invoke(checks, ["doctor", "--json", "rpmlint", "dist.abi"], standalone_mode=False)

    assert [each["check"] for each in json.loads(done.output)] == ["rpmlint", "abi"]
    assert done.return_value in (0, 3)


def test_an_unknown_check_names_the_nearest() -> None:
    done = CliRunner().invoke(checks, ["doctor", "rpmlnt"])

    assert done.exit_code == 2
    assert "no check `rpmlnt`; did you mean `rpmlint`?" in done.output
