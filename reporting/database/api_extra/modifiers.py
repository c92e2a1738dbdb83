"""
What a query asks beside the filters of v2.0: `k:not=v`, `k:not_like=v` and `k:has=yes|no`.

v2.0 itself reads an unknown modifier as none, so these stand only in addresses
of ours: the search page and what lies below /api/extra.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reporting.database.api_v2.parameters import patterns, result_filter
from reporting.database.exchange import Request
from reporting.database.faults import Faults
from reporting.database.question import DataFilter, ResultFilter
from reporting.database.service import Service

#: After the colon of a parameter's name.
MODIFIERS = frozenset({"not", "not_like", "has"})
_ANSWERS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def extended_filter(request: Request, service: Service, faults: Faults, fixed: str | None = None) -> ResultFilter:
    """Return the filter of /api/v2.0/results with what only we can ask."""
    plain, more = {}, []
    for name, values in request.parameters.items():
        key, _, modifier = name.partition(":")
        if modifier not in MODIFIERS:
            plain[name] = values
        elif modifier == "has":
            more += _has(name, key, values, faults)
        else:
            wanted = tuple(dict.fromkeys(part for value in values for part in value.split(",")))
            more.append(DataFilter(key, wanted, is_negated=True) if modifier == "not"
                        else DataFilter(key, patterns=patterns(wanted), is_negated=True))
    found = result_filter(request, service, faults, fixed, plain)
    return replace(found, data=(*found.data, *more))


def _has(name: str, key: str, values: Sequence[str], faults: Faults) -> list[DataFilter]:
    answer = _ANSWERS.get(values[0].strip().lower())
    if answer is None:
        faults.add(name, "value_error", values[0], "must be yes or no")
        return []
    return [DataFilter(key, is_negated=not answer)]
