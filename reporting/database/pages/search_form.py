"""The search form: what its fields become in a query of the API, and what a query looks like in its fields."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reporting.database.exchange import Request

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Data keys with a field of their own.
_FIELDS = ("type", "arch")
_OLDEST_FIRST = "asc:submit_time"
#: Rows for further keys that are free to fill in.
_SPARE = 2
#: What can be asked of a key, in the words of the form, and the modifier that asks it.
HOW = {"is": "is", "like": "matches", "not": "is not", "not_like": "does not match", "has": "is there",
       "has_not": "is not there"}

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row of the form that asks for a data pair."""

    key: str = ""
    #: A key of HOW.
    how: str = "is"
    value: str = ""


@dataclass(frozen=True, slots=True)
class SearchForm:
    """The fields as they are filled in."""

    item: str
    testcase: str
    type: str
    arch: str
    group: str
    outcomes: frozenset[str]
    #: Dates, both inclusive.
    first_day: str
    last_day: str
    is_oldest_first: bool
    rows: tuple[DataRow, ...]

    @property
    def has_details(self) -> bool:
        """True where a field is filled that is folded away at first."""
        return bool(self.arch or self.group or self.first_day or self.last_day or self.is_oldest_first
                    or any(row.key for row in self.rows))


def form_of_query(request: Request) -> SearchForm:
    """Return the form that shows a query of the API."""
    def only(name: str) -> str:
        return request.first(name) or ""

    since = only("since").split(",")
    rows = []
    for name, values in request.parameters.items():
        key, _, modifier = name.partition(":")
        if name in _OWN or (key == "item" and modifier == "like"):
            continue
        rows.append(_row(key, modifier, values))
    return SearchForm(
        item=" ".join(_without_star(word) for word in only("item:like").split(",")),
        testcase=", ".join(filter(None, [only("testcases"), only("testcases:like")])),
        type=only("type"), arch=only("arch"), group=only("groups"),
        outcomes=frozenset(word.strip().upper() for word in only("outcome").split(",") if word.strip()),
        first_day=_date(since[0]), last_day=_date(since[1]) if len(since) > 1 else "",
        is_oldest_first=only("_sort") == _OLDEST_FIRST, rows=(*rows, *[DataRow()] * _SPARE))


def _row(key: str, modifier: str, values: list[str]) -> DataRow:
    if modifier == "has":
        return DataRow(key, "has" if is_yes(values[0]) else "has_not")
    return DataRow(key, modifier if modifier in HOW else "is", ",".join(values))


def is_yes(text: str) -> bool:
    """True where the value of `k:has` says yes."""
    return text.strip().lower() in ("yes", "true", "1")


_OWN = frozenset({"limit", "page", "_sort", "since", "outcome", "groups", "testcases", "testcases:like", "_distinct_on",
                  *_FIELDS})


def query_of_form(parameters: Mapping[str, list[str]], is_testcase: Callable[[str], bool]) -> Pairs:
    """
    Return the query of the API that the submitted fields ask for; the shareable address of the search.

    `is_testcase` tells whether a name is a testcase's whole name; else it is looked for in the middle of names.
    """
    def only(name: str) -> str:
        return (parameters.get(name) or [""])[0].strip()

    query: Pairs = []
    if words := only("item").replace(",", " ").split():
        query.append(("item:like", ",".join(word if "*" in word else f"{word}*" for word in words)))
    if testcase := only("testcase"):
        query.append(_testcase(testcase, is_testcase))
    query += [(name, only(name)) for name in _FIELDS if only(name)]
    if only("group"):
        query.append(("groups", only("group")))
    if outcomes := [word for word in parameters.get("outcome", []) if word]:
        query.append(("outcome", ",".join(outcomes)))
    if since := _since(only("first_day"), only("last_day")):
        query.append(("since", since))
    query += _data_pairs(parameters)
    if only("oldest_first"):
        query.append(("_sort", _OLDEST_FIRST))
    return query


def _data_pairs(parameters: Mapping[str, list[str]]) -> Pairs:
    keys, values, how = (parameters.get(name, []) for name in ("key", "value", "how"))
    pairs: Pairs = []
    for place, (given, value) in enumerate(zip(keys, values, strict=False)):
        key, asked = given.strip().replace(":", "_"), (how[place:place + 1] or ["is"])[0]
        if not key:
            continue
        if asked in ("has", "has_not"):
            pairs.append((f"{key}:has", "yes" if asked == "has" else "no"))
        else:
            pairs.append((key if asked == "is" or asked not in HOW else f"{key}:{asked}", value))
    return pairs


def _testcase(text: str, is_testcase: Callable[[str], bool]) -> tuple[str, str]:
    if "," in text or is_testcase(text):
        return "testcases", ",".join(part.strip() for part in text.split(","))
    return "testcases:like", text if "*" in text else f"*{text}*"


def _since(first: str, last: str) -> str:
    """Return the API's `since`. What is no date goes on as it is, so that the answer says what is wrong with it."""
    if not (first or last):
        return ""
    start = f"{first or '1970-01-01'}T00:00:00"
    return f"{start},{last}T23:59:59" if last else start


def _date(text: str) -> str:
    match = _DATE.match(text)
    return "" if match is None or match[0] == "1970-01-01" else match[0]


def _without_star(pattern: str) -> str:
    return pattern[:-1] if pattern.endswith("*") and pattern.count("*") == 1 else pattern
