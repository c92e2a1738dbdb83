"""
The podman executor: commands in containers, from an image of this machine. No image is downloaded.

The container has no network unless asked for, a read-only root, no capabilities
(root inside only where a command asks for it), and limits on memory, processes
and processors. It sees the workspace and the check's folder where they are.
Each command has a container of its own: it costs no more than a second command in
the same one, and nothing can be left behind in it.
"""
from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.abort import AbortToken
from runner.command import EXITED, Command, CommandResult
from runner.executor import Confinement, ExecutorError, Sinks
from runner.podman_settings import podman_environment
from runner.process import CommandNotFoundError, ProcessRequest, run_process
from runner.sandbox_limits import SandboxLimits
from runner.sandbox_system import own_copy

#: The image where a check asks for none: `podman import` of a Debian tree makes it, see docs/executors.md.
DEFAULT_IMAGE = "localhost/checkroot:bookworm"
_USER, _ROOT = "65534:65534", "0:0"
#: Where a command finds caches and secrets.
_CACHES, _SECRETS = Path("/var/cache/checkotron"), Path("/run/secrets")
#: Exit codes of env(1), by which it says that the command could not be started.
_NOT_STARTED = {126: "permission denied", 127: "no such file or directory"}
#: Exit codes that may be podman's own instead of the command's.
_DOUBTFUL = (125, 126, 127, 137)
#: Of a user in all containers together; the limit of one container is on its control group.
_PROCESSES = 4096
#: Seconds for podman itself: to start a container, to remove it.
_PODMAN_SECONDS = 60.0


class PodmanExecutor:
    """Runs commands in containers."""

    name = "podman"
    confines = True
    can_be_root = True

    def problems(self) -> tuple[str, ...]:
        """Return whether podman is missing."""
        if not shutil.which("podman"):
            return ("`podman` is not installed; `apt-get install podman runc`",)
        return ()

    def analyse(self) -> Mapping[str, Any]:
        """Return the images of this machine."""
        if self.problems():
            return {}
        images = _podman(["images", "--format", "{{.Repository}}:{{.Tag}}"]).decode("utf-8", "replace").split()
        return {"images": sorted(images), "root": True}

    def start(self, confinement: Confinement) -> PodmanInstance:
        """Start the container of this run."""
        return PodmanInstance(confinement)


class PodmanInstance:
    """The surroundings of one run; a new container for each command."""

    python = "/usr/bin/python3"

    def __init__(self, confinement: Confinement) -> None:
        self._confinement = confinement
        self._limits = SandboxLimits.of(confinement.resources)
        self._stopped = False
        #: What a command was denied.
        self.notes: tuple[str, ...] = ()
        private = confinement.workspace.private
        self._secrets = {name: own_copy(file, private / f"secret-{name}", 65534)
                         for name, file in confinement.secrets.items()}
        self._image = _first_image((confinement.image or DEFAULT_IMAGE).split(","))

    def path(self, path: Path) -> Path:
        """Paths are the same inside; caches and secrets have places of their own there."""
        for folder, files in ((_CACHES, self._confinement.caches), (_SECRETS, self._confinement.secrets)):
            for name, given in files.items():
                if path == given:
                    return folder / name
        return path

    def run(self, command: Command, sinks: Sinks, abort: AbortToken) -> CommandResult:
        """Run one command in a container; everything in it ends with it."""
        if self._stopped:
            raise ExecutorError("executor `podman` was stopped before this command; start it again")
        workspace = self._confinement.workspace
        for folder in (workspace.work, workspace.artifacts, *command.writable):
            _open_to_all(folder)
        name = f"checkotron-{os.getpid()}-{os.urandom(4).hex()}"
        request = ProcessRequest(
            tuple(self._arguments(command, name)), Path("/"), podman_environment(), command.timeout_seconds,
            command.silence_seconds, self._confinement.grace_seconds, command.stdin, stop=sinks.stop, sweeps=False)
        try:
            end = run_process(request, sinks.stdout, sinks.stderr, abort)
            state = _state_of(name) if end.cause == EXITED and end.returncode in _DOUBTFUL else "started"
        finally:
            _podman(["rm", "--force", "--time", "0", "--ignore", name], may_fail=True)
        if end.cause != EXITED:
            return CommandResult(None, end.cause, end.seconds)
        if state == "not started":
            raise ExecutorError("podman could not start the container; its message is in cmd-output.log")
        if state == "out of memory":
            words = f"`{Path(command.argv[0]).name}` was killed: its memory ({self._limits.memory_words}) was used up"
            self.notes = (*self.notes, words)
        if end.returncode in _NOT_STARTED and command.argv[0] not in ("/bin/sh", "sh"):
            raise CommandNotFoundError(f"`{command.argv[0]}` cannot be started: {_NOT_STARTED[end.returncode]}")
        return CommandResult(end.returncode, EXITED, end.seconds)

    def stop(self) -> None:
        """Nothing outlives a command."""
        self._stopped = True

    def _arguments(self, command: Command, name: str) -> Iterator[str]:
        given, limits = self._confinement, self._limits
        yield from ("podman", "run", "--init", "--pull=never", f"--name={name}", "--read-only",
                    "--cap-drop=all", "--security-opt=no-new-privileges", "--hostname=check",
                    f"--memory={limits.memory_bytes}", f"--memory-swap={limits.memory_bytes}",
                    f"--pids-limit={limits.processes + 8}", f"--ulimit=fsize={limits.file_bytes}:{limits.file_bytes}",
                    "--ulimit=core=0:0", *_own_limits(), f"--tmpfs=/tmp:rw,size={limits.temporary_bytes},mode=1777",
                    f"--tmpfs=/run:rw,size={16 << 20},mode=755")
        yield f"--user={_ROOT if command.as_root else _USER}"
        yield "--network=host" if given.network else "--network=none"
        if limits.cpus:
            yield f"--cpus={limits.cpus:g}"
        yield from self._volumes(command)
        if command.stdin is not None:
            yield "--interactive"
        for key, value in ({"HOME": "/tmp", "LANG": "C.UTF-8"} | dict(command.environment)).items():  # noqa: S108
            yield f"--env={key}={value}"
        yield from (f"--workdir={command.cwd}", self._image, "env", "--", *command.argv)

    def _volumes(self, command: Command) -> Iterator[str]:
        given = self._confinement
        for folder in (given.workspace.work, given.workspace.artifacts, *command.writable):
            yield f"--volume={folder}:{folder}:rw"
        for path in (given.check_folder, *command.readable):
            yield f"--volume={path}:{path}:ro"
        for name, folder in given.caches.items():
            _open_to_all(folder)
            yield f"--volume={folder}:{_CACHES / name}:rw"
        for name, file in self._secrets.items():
            yield f"--volume={file}:{_SECRETS / name}:ro"


