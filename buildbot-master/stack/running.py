"""The running stack: prepared, started, kept, stopped. `up` and `demo` are two ways of using it."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from buildbot_master.stack.master_folder import MasterOptions, prepare_master
from buildbot_master.stack.parts_list import StackOptions, parts
from buildbot_master.stack.state import State, lock, ports_of
from buildbot_master.stack.supervisor import Supervisor, stopped_by_signals
from buildbot_master.stack.worker_folder import directive_versions, prepare_worker, what_this_machine_offers
from checks.addresses import FILE_NAME, Addresses, write_addresses


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything that `up` and `demo` decide."""

    folder: Path
    #: Five ports from here on; None: free ones, kept in the folder.
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
    supervisor: Supervisor


@contextmanager
def running_stack(wishes: Wishes, screen: Screen) -> Iterator[Stack]:
    """
    Start everything, and stop everything when the block ends, however it ends.

    Raises StateError, StartError: nothing of the stack runs any more then.
    """
    state = State(wishes.folder.absolute())
    state.make()
    with lock(state):
        ports = ports_of(state, wishes.first_port)
        screen.progress("preparing the folders")
        capabilities = what_this_machine_offers()
        prepare_worker(state, ports, wishes.slots, capabilities)
        prepare_master(state, ports, MasterOptions(wishes.slots, wishes.koji_store, wishes.stack.checks,
                                                   wishes.stack.progress, directive_versions(capabilities)))
        supervisor = Supervisor(parts(state, ports, wishes.stack), state.logs, screen.line)
        rules = wishes.stack.rules
        addresses = replace(state.addresses(ports), rules_file=str(rules.absolute()) if rules else None,
                            check_folders=tuple(map(str, wishes.stack.checks)))
        with stopped_by_signals(supervisor.stopping):
            try:
                # before the trigger, which reads them
                write_addresses(state.folder, addresses)
                supervisor.start(lambda title: screen.progress(f"starting: {title}"))
                yield Stack(state, addresses, supervisor)
            finally:
                # the addresses go first: a command then says that nothing runs, and not that nobody answers
                (state.folder / FILE_NAME).unlink(missing_ok=True)
                supervisor.stop(lambda title: screen.progress(f"stopping: {title}"))


def default_slots() -> int:
    """Return how many builds run at a time on this machine when nobody says."""
    return max(1, min(4, os.cpu_count() or 1))
