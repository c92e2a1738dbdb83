"""
A real chroot for sbuild, and an account that may build in it, for slow tests.

The tarball is made once by mmdebstrap and kept for later runs: it needs a Debian
mirror and a minute. Builds in it need no network: it has no apt sources.
"""
from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: Outside of the checkout, which the account need not be able to enter.
CHROOTS = Path(f"/var/tmp/checkotron-tests-{os.getuid()}/chroots")
#: Where the builds of this process have their folders.
BUILDS = CHROOTS.with_name(f"builds-{os.getpid()}")
NAME = "bookworm-amd64"
_NEEDED = {"sbuild": "sbuild", "mmdebstrap": "mmdebstrap", "newuidmap": "uidmap", "dpkg-source": "dpkg-dev"}

#: Runs inside the namespace: the directive, and its value or its error as JSON.
_PROGRAM = """
import json, sys
from pathlib import Path
from runner.abort import aborted_by_signals
from runner.directive import DirectiveContext, DirectiveError
from runner.directives.sbuild import Sbuild
folder, chroots, parameters = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
context = DirectiveContext.alone(Path(folder), settings={"chroots": chroots})
with aborted_by_signals(context.abort):
    try:
        answer = {"value": Sbuild(parameters).run(context)}
    except DirectiveError as error:
        answer = {"error": str(error), "code": error.code}
Path(folder, "answer.json").write_text(json.dumps(answer))
"""


def chroots() -> Path:
    """Return the folder with the tarball, made where it is missing."""
    if missing := sorted({package for program, package in _NEEDED.items() if shutil.which(program) is None}):
        raise RuntimeError(f"these tests build a real package; they need: apt-get install {' '.join(missing)}")
    CHROOTS.mkdir(parents=True, exist_ok=True)
    tarball = CHROOTS / f"{NAME}.tar"
    with open(CHROOTS / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tarball.exists():
            part = CHROOTS / "part.tar"
            empty = 'rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists/*'
            done = subprocess.run(["mmdebstrap", "--variant=buildd", "--include=fakeroot", f"--customize-hook={empty}",
                                   "bookworm", part], capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"mmdebstrap cannot make a chroot: {done.stderr[-2000:]}")
            part.rename(tarball)
    return CHROOTS


def start_sbuild(folder: Path, parameters: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the directive in a process of its own, as a user who may build; root gets one in a namespace."""
    folder.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-c", _PROGRAM, str(folder), str(chroots()), json.dumps(parameters)]
    BUILDS.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(as_one_who_may_build(argv, folder), cwd=ROOT, stdin=subprocess.DEVNULL,
                            env=os.environ | {"TMPDIR": str(BUILDS)})


def as_one_who_may_build(argv: list[str], folder: Path) -> list[str]:
    """Return the command line for a user who may build; root gets such a user in a namespace, files in the folder."""
    if os.geteuid() != 0:
        return argv
    return ["unshare", "--mount", "--propagation=private", "sh", "-ec", _script(folder), "sh", *argv]


def run_sbuild(folder: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """Run the directive; return `value`, or `error` and `code`."""
    start_sbuild(folder, parameters).wait()
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return answer


def _script(folder: Path) -> str:
    """Return the shell lines that give this mount namespace, and nobody else, a user with subordinate ids."""
    lines = {"passwd": "builder:x:64999:64999::/nonexistent:/bin/sh\n", "group": "builder:x:64999:\n",
             "subuid": "builder:1000000:65536\n", "subgid": "builder:1000000:65536\n"}
    for name, line in lines.items():
        own = Path("/etc", name).read_text() if name in ("passwd", "group") else ""
        (folder / f"etc-{name}").write_text(own + line)
    mounts = [f"test -e /etc/{name} && mount --bind '{folder}/etc-{name}' /etc/{name}" for name in lines]
    return "\n".join([*mounts, 'exec "$@"'])
