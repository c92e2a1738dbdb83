"""
Images for tests with real containers, built here: nothing is taken from a registry.

Debian 12 is made by mmdebstrap; RabbitMQ and PostgreSQL are stand-ins of Debian's packages
(tests/support/compose_images), which obey what docs/compose/compose.yml uses of the real images.
They bear the real names for the time of a test only. Made once, kept in podman's storage.
"""
from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.podman_settings import podman_environment

ROOT = Path(__file__).resolve().parents[2]
_FOLDER = Path(__file__).parent / "compose_images"
#: Where stand-ins are kept -> the name that files of ours know.
_STAND_INS = {"debian:12": "docker.io/library/debian:12", "rabbitmq:4": "docker.io/library/rabbitmq:4",
              "postgres:16": "docker.io/library/postgres:16"}
_NEEDED = {"podman": "podman", "runc": "runc", "catatonit": "catatonit", "mmdebstrap": "mmdebstrap",
           "/usr/lib/podman/netavark": "netavark", "/usr/lib/podman/aardvark-dns": "aardvark-dns"}
#: Folders of the checkout that are not wanted in an image, nor in a project folder.
_LEFT_OUT = ("tests", "benchmarks", "__pycache__")
_BUILD_SECONDS = 900


class Engine:
    """podman, with settings of its own: containers find each other by name, and limits are not raised."""

    def __init__(self, folder: Path) -> None:
        missing = [package for program, package in _NEEDED.items()
                   if shutil.which(program, path=f"{os.environ['PATH']}:/usr/libexec/podman") is None]
        if missing or os.geteuid() != 0:
            pytest.fail(f"needs root and `apt-get install {' '.join(missing)}`; run `make full` as root")
        self.environment = podman_environment()
        given = self.environment.get("CONTAINERS_CONF")
        settings = folder / "containers.conf"
        settings.write_text(_with_netavark(Path(given).read_text() if given else ""))
        self.environment["CONTAINERS_CONF"] = str(settings)
        self._pip = _pip_settings(folder)

    def run(self, *words: str, seconds: float = 120, check: bool = True) -> str:
        """Run podman; return what it printed. Fails with its words where it does."""
        done = subprocess.run(["podman", *words], env=self.environment, capture_output=True, text=True, check=False,
                              timeout=seconds, stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, f"podman {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def logs(self, container: str) -> str:
        """Return the end of what a container said, on either of its streams."""
        done = subprocess.run(["podman", "logs", "--tail=40", container], env=self.environment, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.stdout[-3000:]

    @property
    def build_words(self) -> list[str]:
        """What a build on this machine needs beside the file: the machine's network, and its settings of pip."""
        return ["--network=host", f"--volume={self._pip}:/run/pip:ro",
                f"--volume={self._pip / 'pip.conf'}:/etc/pip.conf:ro"]

    @contextmanager
    def stand_ins(self, names: Sequence[str] = tuple(_STAND_INS)) -> Iterator[None]:
        """Give the stand-ins their real names for the time of the block; what bore them before has them again then."""
        before = {name: self.run("images", "--quiet", _STAND_INS[name]) for name in names}
        for name in names:
            self._tag(name)
        try:
            yield
        finally:
            for name, image in before.items():
                self.run("untag", f"localhost/checkotron-stand-in/{name}", _STAND_INS[name], check=False)
                if image:
                    self.run("tag", image, _STAND_INS[name], check=False)

    @contextmanager
    def replaced(self, image: str) -> Iterator[None]:
        """Remove what bore the name of an image before the block, where the block has made another."""
        ask = ("images", "--no-trunc", "--quiet", image)
        before = self.run(*ask)
        yield
        if before and before != self.run(*ask):
            # with the layers that nothing else is made of; what has another name stays
            self.run("rmi", before, check=False)

    def _tag(self, name: str) -> None:
        kept = f"localhost/checkotron-stand-in/{name}"
        if name == "debian:12":
            if not self._has(kept):
                self._make_debian(kept)
        else:
            self.run("build", *self.build_words, "--quiet", "--tag", kept, "--file",
                     str(_FOLDER / f"{name.partition(':')[0]}.Containerfile"), str(_FOLDER), seconds=_BUILD_SECONDS)
        self.run("tag", kept, _STAND_INS[name])

    def _has(self, image: str) -> bool:
        return subprocess.run(["podman", "image", "exists", image], env=self.environment, check=False).returncode == 0

    def _make_debian(self, image: str) -> None:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            tree = Path(folder, "debian.tar")
            done = subprocess.run(["mmdebstrap", "--mode=root", "--variant=minbase", "bookworm", str(tree)],
                                  capture_output=True, text=True, check=False, timeout=_BUILD_SECONDS)
            assert done.returncode == 0, done.stderr[-3000:]
            self.run("import", "--change", 'CMD ["bash"]', str(tree), image, seconds=300)


def _with_netavark(settings: str) -> str:
    """Return settings of podman with the network in which containers find each other by name."""
    if "network_backend" in settings:
        return settings
    head, has_section, rest = settings.partition("[network]\n")
    return f'{head}[network]\nnetwork_backend = "netavark"\n{rest if has_section else ""}'


def copy_of_checkout(folder: Path) -> Path:
    """Return a copy of this checkout as an operator has one: no caches, no virtual environment."""
    target = folder / "checkout"
    shutil.copytree(ROOT, target, ignore=lambda place, names: [
        name for name in names if name in _LEFT_OUT or (Path(place) == ROOT and name.startswith("."))])
    return target


def refuse_taken_ports(ports: Sequence[int]) -> None:
    """Fail with a message where somebody on this machine listens on a port that is wanted."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError as error:
                pytest.fail(f"port {port} is wanted by docs/compose/compose.yml and taken here: {error}")


def _pip_settings(folder: Path) -> Path:
    """Return a folder with pip's settings of this machine, for builds: the authorities it trusts and its index."""
    made = folder / "pip"
    made.mkdir()
    trusted = Path("/etc/ssl/certs/ca-certificates.crt")
    lines = ["[global]"]
    if trusted.exists():
        shutil.copyfile(trusted, made / "ca.crt")
        lines.append("cert = /run/pip/ca.crt")
    found = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True,
                           text=True, check=False)
    index = os.environ.get("PIP_INDEX_URL") or found.stdout.strip()
    lines += [f"index-url = {index}"] if index else []
    (made / "pip.conf").write_text("\n".join(lines) + "\n")
    return made
