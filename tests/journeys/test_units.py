"""The units for systemd, started for real: an operator follows docs/operation.md, and a message becomes a result."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.support.checkotron_process import checkotron
from tests.support.free_ports import free_ports
from tests.support.postgresql import private_postgresql
from tests.support.rabbitmq import RabbitMQ, fresh_vhost, publish
from tests.support.units import unit, words
from tests.support.whole_system import get, koji_message, wait_for
from tests.trigger.samples import KOJI_TOPIC

#: Five parts, a broker and PostgreSQL come up one after the other.
pytestmark = pytest.mark.timeout(300)

#: In the order in which an operator starts them.
ORDER = ("results", "master", "worker@", "deliver", "trigger")
PORTS = ("results", "web", "worker", "door", "artifacts", "metrics")
ITEM = "arrives-0.5-1.fc36"


@dataclass
class Host:
    """A machine whose /etc, /var/lib and ports are a test's own."""

    folder: Path
    ports: dict[str, int]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def master(self) -> Path:
        return self.folder / "var/checkotron"

    def place(self, text: str) -> str:
        """Return a line of a unit for this host."""
        for old, new in (("/opt/checkotron/bin", str(Path(sys.executable).parent)), ("%i", "worker1"),
                         ("%d", str(self.folder / "etc")), ("/etc/checkotron", str(self.folder / "etc")),
                         ("/var/lib", str(self.folder / "var")),
                         ("127.0.0.1:9180", f"127.0.0.1:{self.ports['metrics']}"),
                         ("5001", str(self.ports["results"]))):
            text = text.replace(old, new)
        return text

    def start(self, name: str) -> None:
        """Start a unit: what comes before it, then itself."""
        ours = unit(name)
        environment = {**os.environ, **{key: self.place(value) for key, value in ours.environment.items()}}
        for file in ours.all("EnvironmentFile"):
            environment |= dict(line.split("=", 1) for line in Path(self.place(file)).read_text().splitlines())
        folder = Path(self.place(ours.one("WorkingDirectory"))) if ours.all("WorkingDirectory") else self.folder
        with (self.folder / f"{name}.log").open("ab") as log:
            for line in ours.all("ExecStartPre"):
                subprocess.run(words(self.place(line)), cwd=folder, env=environment, stdout=log, stderr=log, check=True,
                               timeout=120)
            self.running[name] = subprocess.Popen(words(self.place(ours.one("ExecStart"))), cwd=folder, env=environment,
                                                  stdout=log, stderr=log, start_new_session=True)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def rest(self, path: str) -> dict[str, Any]:
        return get(f"http://127.0.0.1:{self.ports['web']}/api/v2/{path}") or {}

    def rows(self) -> list[dict[str, Any]]:
        found = get(f"http://127.0.0.1:{self.ports['results']}/api/v2.0/results?item={ITEM}&testcases=dist.rpmlint")
        return [row for row in (found or {}).get("data", ()) if row["outcome"] not in ("QUEUED", "RUNNING")]

    def stop(self) -> dict[str, int]:
        """End everything, who brings work first; return the exit codes. Each within its unit's time."""
        codes = {}
        for name, process in reversed(self.running.items()):
            process.send_signal(signal.SIGTERM)
            try:
                codes[name] = process.wait(int(unit(name).one("TimeoutStopSec")))
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        self.running.clear()
        return codes


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, rabbitmq: RabbitMQ, journey_store: Path,
         journey_rules: Path) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("host")
    made = Host(folder, dict(zip(PORTS, free_ports(len(PORTS)), strict=True)))
    etc = folder / "etc"
    etc.mkdir()
    with ExitStack() as stack:
        bus = stack.enter_context(fresh_vhost(rabbitmq))
        database = stack.enter_context(private_postgresql())
        (etc / "results").write_text(f"CHECKOTRON_DATABASE={database}\n")
        (etc / "bus").write_text(f"CHECKOTRON_BUS={bus}\n")
        (etc / "rules.yml").write_bytes(journey_rules.read_bytes())
        _set_up(made, database, journey_store)
        stack.callback(made.stop)
        for name in ORDER:
            made.start(name)
            wait_for(lambda name=name: _is_ready(made, name) or made.running[name].poll() is not None, 90, name)
            assert made.running[name].poll() is None, made.log(name)
        body, properties = koji_message("arrives")
        publish(bus, KOJI_TOPIC, body, **properties)
        yield made


