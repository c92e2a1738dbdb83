"""Checks of one folder share files through a folder beside them."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checkotron_process import run_check, write_check

CHECK = """\
namespace: scratch
description: Calls a shared file.
maintainer: us
input: {item_type: koji_build}
shares: ours
actions:
  - python: {file: own.py, callable: run, item: "${item}"}
    export: results
  - resultsdb: {results: "${results}"}
"""
OWN = """\
import words
def run(item):
    return [{"item": item, "type": "koji_build", "outcome": "PASSED", "summary": words.SENTENCE}]
"""


@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_two_checks_call_one_shared_file(tmp_path: Path, executor: str) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "words.py").write_text("SENTENCE = 'from the shared file'\n")

    for name in ("first", "second"):
        ran = run_check(write_check(tmp_path / name, CHECK, own=OWN), tmp_path / f"out-{name}", executor=executor)

        assert [result.summary for result in ran.results] == ["from the shared file"]


def test_a_file_of_the_checks_own_goes_before_a_shared_one(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "words.py").write_text("SENTENCE = 'from the shared file'\n")
    check = write_check(tmp_path / "mine", CHECK, own=OWN, words="SENTENCE = 'my own'\n")

    assert [result.summary for result in run_check(check, tmp_path / "out").results] == ["my own"]


def test_a_shared_folder_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    ran = run_check(write_check(tmp_path / "alone", CHECK, own=OWN), tmp_path / "out")

    assert ran.exit_code == 2
    assert "shares: no folder `ours` beside the check's folder" in ran.stderr
