"""`checkotron up`: the stack, until somebody stops it."""
from __future__ import annotations

import shlex

from buildbot_master.stack.port import HOST
from buildbot_master.stack.running import Stack, Wishes, running_stack
from buildbot_master.stack.screen import screen


def run_up(wishes: Wishes) -> None:
    """Start everything, say where it is, keep it running until Ctrl-C or TERM, stop it."""
    with screen() as shown, running_stack(wishes, shown) as stack:
        if stack.supervisor.stopping.is_set():
            return
        for line in _greeting(stack, wishes):
            shown.line(line)
        shown.progress("running; Ctrl-C stops everything")
        stack.supervisor.keep_running()


def _greeting(stack: Stack, wishes: Wishes) -> list[str]:
    state = stack.state
    option = f" --state {shlex.quote(str(state.folder))}"
    waiting = "".join(f", but the {title} waits {why}" for title, why in stack.supervisor.waiting.items())
    lines = ["", f"Everything runs{waiting}; its state is in {state.folder}",
             f"  results   {stack.addresses.results_url}/",
             f"  builds    {stack.addresses.buildbot_url}/",
             f"            log in as admin with the password in {state.secrets / 'admin.password'}",
             f"  logs      {state.logs}/",
             f"  figures   {stack.addresses.buildbot_url}/metrics", ""]
    if wishes.stack.bus:
        lines[-1:-1] = [f"            http://{HOST}:{stack.ports.trigger}/metrics (trigger)"]
    else:
        lines += ["Feed it a message:", f"  checkotron trigger replay{option} FILE", ""]
    return lines
