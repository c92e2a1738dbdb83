"""What can be asked: filters and pages, free of HTTP and of SQL."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataFilter:
    """
    Results with a data pair of this key.

    The value is one of `values`, or matches one of `patterns`; with neither any
    value will do. `is_negated`: results that have no such pair.
    """

    key: str
    values: tuple[str, ...] = ()
    #: `*` and `%` stand for any text, `_` for one character; upper and lower case differ.
    patterns: tuple[str, ...] = ()
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """All parts must hold; within a part one of the alternatives. An empty part asks nothing."""

    outcomes: tuple[str, ...] = ()
    not_outcomes: tuple[str, ...] = ()
    #: uuids
    groups: tuple[str, ...] = ()
    #: Exact names, or else one of the patterns.
    testcases: tuple[str, ...] = ()
    testcase_patterns: tuple[str, ...] = ()
    #: Microseconds since 1970, both inclusive.
    since: int | None = None
    until: int | None = None
    #: Only results stored after this one.
    after_id: int | None = None
    data: tuple[DataFilter, ...] = ()

    @property
    def is_selective(self) -> bool:
        """True where something beside the outcome is asked, as `_distinct_on` needs."""
        return bool(self.groups or self.testcases or self.testcase_patterns or self.data
                    or self.since is not None or self.until is not None)


@dataclass(frozen=True, slots=True)
class NameFilter:
    """Rows whose text is one of `names`, or matches one of `patterns`; neither: every row."""

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list."""

    #: Rows at most.
    limit: int
    #: Rows left out before.
    offset: int = 0
    #: Oldest first instead of newest first.
    is_ascending: bool = False
