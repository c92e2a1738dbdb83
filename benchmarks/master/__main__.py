"""The command line of the benchmark of the master."""
from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.master.bare import bare_buildbot, is_ready
from buildbot_master.stack.master_folder import own_command, runner_command
from tests.buildbot_master.conftest import RunningMaster, new_master

QUICK = "name: quick\nnamespace: dist\ndescription: x\nmaintainer: x\nrun: {using: command, command: ['true']}\n"


@dataclass
class Measured:
    """One way of running builds."""

    name: str
    builds_a_second: float
    #: Milliseconds of the master's processor time, a build of the burst.
    processor_ms: float
    #: Median seconds from the answer to a job to the start of its build, the master idle.
    start_seconds: float


@dataclass(frozen=True)
class Subject:
    """A running master."""

    name: str
    url: str
    pid: int
    schedule: Callable[[int], None]


def measure(subject: Subject, builds: int) -> Measured:
    """Time single builds first, then a burst."""
    url, schedule = subject.url, subject.schedule
    starts = []
    for number in range(5):
        schedule(number)
        began = time.monotonic()
        wait(lambda number=number: len(builds_of(url)) > number)
        starts.append(time.monotonic() - began)
        wait(lambda number=number: done(url) > number)
    began, used = time.monotonic(), processor_seconds(subject.pid)
    for number in range(builds):
        schedule(100 + number)
    while done(url) < 5 + builds:
        # seldom: each look costs the master something, too
        time.sleep(0.25)
    seconds = time.monotonic() - began
    endings = Counter(build["results"] for build in builds_of(url))
    if set(endings) != {0}:
        raise RuntimeError(f"{subject.name}: builds did not succeed: {dict(endings)}")
    return Measured(subject.name, builds / seconds, 1000 * (processor_seconds(subject.pid) - used) / builds,
                    statistics.median(starts))


def processor_seconds(pid: int) -> float:
    """Return what a process has used so far, its own code and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 600
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError("a build did not come")
        time.sleep(0.01)


def builds_of(url: str) -> list[dict]:
    question = f"{url}/api/v2/builds?field=buildid&field=complete&field=results"
    with urllib.request.urlopen(question, timeout=30) as answer:
        return list(json.load(answer)["builds"])


def done(url: str) -> int:
    return sum(bool(build["complete"]) for build in builds_of(url))


def measure_bare(folder: Path, builds: int, *, tuned: bool) -> Measured:
    with bare_buildbot(folder, tuned=tuned) as (url, pid):
        wait(lambda: is_ready(url))
        name = "bare Buildbot, tuned" if tuned else "bare Buildbot as shipped"
        return measure(Subject(name, url, pid, lambda number: force(url, f"b{number % 4}", number)), builds)


def force(url: str, builder: str, number: int) -> None:
    names = {row["name"]: row["builderid"] for row in json.load(
        urllib.request.urlopen(f"{url}/api/v2/builders", timeout=30))["builders"]}
    body = {"jsonrpc": "2.0", "method": "force", "id": number, "params": {"builderid": names[builder]}}
    urllib.request.urlopen(urllib.request.Request(
        f"{url}/api/v2/forceschedulers/force", json.dumps(body).encode(), {"Content-Type": "application/json"}),
        timeout=30).close()


def measure_ours(folder: Path, builds: int, name: str, runner: list[str], is_trusted: bool = True) -> Measured:
    """
    Measure our master and worker.

    `runner`: how a run is started; empty: as `up` does, by the warm runner. `is_trusted`: as the checks of the
    library, which run without a sandbox.
    """
    checks = folder / "checks"
    (checks / "quick").mkdir(parents=True)
    (checks / "quick" / "quick.yml").write_text(QUICK)
    is_real = runner in ([], own_command())
    settings: dict[str, Any] = {"runner_command": runner or runner_command(folder / "state" / "worker"),
                                "pending_limit": 10_000}
    if is_real:
        settings["check_folders"] = [str(checks)]
    if is_real and is_trusted:
        settings["runner_environment"] = {"CHECKOTRON_TRUSTED": str(checks)}
    offers = json.loads(_offers()) if is_real else None
    with new_master(folder / "state", settings, 4, offers) as master:
        assert master.master.process
        return measure(Subject(name, f"http://127.0.0.1:{master.ports.web}", master.master.process.pid,
                               lambda number: _schedule(master)), builds)


def _schedule(master: RunningMaster) -> None:
    master.schedule("quick")


def _offers() -> str:
    from buildbot_master.stack.worker_folder import what_this_machine_offers
    return what_this_machine_offers()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--builds", type=int, default=60)
    builds = parser.parse_args().builds
    rows = []
    with tempfile.TemporaryDirectory(prefix="master-") as temporary:
        folder = Path(temporary)
        (folder / "true").write_text(TRUE)
        for number, way in enumerate((
                lambda place: measure_bare(place, builds, tuned=False),
                lambda place: measure_bare(place, builds, tuned=True),
                lambda place: measure_ours(place, builds, "ours, `true` for a runner", ["sh", str(folder / "true")]),
                lambda place: measure_ours(place, builds, "ours, the real runner", []),
                lambda place: measure_ours(place, builds, "ours, a sandbox a run", [], is_trusted=False),
                lambda place: measure_ours(place, builds, "ours, a process a run", own_command()))):
            place = folder / str(number)
            place.mkdir()
            rows.append(way(place))
            print(f"{rows[-1].name:28} {rows[-1].builds_a_second:5.1f} builds/s   "
                  f"{rows[-1].processor_ms:5.0f} ms processor a build   "
                  f"job to start {rows[-1].start_seconds * 1000:5.0f} ms", flush=True)
    for row in rows[2:]:
        print(f"{row.name}: {row.builds_a_second / rows[0].builds_a_second:.2f} of shipped, "
              f"{row.builds_a_second / rows[1].builds_a_second:.2f} of tuned; processor "
              f"{row.processor_ms / rows[1].processor_ms:.2f} of tuned; job to start "
              f"{row.start_seconds / rows[1].start_seconds:.2f} of tuned")
    return 0


#: A runner that costs nothing: the folder and an empty TAP stream.
TRUE = """\
for word; do
  case $word in
    --artifacts=*) mkdir -p "${word#*=}" && echo "TAP version 13" > "${word#*=}/results.tap";;
  esac
done
"""

if __name__ == "__main__":
    sys.exit(main())
