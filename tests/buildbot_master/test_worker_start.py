"""`checkotron worker-start`: the process of a container that a master has started becomes its worker."""
from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from tests.buildbot_master.conftest import wait_for

COMMAND = [sys.executable, "-P", "-m", "checkotron", "worker-start"]
#: Nobody answers at the port.
GIVEN = {"BUILDMASTER": "127.0.0.1", "BUILDMASTER_PORT": "1", "WORKERNAME": "pod-2", "WORKERPASS": "only-once"}


def refused(folder: Path, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in GIVEN}
    done = subprocess.run([*COMMAND, str(folder)], env=kept | environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert not folder.exists()
    return done.stderr


def test_it_becomes_the_worker_and_keeps_the_password_from_what_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "worker"
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([*COMMAND, str(folder), "--tag", "big"], env=os.environ | GIVEN, stdout=log,
                                   stderr=log)
    try:
        wait_for(lambda: "Starting factory" in (tmp_path / "log").read_text(), 60)

        environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        assert b"WORKERNAME=pod-2" in environment
        assert not [one for one in environment if one.startswith(b"WORKERPASS=")]
        assert (folder / "password").read_text() == "only-once\n"
        assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
        assert '"big"' in (folder / "pod-2/info/capabilities.json").read_text()
    finally:
        process.terminate()
        process.wait(30)


def test_variables_that_are_missing_are_named_all_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path / "worker", WORKERNAME="pod")

    assert ("environment: `BUILDMASTER`, `WORKERPASS` missing; a master sets them where it starts a latent worker. For "
            "a worker of your own run `checkotron worker-init`") in said


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path / "worker", **(GIVEN | {"BUILDMASTER_PORT": "tcp:9989"}))

    assert "environment: `BUILDMASTER_PORT` is `tcp:9989`; expected the port where the master takes workers" in said
