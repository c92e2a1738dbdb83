"""The running stack: prepared, started, kept, stopped. `up` and `demo` are two ways of using it."""
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from buildbot_master.stack.fault import refuse_faulty
from buildbot_master.stack.master_folder import MasterOptions, prepare_master
from buildbot_master.stack.parts_list import StackOptions, parts
from buildbot_master.stack.port import PortError, Ports, ports_of
from buildbot_master.stack.state import State, StateError, lock
from buildbot_master.stack.supervisor import PortTakenError, StartError, Supervisor, stopped_by_signals
from buildbot_master.stack.worker_folder import directive_versions, prepare_worker, what_this_machine_offers
from checks.addresses import FILE_NAME, Addresses, write_addresses

#: How often everything starts again because another program was faster at a port.
_PORT_TRIES = 5


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything that `up` and `demo` decide."""

    folder: Path
    #: Six ports from here on; None: free ones, kept in the folder.
    first_port: int | None = None
    #: Builds at a time.
    slots: int = 2
    koji_store: str | None = None
    stack: StackOptions = field(default_factory=StackOptions)


@dataclass(frozen=True, slots=True)
class Screen:
    """How people are told: `line` for what stays, `progress` for what is being done now, `quiet` ends the latter."""

    line: Callable[[str], None]
    progress: Callable[[str], None]
    quiet: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that answers."""

    state: State
    addresses: Addresses
    ports: Ports
    supervisor: Supervisor


@contextmanager
def running_stack(wishes: Wishes, screen: Screen) -> Iterator[Stack]:
    """
    Start everything, and stop everything when the block ends, however it ends.

    Raises StateError, StartError: nothing of the stack runs any more then.
    """
    state, stopping = State(wishes.folder.absolute()), threading.Event()
    state.make()
    refuse_faulty(wishes.stack)
    with lock(state), stopped_by_signals(stopping):
        for last in (False,) * _PORT_TRIES + (True,):
            stack = _prepared(state, wishes, screen, stopping)
            try:
                try:
                    # before the trigger, which reads them
                    write_addresses(state.folder, stack.addresses)
                    stack.supervisor.start(lambda title: screen.progress(f"starting: {title}"))
                except PortTakenError as error:
                    if last or wishes.first_port is not None:
                        raise StartError(f"{error}; name other ones with --port, or leave the choice to `up`") from None
                    screen.line(f"{error}; everything starts again with another port")
                    continue
                yield stack
                return
            finally:
                # the addresses go first: a command then says that nothing runs, and not that nobody answers
                (state.folder / FILE_NAME).unlink(missing_ok=True)
                stack.supervisor.stop(lambda title: screen.progress(f"stopping: {title}"))


def _prepared(state: State, wishes: Wishes, screen: Screen, stopping: threading.Event) -> Stack:
    """Return the stack with its folders written, not started yet. Raises StateError."""
    try:
        ports = ports_of(state.folder, wishes.first_port, screen.line)
    except PortError as error:
        raise StateError(str(error)) from None
    screen.progress("preparing the folders")
    capabilities = what_this_machine_offers()
    prepare_worker(state, ports, wishes.slots, capabilities)
    prepare_master(state, ports, MasterOptions(wishes.slots, wishes.koji_store, wishes.stack.checks,
                                               wishes.stack.progress, directive_versions(capabilities)))
    supervisor = Supervisor(parts(state, ports, wishes.stack), state.logs, screen.line, stopping)
    rules = wishes.stack.rules
    addresses = replace(state.addresses(ports), rules_file=str(rules.absolute()) if rules else None,
                        check_folders=tuple(map(str, wishes.stack.checks)))
    return Stack(state, addresses, ports, supervisor)


def default_slots() -> int:
    """Return how many builds run at a time on this machine when nobody says."""
    return max(1, min(4, os.cpu_count() or 1))
