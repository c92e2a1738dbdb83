"""What Tab offers: what a person would have to look up otherwise."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.completion import offered


@pytest.fixture(autouse=True)
def own_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rpmmine").mkdir()
    (tmp_path / "rpmmine" / "rpmmine.yml").write_text(
        "name: rpmmine\nparameters: {level: '1'}\nactions: [{dummy: {}}]\n")
    (tmp_path / "notes").mkdir()
    monkeypatch.setenv("CHECKOTRON_CHECKS", str(tmp_path))


@pytest.mark.parametrize("command", [("run",), ("checks", "show"), ("checks", "lint"), ("checks", "doctor", "abi"),
                                     ("worker", "explain")])
def test_checks_of_the_library_and_of_ones_own(command: tuple[str, ...]) -> None:
    assert offered(*command, "rpm") == ["rpmlint", "rpmmine"]
    assert offered(*command, "no") == []


def test_a_path_is_left_to_the_shell() -> None:
    assert offered("run", "./no") == ["file"]
    assert offered("run", "checks/no") == ["file"]


def test_types_executors_and_parameters() -> None:
    assert offered("run", "rpmlint", "-t", "koji") == ["koji_build", "koji_tag"]
    assert offered("run", "rpmlint", "--executor", "s") == ["sandbox"]
    assert offered("run", "rpmmine", "-p", "") == ["level="]
    assert offered("run", "nothing", "-p", "") == []
