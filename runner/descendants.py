"""
Everything a command started: found and ended, also what became a daemon.

A process whose parent dies is handed to the nearest subreaper above it; this
process makes itself one, so a daemonised grandchild becomes its child and
cannot escape. (isolation.md of the design calls the same sweep "reap orphans".)
"""
from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
#: Seconds until a killed process must be gone; only one in an uninterruptible wait takes longer.
END_SECONDS = 2.0

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to end the calling process when the process that started it dies; called after the fork."""
    _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


class Nursery:
    """Remembers which children were there before a command, so that only the command's are ended."""

    def __init__(self) -> None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._before = set(children_of_this_process())

    def end(self, leader: int) -> int:
        """
        End the group of the leader and every stray of it; return how many were alive.

        Safe to call twice. Ending one process hands its children to us, so it
        goes on until there is none.
        """
        _kill_group(leader)
        deadline = time.monotonic() + END_SECONDS
        ended = 0
        while time.monotonic() < deadline:
            strays = [pid for pid in children_of_this_process() if pid not in self._before and pid != leader]
            if not strays:
                return ended
            for pid in strays:
                ended += _end(pid)
        return ended


def children_of_this_process() -> list[int]:
    """Return the process ids whose parent is this process."""
    found: list[int] = []
    try:
        for task in os.listdir("/proc/self/task"):
            found.extend(int(pid) for pid in Path(f"/proc/self/task/{task}/children").read_text().split())
    except OSError:
        return _children_by_scan()
    return found


def _children_by_scan() -> list[int]:
    """Return the same where the kernel was built without the list of children."""
    own, found = os.getpid(), []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == own:
            found.append(int(name))
    return found


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # nobody of the group is left, or what is left is the sandbox's own and ends with it
        return


def _end(pid: int) -> int:
    """Kill and reap one stray; return 1 where it was alive, 0 for a zombie."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return 0
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ChildProcessError, ProcessLookupError):
        return 0
    return 1
