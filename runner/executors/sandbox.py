"""
The sandbox executor: bubblewrap behind setpriv and prlimit. For checks that are not trusted.

What a command finds: a read-only system (`/usr` and a few files of `/etc`), a
private `/tmp`, its own processes only, no network unless asked for, no
capabilities, a user of its own, limits on memory, processes, time and file
size, and of the workspace only the working folder and the artifacts to write.

Three things that look optional and are not (each was seen to fail without):
the user changes before bubblewrap starts, since a payload of a bubblewrap that
root started owns root's files and is not held by the limit on processes; the
status of bubblewrap is read, since "command not found" ends with 1 like a
failing check; and strays are reaped (descendants.py), since each run leaves one.
"""
from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from checks.item import shown
from runner import cgroups, sandbox_system, seccomp
from runner.abort import AbortToken
from runner.command import EXITED, Command, CommandResult
from runner.executor import Confinement, ExecutorError, Sinks
from runner.process import CommandNotFoundError, ProcessEnd, ProcessRequest, run_process
from runner.sandbox_limits import SandboxLimits, processes_of_user

#: The user inside; outside it is one that nothing else on the machine has.
INSIDE_UID = 65534
#: Users that systemd leaves for passing use: one for each run at the same time.
_FIRST_UID, _UIDS = 61184, 4000
#: Where a command finds them.
_CACHES, _SECRETS = Path("/var/cache/checkotron"), Path("/run/secrets")
#: Exit codes of env(1), by which it says that the command could not be started.
_NOT_STARTED = {126: "permission denied", 127: "no such file or directory"}
_DISK_LOOK_SECONDS = 1.0


class SandboxExecutor:
    """Runs commands in bubblewrap."""

    name = "sandbox"
    confines = True
    can_be_root = False

    def problems(self) -> tuple[str, ...]:
        """Return which of the programs is missing."""
        needed = {"bwrap": "bubblewrap", "prlimit": "util-linux"}
        if os.geteuid() == 0:
            needed["setpriv"] = "util-linux"
        return tuple(f"`{program}` is not installed; `apt-get install {package}`"
                     for program, package in needed.items() if not shutil.which(program))

    def analyse(self) -> Mapping[str, Any]:
        """Return what limits hold here: tried, not guessed."""
        if self.problems():
            return {}
        group = cgroups.make(f"checkotron-probe-{os.getpid()}", cgroups.TreeLimits(1 << 30, 64))
        if group is not None:
            group.remove()
        return {"cgroup": group is not None, "seccomp": seccomp.is_supported()}

    def start(self, confinement: Confinement) -> SandboxInstance:
        """Give the workspace to the user of this run."""
        return SandboxInstance(confinement)


