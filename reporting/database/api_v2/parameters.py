"""Reads query parameters: filters, pages, and what is wrong with them."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from reporting.database.exchange import ApiError, Request
from reporting.database.faults import Faults
from reporting.database.question import DataFilter, NameFilter, Page, ResultFilter
from reporting.database.service import Service
from reporting.database.timestamps import TimestampError, from_since

T = TypeVar("T")

DEFAULT_LIMIT = 20
#: Parameters of /results with a meaning of their own; every other one asks for a data pair.
RESERVED = frozenset({"limit", "page", "_sort", "since", "outcome", "groups", "testcases", "testcases:like",
                      "_distinct_on"})
#: Numbers beyond are no place in any list, and databases refuse them.
_LARGEST = 10**12
#: Databases count rows in 64 bits, and some of ours add to it.
_LARGEST_OFFSET = 2**53
_INTEGER = re.compile(r"\s*[+-]?\d{1,4000}(?:\.0+)?\s*", re.ASCII)
_PATTERN_LIMIT = 2_000


def page_of(request: Request, faults: Faults) -> tuple[int, int]:
    """Return (limit, page); a limit below 0 counts as 0, a page below 0 as 0."""
    numbers = []
    for name, default in (("page", 0), ("limit", DEFAULT_LIMIT)):
        text = request.first(name)
        if text is None:
            numbers.append(default)
        elif _INTEGER.fullmatch(text):
            numbers.append(min(max(int(text.partition(".")[0]), 0), _LARGEST))
        else:
            faults.add(name, "int_parsing", text)
            numbers.append(default)
    return numbers[1], numbers[0]


def rows_wanted(service: Service, limit: int, page: int, is_ascending: bool = False) -> Page:
    """Return the page to ask for: one row more than shown tells whether there is a next page."""
    if limit == 0:
        return Page(0)
    return Page(min(limit, service.page_limit) + 1, min(limit * page, _LARGEST_OFFSET), is_ascending)


def cut(rows: Sequence[T], limit: int, service: Service) -> tuple[Sequence[T], bool]:
    """Return the rows of the page and whether there are more. Raises ApiError: the page is too large to answer."""
    if limit > service.page_limit and len(rows) > service.page_limit:
        raise ApiError(400, f"a page of more than {service.page_limit} rows; ask with limit={service.page_limit} "
                            "or less and follow `next`")
    return rows[:limit], 0 < limit < len(rows)


def names(text: str | None) -> tuple[str, ...]:
    """Return the elements between commas; nothing given: none."""
    return tuple(text.split(",")) if text else ()


def testcase_filter(request: Request) -> NameFilter:
    """Return the filter of /testcases: exact names win over patterns, even where nothing is left of them."""
    if text := request.first("name"):
        return NameFilter(names=stripped(text))
    return NameFilter(patterns=patterns(stripped(request.first("name:like"))))


def description_filter(request: Request) -> NameFilter:
    """Return the filter of /groups; a description keeps the spaces around it, blank ones are left out."""
    exact = request.first("description")
    found = tuple(each for each in names(exact or request.first("description:like")) if each.strip())
    return NameFilter(names=found) if exact else NameFilter(patterns=patterns(found))


def patterns(found: tuple[str, ...]) -> tuple[str, ...]:
    """Return the patterns. Raises ApiError: one is too long."""
    if any(len(pattern) > _PATTERN_LIMIT for pattern in found):
        raise ApiError(400, f"a pattern of more than {_PATTERN_LIMIT} characters; use a shorter one")
    return found


def result_filter(request: Request, service: Service, faults: Faults, fixed: str | None = None,
                  data: Mapping[str, list[str]] | None = None) -> ResultFilter:
    """
    Return the filter of /results and /results/latest.

    `fixed`: "groups" or "testcases", given by the path, so not read from the query. `data`: the parameters
    among which data filters are looked for; None: all.
    """
    since, until = _since(request.first("since"), faults)
    return ResultFilter(
        outcomes=_outcomes(request.first("outcome"), service, faults),
        groups=() if fixed == "groups" else stripped(request.first("groups")),
        testcases=() if fixed == "testcases" else stripped(request.first("testcases")),
        testcase_patterns=patterns(stripped(request.first("testcases:like"))),
        since=since, until=until, data=tuple(_data_filters(request.parameters if data is None else data)),
    )


def stripped(text: str | None) -> tuple[str, ...]:
    """Return the elements between commas without the spaces around them; blank ones are left out."""
    return tuple(name.strip() for name in names(text) if name.strip())


def _outcomes(text: str | None, service: Service, faults: Faults) -> tuple[str, ...]:
    found = tuple(name.upper() for name in stripped(text))
    if any(outcome not in service.outcomes for outcome in found):
        faults.add("outcome", "value_error", text, must_be_one_of(service))
    return found


def must_be_one_of(service: Service) -> str:
    """Return the words for an outcome that is not allowed."""
    return f"must be one of: {', '.join(service.outcomes)}"


def _since(text: str | None, faults: Faults) -> tuple[int | None, int | None]:
    """Return both ends of `since`; parts after the second are ignored."""
    if text is None:
        return None, None
    try:
        ends = [from_since(part) for part in text.split(",")[:2]]
    except TimestampError:
        faults.add("since", "value_error", text, "must be in ISO8601 format")
        return None, None
    return ends[0], ends[1] if len(ends) > 1 else None


def _data_filters(parameters: Mapping[str, list[str]]) -> list[DataFilter]:
    found = []
    for name, values in parameters.items():
        if name in RESERVED:
            continue
        wanted = tuple(dict.fromkeys(part for value in values for part in value.split(",")))
        key, colon, modifier = name.partition(":")
        if ":" in modifier:
            found.append(DataFilter(name, wanted))  # no stored key has a colon: matches nothing
        elif colon and modifier == "like":
            found.append(DataFilter(key, patterns=patterns(wanted)))
        else:
            found.append(DataFilter(key, wanted))
    return found
