"""Makes checks, rulebooks and plans for tests."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from checks.catalogue import Catalogue
from checks.description import CheckDescription
from trigger.dispatch import Dispatcher, Plan
from trigger.lookup import Lookup
from trigger.lookups.recording import RecordingLookup
from trigger.message import BusMessage
from trigger.rulebook import Rulebook, make_rulebook
from trigger.rules import read_rules
from trigger.scheduler import Scheduler
from trigger.schedulers.recording import RecordingScheduler


def check(name: str, **changes: Any) -> CheckDescription:
    """Return a check that takes Koji builds."""
    given: dict[str, Any] = {"item_types": ("koji_build",)} | changes
    return CheckDescription(name, Path(name), Path(name) / f"{name}.yml", **given)


def catalogue(*checks: CheckDescription) -> Catalogue:
    """Return a catalogue of these checks."""
    return Catalogue(MappingProxyType({one.name: one for one in checks}))


def rulebook(text: str, *checks: CheckDescription, lookup: Lookup | None = None) -> Rulebook:
    """Return a rulebook of these rules and checks."""
    return make_rulebook(read_rules(text, "rules.yml"), ("prod",), catalogue(*checks), lookup or RecordingLookup())


def plan_of(text: str, message: BusMessage, *checks: CheckDescription, lookup: Lookup | None = None) -> Plan:
    """Return what a message asks for under these rules."""
    return dispatcher(text, *checks, lookup=lookup).plan(message)


def dispatcher(
    text: str, *checks: CheckDescription, scheduler: Scheduler | None = None, lookup: Lookup | None = None
) -> Dispatcher:
    """Return a dispatcher that schedules into memory."""
    book = rulebook(text, *checks, lookup=lookup)
    return Dispatcher(lambda: book, scheduler or RecordingScheduler())
