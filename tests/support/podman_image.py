"""A small image for podman, of this machine's own files: a shell, tools and Python. Nothing is downloaded."""
from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from runner.podman_settings import podman_environment

IMAGE = "localhost/checkotron-test:2"
_TOOLS = ("sh", "env", "cat", "echo", "sleep", "true", "false", "head", "id", "ls", "mkdir", "mv", "touch", "yes",
          "setsid", "python3", "tr", "seq", "printf")


def podman_image() -> str:
    """Return the image's name; make it where it is not there."""
    if not shutil.which("podman") or not shutil.which("runc"):
        pytest.fail("podman and runc are not installed; `apt-get install podman runc catatonit`")
    environment = podman_environment()
    if subprocess.run(["podman", "image", "exists", IMAGE], env=environment, check=False).returncode == 0:
        return IMAGE
    with subprocess.Popen(["podman", "import", "--change", "ENV PATH=/usr/bin:/bin", "-", IMAGE], stdin=subprocess.PIPE,
                          env=environment) as process:
        assert process.stdin is not None
        with tarfile.open(fileobj=process.stdin, mode="w|") as tar:
            _fill(tar)
    assert process.returncode == 0
    return IMAGE


def _fill(tar: tarfile.TarFile) -> None:
    programs = [Path(found) for tool in _TOOLS if (found := shutil.which(tool, path="/usr/bin:/bin"))]
    libraries: set[str] = set()
    for program in [*programs, *Path("/usr/lib/python3.11/lib-dynload").glob("*.so")]:
        text = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        libraries.update(word for line in text.splitlines() for word in line.split() if word.startswith("/"))
    for link in ("bin", "lib", "lib64", "sbin"):
        _add_link(tar, link)
    for path in sorted({str(program.resolve()) for program in programs} | libraries):
        tar.add(os.path.realpath(path), "usr" + path.removeprefix("/usr") if not path.startswith("/usr") else path[1:])
    for program in programs:
        if program.is_symlink():
            tar.add(program.resolve(), f"usr/bin/{program.name}")
    tar.add("/usr/lib/python3.11", "usr/lib/python3.11", filter=_without_tests)
    for folder in ("tmp", "run", "proc", "sys", "dev", "etc", "var"):
        info = tarfile.TarInfo(folder)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)


def _add_link(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, f"usr/{name}"
    tar.addfile(info)


def _without_tests(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    skipped = ("/test/", "/__pycache__", "/idlelib", "/tkinter", "/ensurepip", "/lib2to3", "/pydoc_data", "config-3.11")
    return None if any(part in f"/{info.name}/" for part in skipped) else info
