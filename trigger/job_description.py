"""
JobDescription: one check that an event asks for, on its way to a job.

It begins as a match (event, rule, order) and a check's name; each transform
fills in a part. `DESCRIPTION` is the schema at the border where it is whole.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from checks.description import CheckDescription
from checks.kind import MapOf, Text, Whole
from checks.record import Key, Record
from checks.schema import NAME
from trigger.job_worker import Worker
from trigger.matching import Match


@dataclass(frozen=True, slots=True)
class JobDescription:
    """A job in the making; fields that a transform has not filled in yet are empty."""

    match: Match
    #: The check's name.
    check: str
    item: str
    item_type: str
    #: None where the check lives elsewhere and is not known here.
    description: CheckDescription | None = None
    arch: str = ""
    worker: Worker = field(default_factory=Worker)
    #: `rpmlint-koji_build-xchat-0.5-1.fc20-x86_64`
    label: str = ""
    reason: str = ""
    priority: int = 0
    #: Properties of the build beside the seed's four.
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def with_changes(self, **changes: Any) -> JobDescription:
        """Return a copy with some fields replaced; a description is never edited."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return what the schema reads."""
        return {"item": self.item, "item_type": self.item_type, "check": self.check, "arch": self.arch,
                "worker": self.worker.name, "label": self.label, "reason": self.reason, "priority": self.priority,
                "extra": dict(self.extra)}


_NAME = Text("letters, digits and . _ + - only", NAME, 128)
#: What a whole description must be; the same kinds as in check files, so a field is defined once.
DESCRIPTION = Record((
    Key("item", Text("an item"), "The thing under check.", required=True),
    Key("item_type", Text("an item type"), "Its kind.", required=True),
    Key("check", _NAME, "What to run.", required=True),
    Key("arch", _NAME, "Where to run it.", required=True),
    Key("worker", _NAME, "Kind of worker.", required=True),
    Key("label", Text("a text"), "Names the job in errors.", required=True),
    Key("reason", Text("a text"), "Why there is this job.", required=True),
    Key("priority", Whole(-2**31 + 1, 2**31 - 1), "Higher runs earlier.", default=0),
    Key("extra", MapOf(Text("a text")), "Further properties of the build."),
))
