"""
A control group for a command: limits on the whole tree of processes, where this machine lets us make one.

Version 1 (a folder for each controller) and version 2 (one folder, delegated)
are both tried; where neither can be written the caller falls back to limits
for each process, and says so.
"""
from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
#: Seconds that an emptied group may take until it can be removed.
_REMOVE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class TreeLimits:
    """The most that all processes of a command together may use; None: no limit."""

    memory_bytes: int | None = None
    processes: int | None = None
    cpus: float | None = None


class ControlGroup:
    """Made by `make`; processes join by writing to `join_files`; removed by `remove`."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders

    @property
    def join_files(self) -> tuple[str, ...]:
        """Files to which a process writes `0` to join."""
        return tuple(str(folder / "cgroup.procs") for folder in self.folders)

    def refused(self) -> dict[str, int]:
        """Return how often a limit refused something: `memory` and `pids`; empty where nothing was refused."""
        counts: dict[str, int] = {}
        for folder in self.folders:
            for kind, name, key in (("memory", "memory.failcnt", ""), ("memory", "memory.events", "oom_kill"),
                                    ("pids", "pids.events", "max")):
                counts[kind] = max(counts.get(kind, 0), _count_in(folder / name, key))
        return {kind: count for kind, count in counts.items() if count}

    def remove(self) -> None:
        """Remove the folders; harmless when called twice. Processes must have ended."""
        deadline = time.monotonic() + _REMOVE_SECONDS
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.005)


def make(name: str, limits: TreeLimits) -> ControlGroup | None:
    """Return a new group below the one this process is in, None where that is not possible."""
    try:
        own = _own_groups()
    except OSError:
        return None
    made: list[Path] = []
    try:
        if "" in own and not {"memory", "pids"} & own.keys():
            made.append(_make_v2(own[""] / name, limits))
        else:
            for controller, files in _v1_files(limits).items():
                if controller not in own:
                    raise OSError(f"no controller {controller}")
                made.append(_make_v1(own[controller] / name, files))
    except OSError:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()
        return None
    return ControlGroup(tuple(made)) if made else None


def _count_in(path: Path, key: str) -> int:
    """Return a number of a file of the kernel's; 0 where the file or the key is not there."""
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError:
        return 0
    if key:
        return int(words[words.index(key) + 1]) if key in words else 0
    return int(words[0]) if words else 0


def _own_groups() -> dict[str, Path]:
    """Return the folder of this process's group for each controller; "" is version 2."""
    groups: dict[str, Path] = {}
    for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            base = _ROOT / (controllers if controller else "")
            if controller and not base.is_dir():
                base = _ROOT / controller
            groups[controller] = base / path.lstrip("/")
    return groups


def _v1_files(limits: TreeLimits) -> dict[str, dict[str, str]]:
    files: dict[str, dict[str, str]] = {}
    if limits.memory_bytes:
        files["memory"] = {"memory.limit_in_bytes": str(limits.memory_bytes)}
    if limits.processes:
        files["pids"] = {"pids.max": str(limits.processes)}
    if limits.cpus:
        files["cpu"] = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": str(int(limits.cpus * 100_000))}
    return files


def _make_v1(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    try:
        for name, value in files.items():
            (folder / name).write_text(value)
    except OSError:
        folder.rmdir()
        raise
    return folder


def _make_v2(folder: Path, limits: TreeLimits) -> Path:
    files = {"memory.max": limits.memory_bytes, "pids.max": limits.processes,
             "cpu.max": f"{int(limits.cpus * 100_000)} 100000" if limits.cpus else None}
    folder.mkdir()
    try:
        for name, value in files.items():
            if value is not None:
                (folder / name).write_text(str(value))
        with contextlib.suppress(OSError):
            (folder / "memory.swap.max").write_text("0")
    except OSError:
        folder.rmdir()
        raise
    return folder


def join(files: tuple[str, ...]) -> None:
    """Put the calling process into a group; called between fork and exec."""
    for name in files:
        descriptor = os.open(name, os.O_WRONLY)
        os.write(descriptor, b"0")
        os.close(descriptor)
