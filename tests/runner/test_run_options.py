"""Options that are a person's mistake are told before anything runs."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checkotron_process import SAMPLE_CHECKS, run_check


@pytest.mark.parametrize("arch", ["../../x", "x86 64", "-x", "a" * 33, "x\ny"])
def test_what_is_no_architecture_is_refused(tmp_path: Path, arch: str) -> None:
    ran = run_check(SAMPLE_CHECKS / "passing", tmp_path / "out", f"--arch={arch}")

    assert ran.exit_code == 2
    assert "is no architecture; expected a word such as `x86_64` or `noarch`" in ran.stderr
    assert (ran.report["execution_status"], ran.results) == ("NOT_OK", ())


def test_an_unknown_executor_is_the_command_lines_fault(tmp_path: Path) -> None:
    ran = run_check(SAMPLE_CHECKS / "passing", tmp_path / "out", executor="nope")

    assert ran.exit_code == 2
    assert "unknown executor `nope`; known: auto, local, podman, sandbox, recording" in ran.stderr
