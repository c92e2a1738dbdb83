"""The page of one result: every field, the lines that matter, and the same testcase on the builds around it."""
from __future__ import annotations

from dataclasses import dataclass

from reporting.database.exchange import Request, Response
from reporting.database.pages.build import builds_before, parse_build, siblings
from reporting.database.pages.endpoint import MissingError, endpoint
from reporting.database.pages.item import builds_of_package, descriptions_of, wording_of
from reporting.database.pages.output import is_output, output_of
from reporting.database.pages.reproduction import command_for
from reporting.database.pages.row import Row, newest_of_each_place, row_of, rows_of
from reporting.database.pages.template import page
from reporting.database.question import DataFilter, Page, ResultFilter
from reporting.database.service import Service

#: Builds on either side whose results are shown.
_OLDER, _YOUNGER = 8, 4
_ROWS = 300
_RERUNS = 10
_SIBLINGS = 30


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The newest result of this testcase (arch, scenario) on one build."""

    row: Row
    is_this_build: bool


@endpoint
def result_page(service: Service, request: Request, number: str) -> Response:
    """Answer the page of a result."""
    found = service.storage.result(int(number)) if number.isascii() and number.isdigit() and len(number) < 20 else None
    if found is None:
        raise MissingError("No such result", f"There is no result with the number `{number[:40]}`. Numbers come from "
                                             "the links of this site; an old result may have been pruned.")
    row = row_of(found)
    values = [(key, value) for key in sorted(row.data) for value in row.data[key]]
    fields: dict[str, list[str]] = {}
    for key, value in values:
        if not is_output(value):
            fields.setdefault(key, []).append(value)
    descriptions = descriptions_of(service, [row])
    reruns, neighbours = _neighbours(service, row)
    newest = reruns[0] if reruns else row
    same_run = _same_run(service, row)
    return page(
        request, "result.html", row=row, fields=fields, wording=wording_of(row.item_type),
        outputs=[output_of(key, value) for key, value in values if is_output(value)], descriptions=descriptions,
        command=command_for(row, descriptions), reruns=reruns[:_RERUNS], neighbours=neighbours,
        same_run=same_run[:_SIBLINGS], has_more_of_run=len(same_run) > _SIBLINGS,
        newest=newest if newest.time > row.time else None)


def _same_run(service: Service, row: Row) -> list[Row]:
    """Return the other results of its run, what blocks first: the parts of a verdict stand together."""
    uuids = row.result.group_uuids()
    if not uuids:
        return []
    rows = rows_of(service.storage.results(ResultFilter(groups=(uuids[0],)), Page(_SIBLINGS + 2)))
    return sorted((other for other in rows if other.id != row.id),
                  key=lambda other: (other.verdict.rank, other.testcase, other.item, other.arch))


def _neighbours(service: Service, row: Row) -> tuple[list[Row], list[Neighbour]]:
    """Return all results of this place on the same item, and the newest on each build around it, newest build first."""
    if not row.item or row.item_key != "item":
        return [row], []
    build = parse_build(row.item, row.item_type)
    names = builds_of_package(service, build)
    around = []
    if build is not None:
        older = builds_before(build, names, row.item_type)
        younger = sorted((other for other in siblings(build, names, row.item_type)
                          if other.order > build.order and other.stream == build.stream), key=lambda other: other.order)
        around = [*reversed(younger[:_YOUNGER]), build, *[b for b in older if b.stream == build.stream][:_OLDER]]
    items = [other.item for other in around] or [row.item]
    wanted = ResultFilter(testcases=(row.testcase,), data=(
        DataFilter("item", tuple(items)), *([DataFilter("type", (row.item_type,))] if row.item_type else [])))
    rows = [other for other in rows_of(service.storage.results(wanted, Page(_ROWS))) if other.place == row.place]
    by_item: dict[str, list[Row]] = {}
    for other in rows:
        by_item.setdefault(other.item, []).append(other)
    newest = [next(iter(newest_of_each_place(by_item[item]).values())) for item in items if item in by_item]
    reruns = by_item.get(row.item, [row])
    return reruns, [Neighbour(other, other.item == row.item) for other in newest] if len(newest) > 1 else []
