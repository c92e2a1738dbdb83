"""Trigger, broker and door die at random while messages flow: nothing lost, nothing doubled."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.full
@pytest.mark.timeout(900)
def test_whatever_dies_every_job_is_there_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.trigger.chaos", "4", "11"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