def _set_up(host: Host, database: str, store: Path) -> None:
    """What docs/operation.md has an operator do before the first start."""
    token = checkotron("results", "token", "create", "deliver", "--scope", "*", "--database", database)
    assert token.returncode == 0, token.stderr
    (host.folder / "etc/results.token").write_text(token.stdout)
    done = checkotron("master", "init", host.master, "--results", f"http://127.0.0.1:{host.ports['results']}")
    assert done.returncode == 0, done.stderr
    path = host.master / "settings.json"
    settings = json.loads(path.read_text()) | {f"{name}_port": host.ports[name]
                                               for name in ("web", "worker", "door", "artifacts")}
    settings["runner_environment"] = {"CHECKOTRON_KOJI_STORE": str(store)}
    path.write_text(json.dumps(settings))
    done = checkotron("worker-init", host.folder / "var/checkotron-worker/worker1", "--name", "worker1",
                      "--master", f"127.0.0.1:{host.ports['worker']}", "--password-file",
                      host.master / "secrets/workers/worker1.password")
    assert done.returncode == 0, done.stderr


def _is_ready(host: Host, name: str) -> bool:
    if name == "worker@":
        connected = {one["name"] for one in host.rest("workers").get("workers", ()) if one["connected_to"]}
        return connected >= {"worker1-1", "worker1-2"}
    if name == "trigger":
        return "listening" in host.log(name)
    return {"results": lambda: get(f"http://127.0.0.1:{host.ports['results']}/api/v2.0/results") is not None,
            "master": lambda: bool(host.rest("masters")), "deliver": lambda: True}[name]()


def test_a_message_becomes_a_row(host: Host) -> None:
    rows = wait_for(host.rows, 90, f"a result; logs: {host.folder}")

    assert [row["outcome"] for row in rows] == ["PASSED"]
    with urlopen(rows[0]["ref_url"], timeout=60) as answer:
        assert "arrives" in answer.read().decode()


@pytest.mark.parametrize(("port", "path", "name"), [
    ("results", "/metrics", "checkotron_"), ("web", "/metrics", "checkotron_workers_connected "),
    ("metrics", "/metrics", "checkotron_")])
def test_each_part_has_figures(host: Host, port: str, path: str, name: str) -> None:
    try:
        with urlopen(f"http://127.0.0.1:{host.ports[port]}{path}", timeout=60) as answer:
            text = answer.read().decode()
    except URLError as error:
        pytest.fail(f"{port}: {error}")

    assert name in text


def test_commands_find_the_system_by_the_state_folder(host: Host) -> None:
    status = checkotron("trigger", "status", "--json", CHECKOTRON_STATE=str(host.master))

    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["door"]["accepting"] is True


def test_a_worker_is_added_without_a_restart(host: Host) -> None:
    added = checkotron("master", "add-worker", host.master, "builder7", "--slots", "1")

    host.running["master"].send_signal(signal.SIGHUP)

    assert added.returncode == 0, added.stderr
    wait_for(lambda: "builder7" in {one["name"] for one in host.rest("workers").get("workers", ())}, 60, "a new worker")


def test_everything_stops_in_its_time_and_leaves_nothing_behind(host: Host) -> None:
    wait_for(host.rows, 90, "a result")
    groups = {name: process.pid for name, process in host.running.items()}

    codes = host.stop()

    assert set(codes) == set(ORDER)
    assert {name: code for name, code in codes.items() if code not in (0, -signal.SIGTERM, 143)} == {}
    wait_for(lambda: not any(map(is_there, groups.values())))


def is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
