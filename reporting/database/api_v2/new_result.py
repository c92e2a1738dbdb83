"""From the body of POST /results to the result to store, or to every fault in it."""
from __future__ import annotations

from typing import Any

from reporting.database.api_v2.groups import new_uuid
from reporting.database.api_v2.parameters import must_be_one_of
from reporting.database.exchange import ApiError
from reporting.database.faults import Faults
from reporting.database.fields import Body, keeping
from reporting.database.records import KEEP, GroupChange, NewResult, TestcaseChange
from reporting.database.service import Service
from reporting.database.timestamps import TimestampError, from_submit_time, now_microseconds

_NO_NAME = "testcase name must be non-empty"
#: A result of more pairs is refused: each is a row.
_PAIR_LIMIT = 10_000


def new_result(data: Any, service: Service, model: str = "") -> NewResult:
    """
    Return the result that a body describes; `model`: see `Body`.

    Raises FieldsError: fields are wrong; ApiError: a data key has a colon.
    """
    body = Body(data, Faults(), model)
    outcome, testcase, groups = _outcome(body, service), _testcase(body), _groups(body)
    note, ref_url, pairs = body.optional_text("note"), body.optional_text("ref_url"), _data(body)
    submit_time = _submit_time(body)
    body.faults.finish()
    if colons := [key for key in pairs if ":" in key]:
        raise ApiError(400, f"Colon not allowed in key name: {colons}")
    kept = {key: values for key, values in pairs.items() if values}
    return NewResult(outcome, testcase, groups, note, ref_url, kept, submit_time)


def _outcome(body: Body, service: Service) -> str:
    given = body.required_text("outcome")
    outcome = given.strip().upper()
    if given and not outcome:
        body.faults.add("outcome", "string_too_short", given)
    elif outcome and not service.allows(outcome):
        body.faults.add("outcome", "value_error", given, must_be_one_of(service))
    return outcome


def _testcase(body: Body) -> TestcaseChange:
    nothing = TestcaseChange("")
    if "testcase" not in body.data:
        body.faults.add("testcase", "missing", body.data)
        return nothing
    given = body.data["testcase"]
    name = given.get("name") if isinstance(given, dict) else given
    if not given or (isinstance(given, dict) and not name):
        body.faults.add("testcase", "value_error", given, _NO_NAME)
        return nothing
    if isinstance(given, str):
        return TestcaseChange(body.name("testcase", given)) if body.is_storable("testcase", given) else nothing
    if not isinstance(given, dict):
        body.faults.add("testcase", "dict_type", given)
        return nothing
    name, ref_url = _number_as_text(name), _number_as_text(keeping(given, "ref_url"))
    if not body.is_text("testcase", name) or not (
            ref_url is KEEP or ref_url is None or body.is_text("testcase", ref_url)):
        return nothing
    return TestcaseChange(body.name("testcase", name), ref_url)


def _groups(body: Body) -> tuple[GroupChange, ...]:
    given = body.data.get("groups")
    if given is None:
        return ()
    if not isinstance(given, list):
        body.faults.add("groups", "list_type", given)
        return ()
    found: dict[str, GroupChange] = {}
    for each in given:
        change = _group(body, {"uuid": each} if isinstance(each, str) else each)
        if change is None:
            break
        found[change.uuid] = _merged(found.get(change.uuid), change)
    return tuple(found.values())


def _merged(first: GroupChange | None, second: GroupChange) -> GroupChange:
    """Return one change for a group that is named twice: what is given later counts."""
    if first is None:
        return second
    return GroupChange(second.uuid, first.description if second.description is KEEP else second.description,
                       first.ref_url if second.ref_url is KEEP else second.ref_url)


def _group(body: Body, given: Any) -> GroupChange | None:
    """Return the change that an element of `groups` asks for, None where it is faulty."""
    if not isinstance(given, dict):
        body.faults.add("groups", "value_error", given, "each group must be a uuid or an object")
        return None
    uuid = given.get("uuid") or new_uuid()
    description, ref_url = (_number_as_text(keeping(given, field)) for field in ("description", "ref_url"))
    texts = [text for text in (uuid, description, ref_url) if text is not None and text is not KEEP]
    if not all(body.is_text("groups", text) for text in texts):
        return None
    return GroupChange(body.uuid("groups", uuid), description, ref_url)


def _number_as_text(value: Any) -> Any:
    """Return a number as the text that databases make of it, everything else as it is."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _data(body: Body) -> dict[str, tuple[str, ...]]:
    given = body.data.get("data")
    if given is None:
        return {}
    if not isinstance(given, dict):
        body.faults.add("data", "dict_type", given)
        return {}
    found = {key: tuple(_text(each) for each in (value if isinstance(value, list) else [value]))
             for key, value in given.items()}
    if sum(map(len, found.values())) > _PAIR_LIMIT:
        body.faults.add("data", "value_error", None, f"more than {_PAIR_LIMIT} values")
    for key, values in found.items():
        if not all(body.is_storable("data", text) for text in (key, *values)):
            break
    return found


def _text(value: Any) -> str:
    """Return a value of `data` as it is stored: text as it is, everything else as Python writes it."""
    return value if isinstance(value, str) else str(value)


def _submit_time(body: Body) -> int:
    given = body.data.get("submit_time")
    if given is None:
        return now_microseconds()
    try:
        return from_submit_time(given)
    except TimestampError:
        body.faults.add("submit_time", "value_error", given,
                        "Expected timestamp in milliseconds or datetime (in format YYYY-MM-DDTHH:MM:SS.ffffff), "
                        f"got {given!r}")
        return 0
