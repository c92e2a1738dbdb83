"""The rows: what is stored, what is asked to be stored."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Keep(Enum):
    """Stands where a field was not given: what is stored stays."""

    KEEP = "keep"


KEEP = Keep.KEEP
#: How long an idempotency key is remembered: a week, longer than any client retries.
KEY_LIFE_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Testcase:
    """A named check."""

    #: "dist.rpmlint"; unique, never empty.
    name: str
    #: Where it is documented.
    ref_url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Results that belong together, for example those of one run."""

    #: Any text of at most 36 characters; unique.
    uuid: str
    description: str | None
    ref_url: str | None
    #: How many results are linked.
    results_count: int


@dataclass(frozen=True, slots=True)
class Result:
    """One stored verdict. `data` and `groups` stay JSON text: an answer copies them as they are."""

    id: int
    outcome: str
    note: str | None
    ref_url: str | None
    #: Microseconds since 1970, UTC.
    submit_time: int
    #: `{"item":["xchat-0.5-1.fc20"]}`: keys sorted, non-ASCII escaped.
    data: str
    #: `["uuid", ...]`
    groups: str
    testcase: Testcase

    def data_values(self) -> dict[str, list[str]]:
        """Return the data as key to values."""
        values: dict[str, list[str]] = json.loads(self.data)
        return values

    def group_uuids(self) -> list[str]:
        """Return the uuids of its groups."""
        uuids: list[str] = json.loads(self.groups)
        return uuids


@dataclass(frozen=True, slots=True)
class TestcaseChange:
    """Create the testcase of that name, or change it."""

    name: str
    ref_url: str | Keep | None = KEEP


@dataclass(frozen=True, slots=True)
class GroupChange:
    """Create the group of that uuid, or change it."""

    uuid: str
    description: str | Keep | None = KEEP
    ref_url: str | Keep | None = KEEP


@dataclass(frozen=True, slots=True)
class NewResult:
    """A result to store."""

    outcome: str
    testcase: TestcaseChange
    #: No uuid twice.
    groups: tuple[GroupChange, ...]
    note: str | None
    ref_url: str | None
    #: Key to values, in the order given; no key without values.
    data: Mapping[str, tuple[str, ...]]
    #: Microseconds since 1970, UTC.
    submit_time: int

    def data_json(self) -> str:
        """Return the data as it is stored."""
        return json.dumps(self.data, sort_keys=True, separators=(",", ":"))

    def groups_json(self) -> str:
        """Return the uuids as they are stored."""
        return json.dumps([group.uuid for group in self.groups], separators=(",", ":"))

    def pairs(self) -> list[tuple[str, str]]:
        """Return each (key, value) once."""
        return list(dict.fromkeys((key, value) for key, values in self.data.items() for value in values))


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Names one request, so that its repetition stores nothing."""

    #: At most 255 characters; begins with whose key it is.
    key: str
    #: A digest of the request's body: the same key with another body is a mistake.
    fingerprint: str


class IdempotencyConflictError(Exception):
    """Raised when an idempotency key was used before with another body; nothing was stored."""
