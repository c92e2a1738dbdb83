"""`checkotron up` as a real process, and what a test asks of the running system from outside."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.addresses import Addresses, read_addresses
from tests.support.free_ports import choose_ports
from tests.support.rabbitmq import publish
from tests.trigger.samples import KOJI_TOPIC, koji_body

QUEUE = "checkotron.trigger"
#: What `up` says when it is ready.
RUNS = "Everything runs"


def wait_for(what: Callable[[], Any], seconds: float = 60.0, why: str = "") -> Any:
    """Return what `what` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not come true within {seconds:g} s: {why}")


@dataclass
class WholeSystem:
    """Everything that `up` started."""

    state: Path
    process: subprocess.Popen[bytes]
    bus: str | None = None
    #: How often the folder's log said before that everything runs.
    earlier: int = 0

    @property
    def said(self) -> str:
        """What `up` printed."""
        return (self.state.parent / "up.log").read_text(errors="replace")

    @property
    def addresses(self) -> Addresses:
        return read_addresses(self.state)

    def log(self, part: str) -> str:
        """Return the log of `master`, `worker`, `results`, `deliver` or `trigger`."""
        return (self.state / "logs" / f"{part}.log").read_text(errors="replace")

    def pid(self, part: str) -> int:
        """Wait for the one process of a part, which may just be started again; return it."""
        def one() -> int | None:
            found = [pid for pid in children_of(self.process.pid) if _is(part, pid, self.state)]
            return found[0] if len(found) == 1 else None

        return int(wait_for(one, why=f"one process of {part}"))

    def publish(self, name: str, message_id: str | None = None, **changes: Any) -> None:
        """Publish that Koji built `<name>-0.5-1.fc36`."""
        assert self.bus
        # the key of an event is made of Koji's own number of the build
        number = sum(name.encode()) * 1000 + len(name)
        body, properties = koji_message(name, **{"build_id": number, **changes})
        publish(self.bus, KOJI_TOPIC, body, **(properties | {"message_id": message_id or f"m-{name}"}))

    def rows(self, item: str) -> list[dict[str, Any]]:
        """Return the rows of an item, the newest first; none while the database is away."""
        answer = get(f"{self.addresses.results_url}/api/v2.0/results?item={urllib.parse.quote(item)}")
        return list((answer or {}).get("data", ()))

    def results(self, item: str) -> list[dict[str, Any]]:
        """Return the results of an item, without what is only under way."""
        return [row for row in self.rows(item) if row["outcome"] not in ("QUEUED", "RUNNING")]

    def result(self, item: str, seconds: float = 90.0) -> dict[str, Any]:
        """Wait for the one row of an item; return it."""
        rows = wait_for(lambda: self.results(item), seconds, f"a result of {item}; the logs: {self.state / 'logs'}")
        assert len(rows) == 1, rows
        return dict(rows[0])

    def report(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the execution report of a row's run."""
        build_id = row["groups"][0]
        return dict(json.loads((self.state / "artifacts" / build_id / "execution.json").read_text()))

    def builds(self) -> list[dict[str, Any]]:
        """Return Buildbot's builds, the oldest first."""
        answer = get(f"{self.addresses.buildbot_url}/api/v2/builds?order=buildid")
        return list((answer or {}).get("builds", ()))

    def stop(self, how: int = signal.SIGTERM, seconds: float = 90.0) -> int:
        """End `up`; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(seconds)


@dataclass(frozen=True)
class Options:
    """How `up` is called."""

    bus: str | None = None
    rules: Path | None = None
    store: Path | None = None
    checks: Sequence[Path] = ()
    more: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    #: Of the master, beside those that every test has.
    settings: dict[str, object] = field(default_factory=dict)


def start(folder: Path, options: Options = Options()) -> WholeSystem:
    """Start `up` with `<folder>/state`; return at once."""
    (folder / "state").mkdir(parents=True, exist_ok=True)
    # no test waits 20 s for the second attempt
    settings = {"retry_delay_seconds": 0.5, "grace_seconds": 5, **options.settings}
    (folder / "state" / "master-settings.json").write_text(json.dumps(settings))
    choose_ports(folder / "state")
    command = [sys.executable, "-m", "checkotron", "up", "--state", str(folder / "state"), "--slots", "2"]
    for name, value in (("--bus", options.bus), ("--rules", options.rules), ("--koji-store", options.store)):
        command += [name, str(value)] if value else []
    for checks in options.checks:
        command += ["--checks", str(checks)]
    with (folder / "up.log").open("ab") as log:
        earlier = (folder / "up.log").read_text(errors="replace").count(RUNS)
        process = subprocess.Popen([*command, *options.more], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **options.environment})
    return WholeSystem(folder / "state", process, options.bus, earlier)


def wait_until_it_runs(system: WholeSystem) -> None:
    """Wait until `up` says so, and the trigger listens."""
    wait_for(lambda: system.process.poll() is not None or system.said.count(RUNS) > system.earlier, 120,
             "everything runs")
    assert system.process.poll() is None, system.said
    if system.bus:
        wait_for(lambda: "listening" in system.log("trigger"), 60, "the trigger listens")


@contextmanager
def whole_system(folder: Path, options: Options = Options()) -> Iterator[WholeSystem]:
    """Give the running system for the time of the block."""
    system = start(folder, options)
    try:
        wait_until_it_runs(system)
        yield system
    finally:
        system.stop()


def koji_message(name: str, **changes: Any) -> tuple[bytes, dict[str, Any]]:
    """Return body and properties of the message that Koji built `<name>-0.5-1.fc36`."""
    return json.dumps(koji_body(name=name, **changes)).encode(), {
        "message_id": f"m-{name}", "content_type": "application/json",
        "headers": {"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20}}


def get(url: str) -> dict[str, Any] | None:
    """Return the JSON of an address, None while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return dict(json.load(answer))
    except (OSError, ValueError):
        return None


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started itself."""
    return _children().get(pid, [])


def family_of(pid: int) -> list[int]:
    """Return all processes below a process."""
    children, family = _children(), [pid]
    for one in family:
        family += children.get(one, [])
    return family[1:]


def _children() -> dict[int, list[int]]:
    """Return the children of each process; one look at all, for a run may be over before a second one."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(int(entry.name))) is not None:
            found.setdefault(parent, []).append(int(entry.name))
    return found


def is_alive(pid: int) -> bool:
    """True for a process that runs; not for one that only waits to be noted by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def _is(part: str, pid: int, state: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        folder = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return False
    if part in ("master", "worker"):
        return folder == str(state / part)
    return {"results": "serve", "deliver": "deliver", "trigger": "consume"}[part] in words
