"""`checkotron demo`: the message about a finished Koji build goes in, its result comes out, everything stops."""
from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from buildbot_master.stack.master_folder import own_command
from buildbot_master.stack.running import Screen, Stack, Wishes, default_slots, running_stack
from buildbot_master.stack.screen import screen
from buildbot_master.stack.state import StateError
from buildbot_master.stack.supervisor import StartError
from checks.addresses import default_state_folder

#: Ours: the package, and the message that a hub sends about it.
_SHIPPED = Path(__file__).parent / "demo"
#: Stands in a folder that the demo made, and may therefore empty.
_MARK = "made-by-checkotron-demo"
#: Seconds for the message to become results.
_LIMIT = 180.0


@dataclass(frozen=True, slots=True)
class DemoJob:
    """A job that the message started."""

    item: str
    taskname: str
    build_id: str


@dataclass(frozen=True, slots=True)
class DemoResult:
    """A row of the results database."""

    item: str
    testcase: str
    outcome: str
    note: str
    #: Its page in the results database.
    url: str
    log_url: str


def run_demo(folder: Path | None, keep_running: bool) -> None:
    """Run the demo. Raises StateError, StartError."""
    began = time.monotonic()
    state = (folder or default_state_folder(os.environ).with_name("checkotron-demo")).absolute()
    _make_empty(state)
    wishes = Wishes(state, slots=default_slots(), koji_store=str(_SHIPPED / "store"))
    with screen() as shown, running_stack(wishes, shown) as stack:
        jobs = _feed(stack, shown)
        results = _wait(stack, jobs, shown)
        if stack.supervisor.stopping.is_set():
            raise click.Abort
        # the table goes to standard output: the spinner's line must not stand in its way
        shown.quiet()
        _print_results(results)
        shown.line(f"\nFrom nothing to the result in {time.monotonic() - began:.1f} s.")
        if keep_running:
            _say_where(stack, shown)
            shown.progress("running; Ctrl-C stops everything")
            stack.supervisor.keep_running()
    _say_further(state, jobs, results)


def _make_empty(state: Path) -> None:
    """Give the demo an empty folder; one that it did not make itself is left alone."""
    if state.exists() and any(state.iterdir()):
        if not (state / _MARK).exists():
            raise StateError(f"{state}: not empty, and not made by the demo; name another folder with --state")
        # `up` may be looking at an older demo
        from buildbot_master.stack.state import State, lock
        with lock(State(state)):
            for one in state.iterdir():
                shutil.rmtree(one) if one.is_dir() else one.unlink()
    state.mkdir(parents=True, exist_ok=True)
    (state / _MARK).touch()


def _feed(stack: Stack, shown: Screen) -> list[DemoJob]:
    """Hand the message to the trigger; return the jobs that it scheduled."""
    message = _SHIPPED / "message.json"
    shown.progress("feeding the message")
    command = [*own_command(), "trigger", "replay", "--json", "--state", str(stack.state.folder), str(message)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
    if done.returncode != 0:
        raise StartError(f"`checkotron trigger replay {message}` failed:\n{done.stderr.strip() or done.stdout.strip()}")
    plan = json.loads(done.stdout)
    jobs = [DemoJob(job["item"], job["taskname"], job["build_id"]) for job in plan["jobs"]]
    if not jobs:
        raise StartError("the message started no job: " + "; ".join(plan["reasons"]))
    shown.line("\nOne message went in:   " + plan["topic"])
    shown.line("It asked for:          " + ", ".join(f"{job.taskname} on {job.item}" for job in jobs))
    return jobs


def _wait(stack: Stack, jobs: list[DemoJob], shown: Screen) -> list[DemoResult]:
    """Return the results of all jobs. Raises StartError: they do not come."""
    deadline = time.monotonic() + _LIMIT
    found: dict[str, list[DemoResult]] = {}

    def all_there() -> bool:
        for job in jobs:
            if job.build_id not in found and (rows := _results(stack, job)):
                found[job.build_id] = rows
        shown.progress(_what_happens(stack, len(jobs) - len(found)))
        return len(found) == len(jobs) or time.monotonic() > deadline

    stack.supervisor.keep_running(until=all_there)
    if len(found) < len(jobs) and not stack.supervisor.stopping.is_set():
        raise StartError(f"no result after {_LIMIT:g} s; the logs are in {stack.state.logs}, the files of the run in "
                         f"{stack.state.artifacts}")
    return [row for rows in found.values() for row in rows]


def _results(stack: Stack, job: DemoJob) -> list[DemoResult]:
    data = _get(f"{stack.addresses.results_url}/api/v2.0/results?groups={job.build_id}")
    return [DemoResult(" ".join(row["data"].get("item", ())), row["testcase"]["name"], row["outcome"],
                       row.get("note") or "", f"{stack.addresses.results_url}/results/{row['id']}",
                       row.get("ref_url") or "") for row in data.get("data", ())]


def _what_happens(stack: Stack, missing: int) -> str:
    builds = _get(f"{stack.addresses.buildbot_url}/api/v2/builds?order=-buildid&limit=1").get("builds") or []
    if not builds:
        return "Buildbot looks for a worker"
    if not builds[0].get("complete"):
        return f"the worker runs the check: {builds[0].get('state_string', '')}"
    return f"the results go to the results database; {missing} to come"


def _get(url: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 (http only)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 (http only)
            data = json.load(answer)
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return data if isinstance(data, dict) else {}


def _print_results(results: Iterable[DemoResult]) -> None:
    """Print the table: the answer, so on standard output."""
    rows = list(results)
    if not sys.stdout.isatty():
        for row in rows:
            click.echo(f"{row.outcome}  {row.testcase}  {row.item}  {row.note}\n  {row.url}\n  {row.log_url}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, title="Out came", title_justify="left")
    for title in ("outcome", "check", "item", "note"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(Text(row.outcome, style=_STYLES.get(row.outcome, "magenta")), Text(row.testcase), Text(row.item),
                      Text(row.note))
    console = Console(highlight=False)
    console.print()
    console.print(table)
    for row in rows:
        console.print(f"result  {row.url}\nlog     {row.log_url}", markup=False, soft_wrap=True)


_STYLES = {"PASSED": "green", "INFO": "green", "FAILED": "red"}


def _say_where(stack: Stack, shown: Screen) -> None:
    shown.line(f"  results   {stack.addresses.results_url}/\n  builds    {stack.addresses.buildbot_url}/")


def _say_further(state: Path, jobs: list[DemoJob], results: list[DemoResult]) -> None:
    """Print what to do next; everything has stopped."""
    runs = state / "artifacts"
    lines = ["", "Everything is stopped. To look further:",
             f"  less {runs / jobs[0].build_id / 'results.tap'}",
             f"  checkotron up --state {state}     # all of it again, with its pages",
             "  checkotron demo --keep-running"]
    if results:
        lines.insert(3, f"  checkotron run {jobs[0].taskname} --item {jobs[0].item} --item-type koji_build \\\n"
                        f"    --koji-store {_SHIPPED / 'store'}     # the same check by hand")
    click.echo("\n".join(lines), err=True)
