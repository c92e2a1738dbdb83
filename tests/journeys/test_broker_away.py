"""`up` whose broker is not there says so, goes on when it comes, and says when it goes again."""
from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.rabbitmq import running_rabbitmq
from tests.support.whole_system import Options, WholeSystem, start, wait_for, wait_until_it_runs

pytestmark = pytest.mark.full

#: Needs no package.
CHECK = """\
name: says-yes
namespace: dist
description: Finds nothing.
maintainer: tests
run: {using: command, command: [printf, "1..1\\nok\\n"]}
"""
RULES = """\
- when: {message_type: KojiBuildPackageCompleted}
  do: [{check: says-yes}]
"""


def status(system: WholeSystem, *options: str) -> str:
    done = subprocess.run([sys.executable, "-m", "checkotron", "trigger", "status", "--state", str(system.state),
                           *options], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def waits_for(system: WholeSystem) -> Any:
    return json.loads(status(system, "--json"))["consumer"]["waits_for"]


def waits(system: WholeSystem) -> str:
    """Return what the trigger tells Prometheus of the broker."""
    address = next(line.split()[0] for line in system.said.splitlines() if line.endswith("/metrics (trigger)"))
    with urllib.request.urlopen(address, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next(line.split()[1] for line in lines if line.startswith('checkotron_trigger_waits{for="broker"}'))


def test_a_broker_that_is_away_is_told_by_up_and_status_and_figures(tmp_path: Path) -> None:
    (tmp_path / "checks" / "says-yes").mkdir(parents=True)
    (tmp_path / "checks" / "says-yes" / "says-yes.yml").write_text(CHECK)
    (tmp_path / "rules.yml").write_text(RULES)
    with running_rabbitmq(tmp_path / "broker") as broker:
        broker.stop()
        shown = f"for the broker, amqp://guest@127.0.0.1:{broker.port}/%2F"
        system = start(tmp_path, Options(bus=broker.url(), rules=tmp_path / "rules.yml", checks=[tmp_path / "checks"]))
        try:
            wait_for(lambda: f"Everything runs, but the trigger waits {shown}; its state is in" in system.said, 120)
            assert waits_for(system) == "the broker"
            assert status(system).startswith("trigger: waits for the broker; ")
            assert waits(system) == "1"

            broker.start()
            back = f"trigger goes on: listens to amqp://guest@127.0.0.1:{broker.port}/%2F"
            wait_for(lambda: back in system.said, 120, system.said)
            wait_for(lambda: waits_for(system) == "")
            assert waits(system) == "0"

            broker.stop()
            wait_for(lambda: f"\ntrigger waits {shown}" in system.said, 60, system.said)
            wait_for(lambda: waits_for(system) == "the broker")
            assert waits(system) == "1"

            broker.start()
            wait_for(lambda: system.said.count(back) == 2, 120, system.said)
            wait_until_it_runs(system)
            system.publish("broker-back")
            assert system.result("broker-back-0.5-1.fc36")["outcome"] == "PASSED"
        finally:
            system.stop()
