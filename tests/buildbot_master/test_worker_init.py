"""An operator's worker: made once, measured again later."""
from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.checkotron_process import checkotron


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(0o600)
    return path


def _init(folder: Path, password: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return checkotron("worker-init", folder, "--name", "b7", "--master", "checks.example.org:9989",
                      "--password-file", password, *more)


def test_the_folder_has_what_a_worker_needs(tmp_path: Path, password: Path) -> None:
    done = _init(tmp_path / "worker", password, "--tag", "big")

    tac = (tmp_path / "worker/buildbot.tac").read_text()
    offered = json.loads((tmp_path / "worker/b7-2/info/capabilities.json").read_text())
    assert done.returncode == 0, done.stderr
    assert "['b7-1', 'b7-2']" in tac
    assert "'checks.example.org', 9989" in tac
    assert "secret" not in tac
    assert offered["tags"] == ["big"]
    assert "system:arches" in offered


def test_a_second_call_measures_again_and_keeps_the_rest(tmp_path: Path, password: Path) -> None:
    _init(tmp_path / "worker", password, "--tag", "big")
    info = tmp_path / "worker/b7-1/info"
    (info / "admin").write_text("me\n")
    (info / "capabilities.json").write_text('{"tags": ["big"]}')

    done = _init(tmp_path / "worker", password)

    offered = json.loads((info / "capabilities.json").read_text())
    assert done.returncode == 0, done.stderr
    assert (info / "admin").read_text() == "me\n"
    assert offered["tags"] == ["big"]
    assert "system:arches" in offered


def test_a_changed_start_file_is_not_overwritten(tmp_path: Path, password: Path) -> None:
    _init(tmp_path / "worker", password)

    done = _init(tmp_path / "worker", password, "--slots", "3")

    assert done.returncode == 2
    assert "is there and says something else than the options" in done.stderr
    assert "b7-3" not in (tmp_path / "worker/buildbot.tac").read_text()


def test_a_password_that_others_may_read_is_refused(tmp_path: Path, password: Path) -> None:
    password.chmod(0o644)

    done = _init(tmp_path / "worker", password)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"Error: {password}: others may read it (mode 0644); run `chmod 0600 {password}`")


def test_no_password_and_no_address_are_told(tmp_path: Path, password: Path) -> None:
    missing = _init(tmp_path / "worker", tmp_path / "none")
    wrong = checkotron("worker-init", tmp_path / "worker", "--name", "b7", "--master", "nowhere", "--password-file",
                       password)

    assert (missing.returncode, wrong.returncode) == (2, 2)
    assert "the password cannot be read (No such file or directory)" in missing.stderr
    assert "expected HOST:PORT" in wrong.stderr
