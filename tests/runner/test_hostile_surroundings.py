"""Runs started carelessly: prepared folders, closed streams, full disks."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.artifacts import claim
from tests.runner.test_artifacts import collect
from tests.support.checkotron_process import ITEM, SAMPLE_CHECKS, run_check

PASSING = SAMPLE_CHECKS / "passing"


@pytest.mark.parametrize("name", ["results.tap", "run.log", "execution.json.part", "cmd-output.log"])
def test_a_link_in_the_folder_of_results_leads_no_writing_elsewhere(name: str, tmp_path: Path) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "out"
    victim.write_text("mine")
    folder.mkdir()
    (folder / name).symlink_to(victim)

    ran = run_check(PASSING, folder)

    assert (ran.exit_code, victim.read_text(), len(ran.results)) == (0, "mine", 1)


def test_a_pipe_in_the_folder_of_results_is_taken_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.log")

    claim(tmp_path)

    assert not (tmp_path / "run.log").exists()


def test_artifacts_follow_no_link_that_was_there_before(tmp_path: Path) -> None:
    source, target, elsewhere = tmp_path / "a", tmp_path / "out", tmp_path / "elsewhere"
    for folder in (source / "logs", target, elsewhere):
        folder.mkdir(parents=True)
    (source / "logs" / "x").write_text("theirs")
    (source / "y").write_text("theirs")
    (target / "logs").symlink_to(elsewhere)
    (target / "y").symlink_to(elsewhere / "y")

    names, said = collect(source, target)

    assert (names, list(elsewhere.iterdir())) == ([], [])
    assert sorted(said) == ["artifact `logs/x` is left out: a link leads out of the folder",
                            "artifact `y` is left out: there is a link or folder of that name"]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_stands_closed_streams(closed: str, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "checkotron", "run", str(PASSING), "--item", ITEM, "--artifacts", str(tmp_path)]

    done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *argv], capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")
