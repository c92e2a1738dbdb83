"""
The processes of the stack, in the order in which they start.

They stop so that none sees a fault: first who brings work (trigger), then the
master, which tells its builds to run again later and the worker to end them,
then the worker, then who takes results away.
"""
from __future__ import annotations

import http.client
import json
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from buildbot_master.stack.child import Part
from buildbot_master.stack.master_folder import own_command
from buildbot_master.stack.port import HOST, Ports
from buildbot_master.stack.state import State
from buildbot_master.stack.worker_folder import names_of

#: Outcomes that our own results database stores beside ResultsDB's four: a crash is called a crash.
_OWN_OUTCOMES = ("CRASHED", "ABORTED", "ERROR", "QUEUED", "RUNNING")
#: Environment of the deliverer: where results go, with spaces between.
DESTINATIONS = "CHECKOTRON_DESTINATIONS"
#: Seconds for one look.
_LOOK_TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the user asked of reporting."""

    #: Where results go beside the results database of the stack, as `checkotron results deliver --to` has them.
    destinations: tuple[str, ...] = ()
    #: Which repositories of checks may report under which name; absolute. None: any.
    namespaces: Path | None = None
    #: Holds the token for the destinations; absolute.
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class StackOptions:
    """What the user asked for."""

    #: The bus, `amqp://...`; None: no trigger, messages come by `checkotron trigger replay`.
    bus: str | None = None
    #: The trigger's rules; None: those that are shipped.
    rules: Path | None = None
    #: Further folders of checks; absolute.
    checks: tuple[Path, ...] = ()
    #: QUEUED and RUNNING go to the results database, too.
    progress: bool = False
    reports: ReportOptions = field(default_factory=ReportOptions)


def parts(state: State, ports: Ports, options: StackOptions) -> list[Part]:
    """Return the parts, what needs another one after it."""
    found = [
        _results_database(state, ports),
        _master(state, ports),
        _worker(state, ports),
        _deliverer(state, ports, options.reports),
    ]
    if options.bus:
        found.append(_trigger(state, ports, options.bus, options))
    return found


def _results_database(state: State, ports: Ports) -> Part:
    url = f"http://{HOST}:{ports.results}"
    command = (*own_command(), "results", "serve", "--host", HOST, "--port", str(ports.results),
               "--database", f"sqlite:///{state.results_database}",
               *(word for outcome in _OWN_OUTCOMES for word in ("--additional-outcome", outcome)))
    return Part("results", "results database", command, state.folder, lambda: _answers(f"{url}/api/v2.0/"), url,
                ports=(ports.results,))


def _master(state: State, ports: Ports) -> Part:
    url = f"http://{HOST}:{ports.web}"
    token = state.door_token

    def is_ready() -> bool:
        bearer = {"Authorization": f"Bearer {token.read_text(encoding='ascii').strip()}"}
        return _answers(f"http://{HOST}:{ports.door}/status", bearer) and _answers(f"{url}/api/v2/masters")

    return Part("master", "Buildbot master", _twistd(), state.master, is_ready, url, grace_seconds=30, stop_order=2,
                ports=(ports.web, ports.worker, ports.door, ports.artifacts))


def _worker(state: State, ports: Ports) -> Part:
    def is_ready() -> bool:
        data = _json(f"http://{HOST}:{ports.web}/api/v2/workers")
        connected = {one["name"] for one in data.get("workers", ()) if one.get("connected_to")}
        return connected >= set(names_of(state.worker))

    slots = len(names_of(state.worker))
    return Part("worker", "worker", _twistd(), state.worker, is_ready, f"{slots} slots", grace_seconds=30,
                stop_order=3)


def _deliverer(state: State, ports: Ports, reports: ReportOptions) -> Part:
    words, environment = deliver_options(reports, f"http://{HOST}:{ports.results}")
    command = (*own_command(), "results", "deliver", "--queue", str(state.queue), *words, "--follow")
    shown = " and to ".join(("results go to the results database", *map(_without_password, reports.destinations)))
    return Part("deliver", "deliverer", command, state.folder, lambda: True, shown, environment=environment)


def deliver_options(reports: ReportOptions, first: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return options and environment of `checkotron results deliver`; `first`: the destination before the others."""
    named = (("--namespaces", reports.namespaces), ("--token-file", reports.token_file))
    words = tuple(word for name, path in named if path for word in (name, str(path)))
    everywhere = (first, *reports.destinations)
    if any(set(address) & set(" \t\n") for address in everywhere):
        return (*words, *(word for address in everywhere for word in ("--to", address))), {}
    # by the environment: addresses may hold passwords, and a command line is everyone's to read
    return words, {DESTINATIONS: " ".join(everywhere)}


def _trigger(state: State, ports: Ports, bus: str, options: StackOptions) -> Part:
    figures = f"{HOST}:{ports.trigger}"
    chosen = ("--rules", str(options.rules.absolute())) if options.rules else ()
    checks = tuple(word for folder in options.checks for word in ("--checks", str(folder)))
    progress = ("--progress", str(state.queue / "progress")) if options.progress else ()
    command = (*own_command(), "trigger", "consume", "--state", str(state.folder), "--metrics", figures, *chosen,
               *checks, *progress)
    # the bus by the environment: its address may hold a password, and a command line is everyone's to read
    broker = _without_password(bus)

    def waits() -> str:
        return {"broker": f"for the broker, {broker}", "master": "for the master", "": ""}[_wanted(figures)]

    return Part("trigger", "trigger", command, state.folder, lambda: _answers(f"http://{figures}/healthcheck"),
                f"listens to {broker}", waits, {"CHECKOTRON_BUS": bus}, stop_order=1, ports=(ports.trigger,))


def _twistd() -> tuple[str, ...]:
    code = "from twisted.scripts.twistd import run; run()"
    return (sys.executable, "-P", "-c", code, "--no_save", "--nodaemon", "--pidfile=", "--logfile=-",
            "--python=buildbot.tac")


def _answers(url: str, headers: dict[str, str] | None = None) -> bool:
    """True where the address gives any answer but "not yet"."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}),  # noqa: S310 (http only)
                                    timeout=_LOOK_TIMEOUT) as answer:
            answer.read()
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except (OSError, http.client.HTTPException):
        return False


def _wanted(address: str) -> str:
    """Return what the trigger waits for, by its figures: `broker`, `master`, or nothing."""
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=_LOOK_TIMEOUT) as answer:
            text = answer.read()
    except (OSError, http.client.HTTPException):
        return ""
    return next((what for what in ("broker", "master")
                 if f'\ncheckotron_trigger_waits{{for="{what}"}} 1\n'.encode() in text), "")


def _json(url: str) -> dict[str, list[dict[str, object]]]:
    try:
        with urllib.request.urlopen(url, timeout=_LOOK_TIMEOUT) as answer:  # noqa: S310 (http only)
            data = json.load(answer)
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _without_password(url: str) -> str:
    start, at, rest = url.rpartition("@")
    if not at:
        return url
    scheme, _, credentials = start.partition("://")
    return f"{scheme}://{credentials.partition(':')[0]}@{rest}"
