"""From the JSON of a question to a filter, or to every fault in it."""
from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from reporting.database.api_v2.parameters import must_be_one_of
from reporting.database.faults import Faults
from reporting.database.fields import Body
from reporting.database.question import DataFilter, ResultFilter
from reporting.database.service import Service
from reporting.database.timestamps import TimestampError, from_since

#: Texts in one list: a whole update, or a large side tag.
_LIST_LIMIT = 2_000
_CONDITIONS = frozenset({"is", "like", "not", "not_like", "has"})
_KEYS = frozenset({"data", "outcomes", "not_outcomes", "groups", "testcases", "testcases_like", "since", "until",
                   "after_id"})


def asked_filter(body: Body, service: Service) -> ResultFilter:
    """Return the filter that a body describes; faults go to the body."""
    since, until = _time(body, "since"), _time(body, "until")
    return ResultFilter(
        outcomes=_outcomes(body, "outcomes", service), not_outcomes=_outcomes(body, "not_outcomes", service),
        groups=_texts(body, "groups", body.data.get("groups")),
        testcases=_texts(body, "testcases", body.data.get("testcases")),
        testcase_patterns=_texts(body, "testcases_like", body.data.get("testcases_like")),
        since=since, until=until, after_id=number(body, "after_id", None), data=_data(body))


def number(body: Body, name: str, default: int | None) -> int | None:
    """Return a whole number of at least 0."""
    value = body.data.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        body.faults.add(name, "int_type", value)
        return default
    return value


def texts(body: Body, name: str) -> tuple[str, ...]:
    """Return a list of texts; a single text counts as one."""
    return _texts(body, name, body.data.get(name))


def _texts(body: Body, name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list):
        body.faults.add(name, "list_type", value)
        return ()
    if len(found) > _LIST_LIMIT:
        body.faults.add(name, "value_error", None, f"more than {_LIST_LIMIT} texts")
        return ()
    return tuple(dict.fromkeys(each for each in found if body.is_text(name, each)))


def _outcomes(body: Body, name: str, service: Service) -> tuple[str, ...]:
    found = tuple(each.strip().upper() for each in _texts(body, name, body.data.get(name)))
    if any(outcome not in service.outcomes for outcome in found):
        body.faults.add(name, "value_error", body.data[name], must_be_one_of(service))
    return found


def _time(body: Body, name: str) -> int | None:
    value = body.data.get(name)
    if value is None:
        return None
    try:
        return from_since(value if isinstance(value, str) else "")
    except TimestampError:
        body.faults.add(name, "value_error", value, "must be in ISO8601 format")
        return None


def _data(body: Body) -> tuple[DataFilter, ...]:
    given = body.data.get("data")
    if given is None:
        return ()
    if not isinstance(given, dict):
        body.faults.add("data", "dict_type", given)
        return ()
    return tuple(each for key, condition in given.items() if body.is_text("data", key)
                 for each in _conditions(body, key, condition))


def _conditions(body: Body, key: str, condition: Any) -> list[DataFilter]:
    if not isinstance(condition, dict):
        return [DataFilter(key, _texts(body, "data", condition))]
    if not condition:
        body.faults.add("data", "value_error", condition,
                        f"the condition of `{key}` is empty; expected one or more of {', '.join(sorted(_CONDITIONS))}")
        return []
    if unknown := sorted(condition.keys() - _CONDITIONS):
        body.faults.add("data", "value_error", condition,
                        f"the condition of `{key}` has an unknown `{unknown[0]}`{_near(unknown[0], _CONDITIONS)}")
        return []
    values = {name: _texts(body, "data", each) for name, each in condition.items() if name != "has"}
    found = []
    if values.get("is") or values.get("like"):
        found.append(DataFilter(key, values.get("is", ()), values.get("like", ())))
    if values.get("not") or values.get("not_like"):
        found.append(DataFilter(key, values.get("not", ()), values.get("not_like", ()), is_negated=True))
    if "has" in condition:
        if not isinstance(condition["has"], bool):
            body.faults.add("data", "bool_type", condition["has"])
        found.append(DataFilter(key, is_negated=condition["has"] is False))
    return found


def question(data: Any, more_keys: frozenset[str]) -> Body:
    """
    Return the body of a question; a key that is none is a fault, for without it more would be answered than asked.

    `more_keys`: those beside the filters.
    """
    body = Body(data, Faults())
    known = _KEYS | more_keys
    for key in body.data:
        if key not in known:
            body.faults.add(key, "extra_forbidden", body.data[key], f"Unknown key{_near(key, known)}")
    return body


def _near(word: str, known: Iterable[str]) -> str:
    """Return what to do about a word that is not known."""
    near = get_close_matches(word, known, 1, 0.5)
    return f"; did you mean `{near[0]}`?" if near else f"; expected {', '.join(sorted(known))}"
