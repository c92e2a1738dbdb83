"""Rules that change while the trigger runs: good ones are taken, broken ones are told and change nothing."""

# ruff: noqa: E501 (rules as a user writes them)
from __future__ import annotations

import os
from pathlib import Path

import pytest

import trigger.rulebook as module
from trigger.rulebook import RulebookFile, Surroundings
from trigger.rules import RulesError

ONE = "- {when: {}, do: [{check: rpmlint}]}\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    path = tmp_path / "rules.yml"
    path.write_text(ONE)
    write_check(tmp_path, "rpmlint")
    return path


def write_check(folder: Path, name: str) -> None:
    (folder / "checks" / name).mkdir(parents=True, exist_ok=True)
    (folder / "checks" / name / f"{name}.yml").write_text(
        f"name: {name}\ninput: {{item_type: koji_build}}\nrun: {{using: command, command: ['true']}}\n"
    )


def book(path: Path) -> RulebookFile:
    return RulebookFile(path, [path.parent / "checks"], Surroundings())


def test_a_changed_file_is_in_force_at_once(path: Path) -> None:
    rules = book(path)
    before = rules()
    path.write_text(ONE * 2)

    assert [len(found.rules.rules) for found in (before, rules())] == [1, 2]
    assert rules() is rules()
    assert (rules.reloads, rules.failed_reloads) == (1, 0)


def test_a_file_that_is_replaced_is_seen_even_with_the_same_size_and_time(path: Path) -> None:
    rules = book(path)
    stat = path.stat()
    other = path.with_suffix(".new")
    other.write_text(ONE.replace("rpmlint", "rpmlin2"))
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)

    assert rules.failed_reloads == 0
    rules()
    assert rules.reloads + rules.failed_reloads == 1


def test_a_broken_file_keeps_the_old_rules_and_says_so_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rules = book(path)
    path.write_text("- {when: {nam: x}, do: []}")
    rules()
    rules()

    assert len(rules().rules.rules) == 1
    assert rules.failed_reloads == 1
    assert [record.getMessage() for record in caplog.records] == [
        "the changed rules have faults, the old ones stay in force"
    ] * 2
    assert "did you mean `name`?" in str(caplog.records[0].__dict__["fault"])


def test_a_file_that_is_away_for_a_moment_changes_nothing(path: Path) -> None:
    rules = book(path)
    path.unlink()

    assert len(rules().rules.rules) == 1
    path.write_text(ONE * 3)
    assert len(rules().rules.rules) == 3


def test_at_the_start_a_broken_file_is_refused(path: Path) -> None:
    path.write_text("- 1")

    with pytest.raises(RulesError):
        book(path)


def test_a_check_that_cannot_be_used_is_told_by_name(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_check(path.parent, "broken")
    (path.parent / "checks" / "broken" / "broken.yml").write_text("name: broken\nactions: 7\n")

    book(path)

    assert [record.getMessage() for record in caplog.records] == ["a check cannot be used"]
    assert "broken.yml:2, actions: " in str(caplog.records[0].__dict__["fault"])


def test_a_new_check_and_a_changed_list_are_in_force_without_a_restart(path: Path, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("a\n")
    path.write_text("lists: {names: {file: names.txt}}\nrules: [{when: {name: {$in: '${names}'}}, do: [{check: fresh}]}]")
    rules = book(path)
    before = rules()
    write_check(tmp_path, "fresh")
    after = rules()
    (tmp_path / "names.txt").write_text("a\nbb\n")

    assert len(before.rules.warnings) == 1
    assert after.rules.warnings == ()
    assert rules().rules.rules[0].when.holds({"name": "bb"})
