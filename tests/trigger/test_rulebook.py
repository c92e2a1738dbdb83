"""Rules that change while the trigger runs: good ones are taken, broken ones are told and change nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import trigger.rulebook as module
from tests.trigger.planning import catalogue, check
from trigger.rulebook import RulebookFile, Surroundings
from trigger.rules import RulesError

ONE = "- {when: {}, do: [{check: rpmlint}]}\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    path = tmp_path / "rules.yml"
    path.write_text(ONE)
    return path


def book(path: Path) -> RulebookFile:
    return RulebookFile(path, lambda: catalogue(check("rpmlint")), Surroundings())


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
