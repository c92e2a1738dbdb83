"""The compose file of docs/, brought up by podman-compose as its own top says, and what a test asks of it."""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.container_images import Engine, copy_of_checkout, refuse_taken_ports
from tests.support.whole_system import wait_for

#: Not the file's own: an operator's stack on this machine is left alone.
PROJECT = "checkotron-test"
PARTS = ("rabbitmq", "postgresql", "results", "master", "worker", "deliver", "trigger")
_STORE = "/opt/checkotron/lib/python3.11/site-packages/buildbot_master/stack/demo"
#: In the place of Docker's: podman below 4.6 cannot wait for health itself.
_DOCKER = """
docker() {
    shift
    "$COMPOSE" --project-name "$PROJECT" --podman-build-args="$BUILD_WORDS" "$@" || return
    case "$*" in *--wait*)
        for attempt in $(seq 120); do
            podman healthcheck run "${PROJECT}_postgresql_1" >/dev/null 2>&1 && return; sleep 0.5
        done
        return 1
    esac
}
set -eu
"""
_SETTINGS = f"""
import json, pathlib
path = pathlib.Path("/var/lib/checkotron/settings.json")
found = json.loads(path.read_text()) | {{"runner_environment": {{"CHECKOTRON_KOJI_STORE": "{_STORE}/store"}}}}
path.write_text(json.dumps(found))
"""
_SEND = f"""
import json, os, sys, pika
told = json.load(open("{_STORE}/message.json"))
where = pika.URLParameters(os.environ["CHECKOTRON_BUS"])
# the broker may have been killed a moment ago
where.connection_attempts, where.retry_delay = 50, 2
channel = pika.BlockingConnection(where).channel()
channel.confirm_delivery()
for number in sys.argv[1:]:
    told["body"]["build_id"] = int(number)
    channel.basic_publish("amq.topic", told["topic"], json.dumps(told["body"]).encode(), pika.BasicProperties(
        message_id=f"m-{{number}}", content_type="application/json", delivery_mode=2,
        headers={{"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20}}))
"""


@dataclass
class Stack:
    """One that runs."""

    engine: Engine
    folder: Path

    def compose(self, script: str, seconds: float = 200) -> str:
        """Run a shell script with `docker compose` in the file's folder, as the operator; return what it printed."""
        environment = self.engine.environment | {
            "COMPOSE": str(Path(sys.executable).with_name("podman-compose")), "PROJECT": PROJECT,
            "BUILD_WORDS": " ".join(self.engine.build_words)}
        done = subprocess.run(["sh", "-c", _DOCKER + script], cwd=self.folder, env=environment, capture_output=True,
                              text=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
        return done.stdout

    def python(self, part: str, text: str, *words: str) -> None:
        """Run a Python text in a part's container."""
        self.engine.run("exec", self.container(part), "python3", "-c", text, *words)

    def send(self, *numbers: int) -> None:
        """Publish that Koji completed builds; another number is another event. Waits for the broker's receipt."""
        self.python("trigger", _SEND, *map(str, numbers))

    def verdicts(self) -> dict[str, list[str]]:
        """Return the outcomes of each run, without what is only under way; none while the database is away."""
        try:
            rows = _read("http://127.0.0.1:5001/api/v2.0/results?limit=500")["data"]
        except (OSError, ValueError):
            return {}
        found: dict[str, list[str]] = {}
        for row in rows:
            if row["outcome"] not in ("QUEUED", "RUNNING"):
                found.setdefault(row["groups"][0], []).append(row["outcome"])
        return found

    def wait_for_verdicts(self, count: int) -> dict[str, list[str]]:
        """Wait for so many runs with a verdict; return the outcomes of each."""
        try:
            wait_for(lambda: len(self.verdicts()) >= count, 600, f"{count} verdicts, not {len(self.verdicts())}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None
        return self.verdicts()

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows with a verdict."""
        found = _read("http://127.0.0.1:5001/api/v2.0/results?outcome=PASSED&limit=100")["data"]
        return [dict(row) for row in found]

    def kill(self, part: str) -> None:
        """Kill the first process of a part with -9, from outside; wait until the engine has started another."""
        before = self.process(part)
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: self.process(part) not in (0, before), 60, f"{part} starts again")

    def process(self, part: str) -> int:
        """Return the number, outside, of a part's first process; 0 while there is none."""
        return int(self.engine.run("inspect", "--format", "{{.State.Pid}}", self.container(part)))

    def container(self, part: str) -> str:
        return f"{PROJECT}_{part}_1"

    def logs(self) -> str:
        """Return the end of what each part said."""
        return "\n".join(f"== {part}\n{self.engine.logs(self.container(part))}" for part in PARTS)


def first_steps(compose_file: Path) -> str:
    """Return the commands at the top of the file, as they stand there."""
    top = compose_file.read_text().partition("\nname:")[0]
    return "\n".join(line[4:] for line in top.splitlines() if re.match(r"#   \S|#       ", line))


@contextmanager
def running_stack(folder: Path) -> Iterator[Stack]:
    """Build, bring up, and take away at the end with its volumes."""
    engine = Engine(folder)
    refuse_taken_ports([5001, 8010, 8012])
    stack = Stack(engine, copy_of_checkout(folder) / "docs" / "compose")
    with engine.stand_ins():
        try:
            with engine.replaced("localhost/checkotron:latest"):
                stack.compose(first_steps(stack.folder / "compose.yml"), seconds=1500)
            wait_for(lambda: "listening" in engine.logs(stack.container("trigger")), 120, "the trigger listens")
            wait_for(lambda: _connected() == 2, 120, "the worker's two slots are connected")
            stack.python("master", _SETTINGS)
            stack.compose("docker compose kill -s HUP master")
            yield stack
        finally:
            _remove(engine)


def _connected() -> int:
    try:
        workers = _read("http://127.0.0.1:8010/api/v2/workers")["workers"]
    except (OSError, ValueError):
        return 0
    return sum(bool(worker["connected_to"]) for worker in workers if worker["name"].startswith("worker1"))


def _remove(engine: Engine) -> None:
    """Remove what bears the project's name, whatever state it is in."""
    ids = engine.run("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split()
    if ids:
        engine.run("rm", "--force", "--depend", "--time", "1", *ids, check=False)
    engine.run("pod", "rm", "--force", f"pod_{PROJECT}", check=False)
    volumes = [name for name in engine.run("volume", "ls", "--quiet").split() if name.startswith(f"{PROJECT}_")]
    if volumes:
        engine.run("volume", "rm", *volumes, check=False)
    engine.run("network", "rm", f"{PROJECT}_default", check=False)


def _read(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return dict(json.load(answer))
