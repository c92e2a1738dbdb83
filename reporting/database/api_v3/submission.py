"""From the body of a v3 request to the result to store."""
from __future__ import annotations

from typing import Any

from reporting.database.api_v3.result_type import COLUMNS, ResultType, allowed_outcomes
from reporting.database.faults import Faults
from reporting.database.fields import Body
from reporting.database.records import KEEP, NewResult, TestcaseChange
from reporting.database.timestamps import now_microseconds

_ONLY_FOR_ERROR = "error_reason and issue_url can be only set for ERROR outcome"


def submission(data: Any, kind: ResultType, user: str, configured: tuple[str, ...]) -> NewResult:
    """
    Return the result that a body of that type describes. Raises FieldsError with every fault.

    `configured`: the outcomes that v2.0 takes.
    """
    faults, outcomes = Faults(), allowed_outcomes(configured)
    body = Body(data, faults, kind.model)
    values = {field.name: found for field in kind.fields if (found := field.values(body)) is not None}
    outcome = values.get("outcome", [""])[0].strip().upper()
    if "outcome" in values and outcome not in outcomes:
        faults.add("outcome", "value_error", data["outcome"], f"must be one of: {', '.join(outcomes)}")
    if "testcase" in values:
        body.name("testcase", values["testcase"][0])
    faults.finish()
    if outcome != "ERROR" and ("error_reason" in values or "issue_url" in values):
        faults.add(None, "value_error", data, _ONLY_FOR_ERROR)
        faults.finish()
    return NewResult(
        outcome, TestcaseChange(values["testcase"][0], _only(values, "testcase_ref_url") or KEEP), (),
        _only(values, "note"), _only(values, "ref_url"), _data(values, kind, user), now_microseconds())


def _only(values: dict[str, list[str]], name: str) -> str | None:
    return values[name][0] if name in values else None


def _data(values: dict[str, list[str]], kind: ResultType, user: str) -> dict[str, tuple[str, ...]]:
    scratch = "_scratch" if values.get("scratch") == ["True"] else ""
    data: dict[str, tuple[str, ...]] = {"username": (user,), "type": (kind.name + scratch,)}
    data |= {name: tuple(found) for name, found in values.items() if name not in COLUMNS and found}
    if kind.name == "productmd-compose":
        compose, = data.pop("id")
        variant = _only(values, "system_variant") or "unknown"
        data["item"] = (f"{compose}/{variant}/{_only(values, 'system_architecture') or ''}", compose)
    return data
