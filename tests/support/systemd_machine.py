"""
A small Debian machine with systemd as its first process, in a container of systemd-nspawn, with Checkotron installed.

The tree is made once by mmdebstrap and kept for later runs, with what Checkotron
needs from PyPI: that takes a Debian mirror, PyPI and four minutes. A test gets a
copy of it, with this checkout installed, and a network of its own. Needs root.
"""
from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Outside of the checkout; kept.
FOLDER = Path("/var/tmp/checkotron-tests-machine")
_PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "python3-venv", "git", "ca-certificates", "bubblewrap",
             "util-linux", "procps", "rpm", "rpmlint", "createrepo-c", "rabbitmq-server", "postgresql", "curl", "gcc",
             "python3-dev", "libkrb5-dev")
#: What a machine has nothing of when it begins: folders of the checkout that are not installed.
_LEFT_OUT = {".git", ".venv", "tests", "benchmarks"}
_BOOT_SECONDS = 120


@dataclass
class Machine:
    """One that runs. `first`: the process id of its systemd, outside."""

    tree: Path
    first: int

    def run(self, script: str, *, seconds: float = 120, check: bool = True) -> str:
        """Run a shell script as root inside; return what it printed. Fails with its words where it does."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.first), "-m", "-u", "-i", "-n", "-p", "env", "-i",
             "PATH=/opt/checkotron/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root",
             "sh", "-euc", script], capture_output=True, text=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def wait_for(self, script: str, expected: str, seconds: float = 60) -> str:
        """Run a script again and again until it prints the expected; return what it printed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if expected in (said := self.run(script, check=False)):
                return said
            time.sleep(0.3)
        raise AssertionError(f"`{script}` never said `{expected}`, but `{said[-1000:]}`; the journal ends with:\n"
                             f"{self.journal()}")

    def journal(self) -> str:
        """Return the end of what our units said."""
        return self.run("journalctl --no-pager -n 60 -o cat -u 'checkotron*'", check=False)[-6000:]


@contextmanager
def running_machine(folder: Path) -> Iterator[Machine]:
    """Copy the kept tree, install this checkout in it, boot it; switch it off and remove it at the end."""
    tree = folder / "machine"
    subprocess.run(["cp", "-a", "--reflink=auto", str(_kept_tree()), str(tree)], check=True)
    source = tree / "usr/src/checkotron"
    shutil.copytree(ROOT, source, ignore=lambda place, names: [
        name for name in names if name == "__pycache__" or (Path(place) == ROOT and name in _LEFT_OUT)])
    _inside(tree, "/opt/checkotron/bin/pip install --quiet --no-deps --no-index --no-build-isolation "
                  "/usr/src/checkotron")
    with open(folder / "nspawn.log", "wb") as log:
        container = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", "systemd-nspawn", "--directory", str(tree), "--boot", "--register=no",
             "--keep-unit", "--private-network", "--console=pipe"],
            # as on a machine of its own, where bubblewrap may write to its /proc/sys
            env={**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1"},
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            machine = Machine(tree, _first_process(container, folder / "nspawn.log"))
            machine.wait_for("systemctl is-system-running || true", "running", _BOOT_SECONDS)
            yield machine
        finally:
            _switch_off(container)
            subprocess.run(["rm", "-rf", "--one-file-system", str(tree)], check=False)


def _kept_tree() -> Path:
    """Return the tree with Debian's packages and those of PyPI, made where it is missing or of other packages."""
    if os.geteuid() != 0:
        raise RuntimeError("a container of systemd-nspawn needs root; run `make full` as root")
    for program, package in (("mmdebstrap", "mmdebstrap"), ("systemd-nspawn", "systemd-container")):
        if shutil.which(program) is None:
            raise RuntimeError(f"{program} is missing: apt-get install {package}")
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    wanted = hashlib.sha256((ROOT / "setup.cfg").read_bytes() + repr(_PACKAGES).encode()).hexdigest()
    with open(FOLDER / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made, tree = FOLDER / "made", FOLDER / "tree"
        if made.exists() and made.read_text() == wanted:
            return tree
        made.unlink(missing_ok=True)
        if not (FOLDER / "debian").exists() or not tree.exists():
            shutil.rmtree(tree, ignore_errors=True)
            _run(["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(_PACKAGES)}", "bookworm",
                  str(tree)], 900)
            (FOLDER / "debian").touch()
        _install_packages(tree)
        made.write_text(wanted)
        return tree


def _install_packages(tree: Path) -> None:
    """Make the virtual environment with everything but Checkotron itself, which changes with each test run."""
    for place in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt", "etc/pip.conf"):
        if Path("/", place).exists():
            (tree / place).unlink(missing_ok=True)
            shutil.copyfile(Path("/", place), tree / place)
    source = tree / "usr/src/checkotron"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT, source, ignore=lambda place, names: [
        name for name in names if name == "__pycache__" or (Path(place) == ROOT and name in _LEFT_OUT)])
    _inside(tree, "python3 -m venv /opt/checkotron && /opt/checkotron/bin/pip install --quiet setuptools wheel "
                  "/usr/src/checkotron && /opt/checkotron/bin/pip uninstall --quiet --yes checkotron")
    shutil.rmtree(source)


def _inside(tree: Path, script: str) -> None:
    _run(["chroot", str(tree), "sh", "-euc", script], 900)


def _run(command: list[str], seconds: float) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}: {(done.stdout + done.stderr)[-2000:]}")


def _first_process(container: subprocess.Popen[bytes], log: Path) -> int:
    """Return the process id, outside, of the container's systemd."""
    deadline = time.monotonic() + _BOOT_SECONDS
    while time.monotonic() < deadline and container.poll() is None:
        children = Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()
        for child in children:
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return int(child)
        time.sleep(0.1)
    raise RuntimeError(f"the container did not start: {log.read_text(errors='replace')[-2000:]}")


def _switch_off(container: subprocess.Popen[bytes]) -> None:
    if container.poll() is None:
        container.send_signal(signal.SIGTERM)
        try:
            container.wait(60)
        except subprocess.TimeoutExpired:
            container.kill()
            container.wait(60)