def _first_image(names: list[str]) -> str:
    """Return the first image that is there. Raises ExecutorError: none of them."""
    for name in names:
        full = name if "/" in name else f"localhost/{name}"
        for candidate in (full, f"{full}:latest") if ":" not in full.rpartition("/")[2] else (full,):
            if _exists(candidate):
                return candidate
    raise ExecutorError(f"podman has no image {' or '.join(names)}; make one from a tree: "
                        "`mmdebstrap --variant=minbase --include=python3 bookworm tree.tar` and "
                        f"`podman import tree.tar {names[-1]}`")


def _exists(name: str) -> bool:
    with AbortToken() as abort:
        request = ProcessRequest(("podman", "image", "exists", name), Path("/"), podman_environment(), _PODMAN_SECONDS)
        return run_process(request, _nothing, None, abort).returncode == 0


def _podman(arguments: list[str], may_fail: bool = False) -> bytes:
    """Run podman to its end; return what it printed. Raises ExecutorError."""
    output: list[bytes] = []
    errors: list[bytes] = []
    try:
        with AbortToken() as abort:
            end = run_process(ProcessRequest(("podman", *arguments), Path("/"), podman_environment(), _PODMAN_SECONDS),
                              output.append, errors.append, abort)
    except CommandNotFoundError as error:
        raise ExecutorError(str(error)) from None
    if end.returncode != 0 and not may_fail:
        words = b"".join(errors).decode("utf-8", "replace").strip().splitlines()
        raise ExecutorError(f"`podman {arguments[0]}` failed: {words[-1] if words else f'exit code {end.returncode}'}")
    return b"".join(output)


def _state_of(name: str) -> str:
    """Return what became of a container: `started`, `not started` or `out of memory`."""
    text = _podman(["inspect", "--format", "{{.State.StartedAt.Unix}} {{.State.OOMKilled}}", name], may_fail=True)
    started, _, out_of_memory = text.decode("utf-8", "replace").strip().partition(" ")
    if not started or started.startswith("-"):
        return "not started"
    return "out of memory" if out_of_memory == "true" else "started"


def _own_limits() -> tuple[str, ...]:
    """Return this process's own limits for the container: without CAP_SYS_RESOURCE no higher ones can be set."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return (*((f"--ulimit=nofile={files}:{files}",) if files != resource.RLIM_INFINITY else ()),
            f"--ulimit=nproc={_PROCESSES}:{_PROCESSES}")


def _nothing(data: bytes) -> None:
    """Take output that nobody wants."""


def _open_to_all(folder: Path) -> None:
    """Let the container's user write there; links are not followed."""
    for path, folders, files, descriptor in os.fwalk(folder, follow_symlinks=False):
        if os.geteuid() != 0:
            # a user's own podman maps owners; the rights for everyone are what the container's user has
            os.chmod(path, os.stat(path).st_mode | 0o777)  # noqa: S103
            continue
        os.chown(path, 65534, 65534, follow_symlinks=False)
        for name in (*folders, *files):
            os.chown(name, 65534, 65534, dir_fd=descriptor, follow_symlinks=False)
