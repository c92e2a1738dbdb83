"""Makes checks, rulebooks and plans for tests."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from checks.catalogue import Catalogue
from checks.description import CheckDescription
from trigger.discoveries.recording import RecordingDiscovery
from trigger.dispatch import Dispatcher, Plan
from trigger.lookups.recording import RecordingLookup
from trigger.message import BusMessage
from trigger.rulebook import Rulebook, Surroundings, make_rulebook
from trigger.rules import read_rules
from trigger.schedulers.recording import RecordingScheduler


def check(name: str, **changes: Any) -> CheckDescription:
    """Return a check that takes Koji builds."""
    given: dict[str, Any] = {"item_types": ("koji_build",)} | changes
    return CheckDescription(name, Path(name), Path(name) / f"{name}.yml", **given)


def catalogue(*checks: CheckDescription) -> Catalogue:
    """Return a catalogue of these checks."""
    return Catalogue(MappingProxyType({one.name: one for one in checks}))


def rulebook(text: str, *checks: CheckDescription, around: Surroundings | None = None) -> Rulebook:
    """Return a rulebook of these rules and checks; nothing outside is asked unless `around` says so."""
    return make_rulebook(
        read_rules(text, "rules.yml"),
        catalogue(*checks),
        around or Surroundings(RecordingLookup(), RecordingDiscovery()),
    )


def plan_of(text: str, message: BusMessage, *checks: CheckDescription, around: Surroundings | None = None) -> Plan:
    """Return what a message asks for under these rules."""
    book = rulebook(text, *checks, around=around)
    return Dispatcher(lambda: book, RecordingScheduler()).plan(message)
