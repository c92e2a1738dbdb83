"""The limits of the sandbox: the check's own wishes over defaults."""
from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path

from checks.description import Resources
from checks.quantity import show_bytes
from runner.cgroups import TreeLimits

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one command of a check may use."""

    memory_bytes: int = 2048 * _MIB
    processes: int = 256
    #: Of each process.
    cpu_seconds: int = 1800
    file_bytes: int = 1024 * _MIB
    #: Of the whole workspace.
    disk_bytes: int = 4096 * _MIB
    #: Of the private /tmp.
    temporary_bytes: int = 256 * _MIB
    cpus: float | None = None
    open_files: int = 1024

    @classmethod
    def of(cls, wanted: Resources) -> SandboxLimits:
        """Return the limits of a check."""
        default = cls()
        return cls(
            memory_bytes=wanted.memory_bytes or default.memory_bytes, processes=wanted.processes or default.processes,
            cpu_seconds=int(wanted.cpu_seconds or default.cpu_seconds) or 1,
            file_bytes=wanted.file_bytes or default.file_bytes, disk_bytes=wanted.disk_bytes or default.disk_bytes,
            temporary_bytes=min(wanted.disk_bytes or default.temporary_bytes, wanted.memory_bytes or 1 << 62),
            cpus=wanted.cpus)

    @property
    def tree(self) -> TreeLimits:
        """The limits on all processes together."""
        # bubblewrap and env count too
        return TreeLimits(self.memory_bytes, self.processes + 8, self.cpus)

    @property
    def memory_words(self) -> str:
        """The limit on memory, for a sentence."""
        return show_bytes(self.memory_bytes)

    @property
    def file_words(self) -> str:
        """The limit on a file, for a sentence."""
        return show_bytes(self.file_bytes)

    def prlimit_arguments(self, in_group: bool, spare_processes: int) -> tuple[str, ...]:
        """
        Return the limits of each process.

        The one on memory counts addresses, not pages, which is wrong for Go, Java
        and node; it is wider where a control group counts the real thing.
        """
        addresses = self.memory_bytes * (16 if in_group else 1)
        # the group refuses first, because it counts what it refuses
        processes = self.processes + spare_processes + (64 if in_group else 0)
        wanted = {"nproc": processes, "as": addresses, "cpu": self.cpu_seconds, "fsize": self.file_bytes,
                  "nofile": self.open_files, "core": 0}
        return tuple(f"--{name}={_not_above_own(name, value)}" for name, value in wanted.items())


def _not_above_own(name: str, value: int) -> int:
    """Return the value, or this process's own hard limit where that is lower: nobody may raise that one."""
    own = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
    return value if own == resource.RLIM_INFINITY else min(value, own)


def processes_of_user(uid: int) -> int:
    """Return how many processes and threads a user has now."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    count += len(os.listdir(Path("/proc", name, "task")))
            except OSError:
                continue
    return count
