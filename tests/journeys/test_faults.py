"""Worse than an outage: connections that go silent, processes that stand still, full disks, clocks that jump."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "database"), [
    ("kill", "sqlite"), ("cut", "sqlite"), ("freeze", "sqlite"), ("disk", "sqlite"), ("clock", "sqlite"),
    ("kill", "postgresql"), ("database", "postgresql")])
def test_faults_while_messages_flow_lose_and_double_nothing(kind: str, database: str) -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks.chaos", "--faults", kind, "--rounds", "3", "--seed", "3",
                           "--master-database", database],
                          cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=800, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 rounds" in done.stdout
    assert "lost 0, doubled 0, not PASSED 0" in done.stdout
