"""Result: one verdict on one item by one check."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from checks.item import ITEM_TYPES
from checks.outcome import Outcome

#: Keys of a TAP YAML block with a meaning of their own; a check cannot send them as extra data.
RESERVED_KEYS = frozenset({
    "details", "item", "outcome", "summary", "type", "arch", "checkname", "artifact", "log_url", "_internal",
})


@dataclass(frozen=True, slots=True)
class Result:
    """One verdict. Optional texts are None where the check gave none."""

    #: `xchat-0.5-1.fc20`
    item: str
    #: A key of ITEM_TYPES, `koji_build`.
    item_type: str
    outcome: Outcome
    #: The full name of the check, `dist.rpmlint`; a part of it after one more dot for a sub-result.
    testcase: str
    #: One line for a table, "5 ERRORS, 10 WARNINGS".
    summary: str | None = None
    #: What the check printed about this item (TAP: details.output); many lines.
    output: str | None = None
    #: `x86_64`, `noarch`; None where the result is not about one architecture.
    arch: str | None = None
    #: A file of the run, relative to the artifacts folder.
    artifact: str | None = None
    #: Where the log lies; reporting fills it in where the check gave none.
    log_url: str | None = None
    #: Further `key: [values]` for the results database.
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def sentence(self) -> str:
        """The description of a TAP line: "dist.rpmlint for Koji build xchat-0.5-1.fc20"."""
        kind = ITEM_TYPES.get(self.item_type)
        return f"{self.testcase} for {kind.wording if kind else self.item_type} {self.item}"

    @property
    def note(self) -> str:
        """The summary, or the words of the seed where a check gave none: "not ok upgradepath for Koji build …"."""
        return self.summary or f"{'ok' if self.outcome.is_ok else 'not ok'} {self.sentence}"

    def with_changes(self, **changes: Any) -> Result:
        """Return a copy with some fields replaced."""
        return replace(self, **changes)