class SandboxInstance:
    """The surroundings of one run; a new bubblewrap for each command."""

    def __init__(self, confinement: Confinement) -> None:
        self._confinement = confinement
        self._limits = SandboxLimits.of(confinement.resources)
        self._uid = _FIRST_UID + os.getpid() % _UIDS if os.geteuid() == 0 else os.geteuid()
        self._stopped = False
        self._notes: list[str] = []
        self.python, self._python_folders = sandbox_system.python_for(self._uid)
        self._check_reachable(confinement.workspace.root)
        private = confinement.workspace.private
        sandbox_system.write_identity(private)
        self._secrets = {name: sandbox_system.own_copy(file, private / f"secret-{name}", self._uid)
                         for name, file in confinement.secrets.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be held on this machine."""
        return tuple(self._notes)

    def path(self, path: Path) -> Path:
        """Paths are the same inside; caches and secrets have places of their own there."""
        for folder, files in ((_CACHES, self._confinement.caches), (_SECRETS, self._confinement.secrets)):
            for name, given in files.items():
                if path == given:
                    return folder / name
        return path

    def run(self, command: Command, sinks: Sinks, abort: AbortToken) -> CommandResult:
        """Run one command to its end. Raises ExecutorError where bubblewrap did not get as far as the command."""
        if self._stopped:
            raise ExecutorError("executor `sandbox` was stopped before this command; start it again")
        if command.as_root:
            raise ExecutorError("`as_root` is not possible in executor `sandbox`; use `podman`, or `local` as root")
        for folder in (self._confinement.workspace.work, self._confinement.workspace.artifacts, *command.writable):
            self._give(folder)
        group = cgroups.make(f"checkotron-{os.getpid()}-{os.urandom(4).hex()}", self._limits.tree)
        if group is None:
            self._note("no control group can be made here: memory and processes are limited one by one, not as a whole")
        try:
            return self._run(command, sinks, abort, group)
        finally:
            if group is not None:
                self._note_refused(group.refused())
                group.remove()

    def stop(self) -> None:
        """Nothing outlives a command."""
        self._stopped = True

    def _run(self, command: Command, sinks: Sinks, abort: AbortToken,
             group: cgroups.ControlGroup | None) -> CommandResult:
        status_read, status_write = os.pipe()
        filter_fd = seccomp.open_program() if seccomp.is_supported() else None
        if filter_fd is None:
            self._note("no list of system calls for this machine: none is refused")
        kept = tuple(fd for fd in (status_write, filter_fd) if fd is not None)
        join_files = group.join_files if group else ()
        disk = sandbox_system.DiskWatch(self._confinement.workspace.root, self._limits.disk_bytes,
                                        self._limits.file_bytes)
        request = ProcessRequest(
            tuple(self._argv(command, status_write, filter_fd, group is not None)), Path("/"),
            {"PATH": "/usr/bin:/bin"}, command.timeout_seconds, command.silence_seconds,
            self._confinement.grace_seconds, command.stdin, kept, sinks.stop,
            lambda: cgroups.join(join_files), disk.problem, _DISK_LOOK_SECONDS, supervised=False)
        try:
            end = run_process(request, sinks.stdout, sinks.stderr, abort)
        finally:
            for descriptor in kept:
                os.close(descriptor)
            with os.fdopen(status_read, "rb") as file:
                status = file.read(65536)
        if disk.reached:
            self._note(disk.reached)
        # once more: what was written since the last look
        disk.problem()
        if disk.full_file:
            self._note(f"file `{shown(disk.full_file, 80)}` grew to {self._limits.file_words}, the most that is "
                       "allowed; what wrote it was ended")
        return self._result(command, end, status)

    def _result(self, command: Command, end: ProcessEnd, status: bytes) -> CommandResult:
        if end.cause != EXITED:
            return CommandResult(None, end.cause, end.seconds)
        code = _exit_code_in(status)
        if code is None and end.returncode <= 128:
            raise ExecutorError("bubblewrap could not make the sandbox; its message is in cmd-output.log. Unprivileged "
                                "user namespaces may be off here: see `sysctl kernel.unprivileged_userns_clone`")
        code = end.returncode if code is None else code
        if code in _NOT_STARTED and command.argv[0] not in ("/bin/sh", "sh") and end.seconds < 5:
            raise CommandNotFoundError(f"`{command.argv[0]}` cannot be started: {_NOT_STARTED[code]}")
        if code == 137:
            self._note(f"`{Path(command.argv[0]).name}` was killed; most likely its memory "
                       f"({self._limits.memory_words}) was used up")
        if code == 153 and not any("grew to" in note for note in self._notes):
            self._note(f"`{Path(command.argv[0]).name}` was ended: a file grew larger than {self._limits.file_words}")
        return CommandResult(code, EXITED, end.seconds)

    def _argv(self, command: Command, status_fd: int, filter_fd: int | None, in_group: bool) -> Iterator[str]:
        workspace = self._confinement.workspace
        if os.geteuid() == 0:
            yield from ("setpriv", f"--reuid={self._uid}", f"--regid={self._uid}", "--clear-groups", "--no-new-privs")
            spare = 0
        else:
            # the limit counts all processes of a user, and this user has others
            spare = processes_of_user(self._uid)
        yield from ("prlimit", *self._limits.prlimit_arguments(in_group, spare))
        yield from ("bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL",
                    "--die-with-parent", "--new-session", "--uid", str(INSIDE_UID), "--gid", str(INSIDE_UID),
                    "--hostname", "check")
        if self._confinement.network:
            yield "--share-net"
        yield from sandbox_system.root_arguments(self._confinement.image, self._confinement.network)
        yield from sandbox_system.private_arguments(self._limits.temporary_bytes, workspace.private)
        yield from sandbox_system.bound("--ro-bind", *self._python_folders, *command.readable)
        yield from sandbox_system.bound("--ro-bind", self._confinement.check_folder)
        yield from sandbox_system.bound("--bind", workspace.work, workspace.artifacts, *command.writable)
        for name, folder in self._confinement.caches.items():
            if sandbox_system.is_reachable(folder.parent, self._uid):
                self._give(folder)
                yield from ("--bind", str(folder), str(_CACHES / name))
            else:
                self._note(f"cache `{folder.parent}` cannot be entered by the sandbox's user: an empty one is given")
                yield from ("--tmpfs", str(_CACHES / name))
        for name, file in self._secrets.items():
            yield from ("--ro-bind", str(file), str(_SECRETS / name))
        # the root itself is a tmpfs of bubblewrap's: without this it takes any amount of memory
        if self._confinement.image is None:
            yield from ("--remount-ro", "/")
        yield "--clearenv"
        for name, value in (sandbox_system.environment(self.python) | dict(command.environment)).items():
            yield from ("--setenv", name, value)
        yield from ("--chdir", str(command.cwd), "--json-status-fd", str(status_fd))
        if filter_fd is not None:
            yield from ("--seccomp", str(filter_fd))
        # env tells "not found" (127) apart from a command that ends with 1
        yield from ("--", "env", "--", *command.argv) if "=" not in command.argv[0] else ("--", *command.argv)

    def _give(self, folder: Path) -> None:
        """Make what the runner put there the user's own; links are not followed."""
        if os.geteuid() != 0 or not folder.is_dir():
            return
        for path, folders, files, descriptor in os.fwalk(folder, follow_symlinks=False):
            os.chown(path, self._uid, self._uid, follow_symlinks=False)
            for name in (*folders, *files):
                os.chown(name, self._uid, self._uid, dir_fd=descriptor, follow_symlinks=False)

    def _check_reachable(self, folder: Path) -> None:
        if not sandbox_system.is_reachable(folder, self._uid):
            raise ExecutorError(f"workspace `{folder}` cannot be entered by the sandbox's user; "
                                "set $CHECKOTRON_WORKSPACES to a folder that everyone may enter, such as /var/tmp")

    def _note_refused(self, refused: Mapping[str, int]) -> None:
        if count := refused.get("pids"):
            self._note(f"more than {self._limits.processes} processes at once were refused, {count} times")
        if refused.get("memory"):
            self._note(f"more than {self._limits.memory_words} of memory were refused")

    def _note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes.append(sentence)


def _exit_code_in(status: bytes) -> int | None:
    """Return the exit code that bubblewrap tells; None where the command never ran."""
    for line in status.splitlines():
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if isinstance(data, dict) and isinstance(data.get("exit-code"), int):
            code: int = data["exit-code"]
            return code
    return None
