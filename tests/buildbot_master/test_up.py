"""What `up` tells people can be pasted into a shell."""
from __future__ import annotations

import shlex
from pathlib import Path

from buildbot_master.stack.port import Ports
from buildbot_master.stack.running import Stack, Wishes
from buildbot_master.stack.state import State
from buildbot_master.stack.supervisor import Supervisor
from buildbot_master.stack.up import _greeting


def test_a_folder_with_spaces_is_quoted() -> None:
    state = State(Path("/srv/my state"))
    ports = Ports(1, 2, 3, 4, 5, 6)
    stack = Stack(state, state.addresses(ports), ports, Supervisor([], state.logs, lambda line: None))

    command = next(line for line in _greeting(stack, Wishes(state.folder)) if "trigger replay" in line)

    assert shlex.split(command) == ["checkotron", "trigger", "replay", "--state", "/srv/my state", "FILE"]
