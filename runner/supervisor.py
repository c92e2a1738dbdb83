"""
A process between the runner and a command, for when the runner is killed (KILL, out of memory).

The kernel ends only a process's own children with it, not theirs. So the
command is the child of a small process that notices the runner's end: the pipe
it reads from is closed then, however that came about. It adopts what becomes a
daemon (PR_SET_CHILD_SUBREAPER), kills everything, and ends. Where the command
ends by itself the supervisor ends with the same exit code, and what the command
left behind goes to the runner (descendants.py). Killed itself, it takes the
command with it (PR_SET_PDEATHSIG), and the runner sweeps the rest.
"""
from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress

from runner.descendants import Nursery, children_of_this_process, die_with_parent

#: Strays that ended are reaped so often.
_REAP_MILLISECONDS = 1000
#: The most that ending everything may take: a process in an uninterruptible wait does not go.
_END_SECONDS = 10.0
_PAUSE_SECONDS = 0.005
KILLED = 137


def supervise(runner: int) -> None:
    """
    Split the calling process, which is new and not yet the command: returns in the child, which is to become it.

    `runner`: the read end of a pipe whose other end only the runner has.
    """
    # the command's group is signalled as a whole, and this process is of that group: only KILL reaches it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    Nursery()
    command = os.fork()
    if command == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        die_with_parent()
        return
    code = KILLED
    try:
        code = _until_end(command, runner)
    finally:
        os._exit(code)


def _until_end(command: int, runner: int) -> int:
    """Return the exit code of the command, as the shell counts; when the runner ends, so does everything here."""
    ended = os.pidfd_open(command)
    _close_all_but(runner, ended)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(runner, select.POLLIN)
    while True:
        happened = dict(poll.poll(_REAP_MILLISECONDS))
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == command:
                code = os.waitstatus_to_exitcode(status)
                return 128 - code if code < 0 else code
            if pid == 0:
                break
        if runner in happened:
            _end_all()
            return KILLED


def _end_all() -> None:
    """Kill every descendant; killing one hands its children to this process, so it goes on until there is none."""
    deadline = time.monotonic() + _END_SECONDS
    while (children := children_of_this_process()) and time.monotonic() < deadline:
        for pid in children:
            # one that became another user ends with the pipes it reads, or not before its own time
            with suppress(PermissionError, ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, os.WNOHANG)
        time.sleep(_PAUSE_SECONDS)


def _close_all_but(*kept: int) -> None:
    """Close what came along: the command's output must end with the command, and locks with the runner."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                # the listing's own
                continue
