"""The debian_rebuild check: a source package made here, built for real."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkotron_process import Ran
from tests.support.debian_chroot import as_one_who_may_build, chroots
from tests.support.debian_source import source_package
from tests.support.library_script import load_script

building = load_script("debian_rebuild", "distribution.py")


def run_here(tmp_path: Path, build: str) -> Ran:
    source_package(tmp_path / "pool", build=build)
    argv = [sys.executable, "-m", "checkotron", "run", "debian_rebuild", "--item", "tiny_1.0", "--item-type",
            "debian_source", "--executor", "local", "--artifacts", str(tmp_path / "out")]
    environment = {"CHECKOTRON_DEBIAN_POOL": str(tmp_path / "pool"), "CHECKOTRON_CHROOTS": str(chroots()),
                   "CHECKOTRON_DEBIAN_DISTRIBUTION": "bookworm"}
    done = subprocess.run(as_one_who_may_build(argv, tmp_path), capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})
    return Ran(done.returncode, done.stdout, done.stderr, tmp_path / "out")


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("build", "outcome", "summary"), [
    ("true", "PASSED", "built"), ("echo it does not compile; false", "FAILED", "failed to build, at `build`"),
])
def test_the_verdict_is_sbuilds_own(tmp_path: Path, build: str, outcome: str, summary: str) -> None:
    ran = run_here(tmp_path, build)

    assert ran.exit_code == 0, ran.stdout + ran.stderr
    [result] = ran.results
    assert (result.item, result.outcome, result.summary) == ("tiny_1.0", outcome, summary)
    assert (tmp_path / "out" / str(result.artifact)).is_file()


def test_the_operator_says_what_to_build_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOTRON_DEBIAN_DISTRIBUTION", "trixie")

    assert building.distribution() == {"codename": "trixie"}


@pytest.mark.parametrize(("text", "codename"), [
    ("ID=debian\nVERSION_CODENAME=bookworm\n", "bookworm"),
    ('ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME="noble"\n', "noble"),
])
def test_without_it_this_machine_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, codename: str,
) -> None:
    (tmp_path / "os-release").write_text(text)
    monkeypatch.setattr(building, "OS_RELEASE", tmp_path / "os-release")

    assert building.distribution() == {"codename": codename}


def test_on_another_distribution_somebody_has_to_say_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text("ID=fedora\nVERSION_CODENAME=\n")
    monkeypatch.setattr(building, "OS_RELEASE", tmp_path / "os-release")

    with pytest.raises(RuntimeError, match=r"set \$CHECKOTRON_DEBIAN_DISTRIBUTION to the codename to build for"):
        building.distribution()
