"""
Results as JSON lines: out of a database, and into one.

A line is an object with `kind`: "testcase" and "group" (name, ref_url,
description) come first, then "result" in the order of ids, with the fields of
POST /api/v2.0/results and its `id`. Imported results get new ids.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from reporting.database.api_v2.new_result import new_result
from reporting.database.exchange import ApiError, dumped
from reporting.database.faults import Faults, FieldsError
from reporting.database.fields import Body
from reporting.database.question import NameFilter, Page
from reporting.database.records import GroupChange, NewResult, Result, TestcaseChange
from reporting.database.service import Service
from reporting.database.sql.dialect import Sql
from reporting.database.sql.results import COLUMNS, RESULT_OF_TESTCASE, row_to_result
from reporting.database.storage import Storage
from reporting.database.timestamps import to_datetime

_BATCH = 2_000
#: Characters of a line.
_LINE_LIMIT = 64 * 1024 * 1024
_AFTER = f"SELECT {COLUMNS} FROM {RESULT_OF_TESTCASE} WHERE r.id > ? ORDER BY r.id LIMIT ?"  # noqa: S608 (our own)
_GROUPS_AFTER = "SELECT id, uuid, description, ref_url FROM run_group WHERE id > ? ORDER BY id LIMIT ?"


class TransferError(Exception):
    """Raised when a line cannot be imported; the text has its number."""


def count_results(storage: Storage) -> int:
    """Return how many results there are."""
    return int(storage.rows(Sql("SELECT count(*) FROM result"))[0][0])


def exported_lines(storage: Storage) -> Iterator[str]:
    """Yield every line; memory does not grow with the database."""
    for page in _pages(lambda page: storage.testcases(NameFilter(), page)):
        yield from (dumped({"kind": "testcase", "name": each.name, "ref_url": each.ref_url}) for each in page)
    # in the order they were made, which is that of lists of groups
    for group in _by_id(storage, _GROUPS_AFTER):
        yield dumped(dict(zip(("kind", "uuid", "description", "ref_url"), ("group", *group[1:]), strict=True)))
    for row in _by_id(storage, _AFTER):
        yield _result_line(row_to_result(row))


def _by_id(storage: Storage, question: str) -> Iterator[tuple[Any, ...]]:
    last = 0
    while rows := storage.rows(Sql(question, (last, _BATCH))):
        yield from rows
        last = rows[-1][0]


def _pages(ask: Callable[[Page], list[Any]]) -> Iterator[list[Any]]:
    offset = 0
    while found := ask(Page(_BATCH, offset)):
        yield found
        offset += len(found)


def _result_line(result: Result) -> str:
    return dumped({
        "kind": "result", "id": result.id, "outcome": result.outcome, "testcase": result.testcase.name,
        "groups": result.group_uuids(), "note": result.note, "ref_url": result.ref_url, "data": result.data_values(),
        "submit_time": to_datetime(result.submit_time).strftime("%Y-%m-%dT%H:%M:%S.%f")})


def import_lines(storage: Storage, lines: Iterable[str], told: Callable[[int], None], first: int = 1) -> int:
    """
    Store what the lines say, a batch in one transaction; `told` gets the number of lines of each batch.

    `first`: the number of the first of them. Returns the number of results.
    Raises TransferError: a line is wrong; what came before its batch is stored.
    """
    # a database may hold outcomes that its server is no longer configured to take
    service = Service(storage, takes_any_outcome=True)
    numbered = iter(enumerate(lines, first))
    stored = 0
    while batch := list(islice(numbered, _BATCH)):
        rows = [_imported(service, number, line) for number, line in batch]
        results = [row for row in rows if isinstance(row, NewResult)]
        storage.add_results(results, [row for row in rows if not isinstance(row, NewResult)])
        stored += len(results)
        told(len(batch))
    return stored


def _imported(service: Service, number: int, line: str) -> NewResult | TestcaseChange | GroupChange:
    """Return what a line says. Raises TransferError."""
    try:
        data = json.loads(line) if len(line) <= _LINE_LIMIT else None
        kind = data.get("kind", "result") if isinstance(data, dict) else None
        if kind in ("testcase", "group"):
            return _change(kind, Body(data, Faults()))
        if kind != "result" or data is None:
            raise TransferError(f"line {number}: expected an object of kind testcase, group or result")
        return _plain(new_result({**data, "submit_time": _with_fraction(data.get("submit_time"))}, service))
    except (ValueError, KeyError, RecursionError) as error:
        raise TransferError(f"line {number}: no JSON of an export ({error})") from None
    except FieldsError as error:
        said = json.loads(error.response().body)["message"]
        raise TransferError(f"line {number}: {said}") from None
    except ApiError as error:
        raise TransferError(f"line {number}: {error.message}") from None


def _change(kind: str, body: Body) -> TestcaseChange | GroupChange:
    """Return the testcase or group of a line. Raises FieldsError."""
    name = body.required_text("name" if kind == "testcase" else "uuid")
    ref_url, description = body.optional_text("ref_url"), body.optional_text("description")
    if kind == "testcase":
        body.name("name", name)
    else:
        body.uuid("uuid", name)
    body.faults.finish()
    return TestcaseChange(name, ref_url) if kind == "testcase" else GroupChange(name, description, ref_url)


def _plain(new: NewResult) -> NewResult:
    return replace(new, groups=tuple(GroupChange(group.uuid) for group in new.groups))


def _with_fraction(text: Any) -> Any:
    """The API leaves a zero fraction out when it answers, and asks for one when it is told."""
    return text + ".0" if isinstance(text, str) and len(text) == len("2024-05-01T10:00:00") else text
