"""The catalogue: every good check, and what is wrong with the others."""
from __future__ import annotations

from pathlib import Path

import pytest

from checks.catalogue import UnknownCheckError, find_check, library_folder, load_catalogue
from checks.description import CheckFileError


def make(folder: Path, name: str, more: str = "actions: [{dummy: {}}]\n") -> Path:
    path = folder / name
    path.mkdir(parents=True)
    (path / f"{name}.yml").write_text(f"name: {name}\n{more}")
    return path


def test_a_broken_check_hides_no_good_one(tmp_path: Path) -> None:
    make(tmp_path, "good")
    make(tmp_path, "bad", "actions: 7\n")

    catalogue = load_catalogue([tmp_path])

    assert list(catalogue.checks) == ["good"]
    assert [fault.file for fault in catalogue.faults] == [str(tmp_path / "bad" / "bad.yml")]


def test_checks_are_found_by_item_type_unless_disabled(tmp_path: Path) -> None:
    make(tmp_path, "builds", "input: {item_type: koji_build}\nactions: [{dummy: {}}]\n")
    make(tmp_path, "updates", "input: {item_type: bodhi_update}\nactions: [{dummy: {}}]\n")
    make(tmp_path, "anything")
    make(tmp_path, "off", "disabled: true\nactions: [{dummy: {}}]\n")

    assert [check.name for check in load_catalogue([tmp_path]).for_item_type("koji_build")] == ["anything", "builds"]


def test_the_first_of_two_with_one_name_stays_and_the_other_is_a_fault(tmp_path: Path) -> None:
    make(tmp_path / "one", "same")
    make(tmp_path / "two", "same")

    catalogue = load_catalogue([tmp_path / "one", tmp_path / "two"])

    assert catalogue.get("same").folder == tmp_path / "one" / "same"
    assert "check `same` is there already" in str(catalogue.faults[0])


def test_a_check_beside_the_folders_is_a_fault_and_any_other_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "lone.yml").write_text("name: lone\nactions: [{dummy: {}}]\n")
    (tmp_path / "rules.yml").write_text("- when: {}\n  do: [{check: lone}]\n")

    faults = load_catalogue([tmp_path]).faults

    assert [str(fault) for fault in faults] == [
        f"{tmp_path}/lone.yml: is not found here: a check has a folder of its own; "
        f"move it to `{tmp_path}/lone/lone.yml`"]


def test_an_unknown_name_is_told_with_the_nearest(tmp_path: Path) -> None:
    make(tmp_path, "rpmlint")

    with pytest.raises(UnknownCheckError, match="no check `rpmlit`; did you mean `rpmlint`\\? known: rpmlint"):
        load_catalogue([tmp_path]).get("rpmlit")


def test_a_check_is_also_found_by_its_testcase(tmp_path: Path) -> None:
    make(tmp_path, "rpmlint", "namespace: dist\nactions: [{dummy: {}}]\n")

    assert find_check("dist.rpmlint", [tmp_path]).name == "rpmlint"


def test_a_person_names_a_check_by_name_or_path(tmp_path: Path) -> None:
    path = make(tmp_path / "lib", "a")

    assert find_check("a", [tmp_path / "lib"]).name == "a"
    assert find_check(str(path), []).name == "a"
    assert find_check(str(path / "a.yml"), []).name == "a"
    with pytest.raises(CheckFileError, match="no such file"):
        find_check(str(tmp_path / "nothing"), [])


def test_a_missing_folder_is_a_fault(tmp_path: Path) -> None:
    assert "no such folder of checks" in str(load_catalogue([tmp_path / "nothing"]).faults[0])


def test_the_library_has_no_faults() -> None:
    catalogue = load_catalogue([library_folder()])

    assert catalogue.faults == ()
    assert "rpmlint" in catalogue.checks
