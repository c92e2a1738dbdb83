"""A clock that is set does not disturb Twisted's timers. A real reactor, in a process of its own."""
from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys, time
from twisted.internet import reactor
from checks.steady_timers import keep_timers_steady

jump, true_time = float(sys.argv[1]), time.time
ran = []
keep_timers_steady(reactor)
keep_timers_steady(reactor)

def set_clock():
    time.time = lambda: true_time() + jump

reactor.callLater(0.1, set_clock)
reactor.callLater(0.4, ran.append, "soon")
reactor.callLater(0.8, lambda: (ran.append("next"), reactor.callLater(0.2, reactor.stop)))
reactor.callLater(60, ran.append, "much later")
began = time.monotonic()
reactor.run()
print(*ran, round(reactor.seconds() - true_time()))
"""


@pytest.mark.parametrize("jump", [0, 3600, -3600, 86400, -86400])
def test_timers_run_in_their_time_whatever_the_clock_is_set_to(jump: int) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(jump)], capture_output=True, text=True, timeout=60,
                          check=False)

    assert (done.stdout.split(), done.stderr) == (["soon", "next", str(jump)], "")
