"""The page of one item: what blocks it, every testcase by architecture, what changed since the build before."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from checks.item import ITEM_TYPES
from reporting.database.exchange import ApiError, Request, Response
from reporting.database.pages.build import Build, builds_before, parse_build, siblings
from reporting.database.pages.comparison import Change, changes_counted, compare, lines_of
from reporting.database.pages.endpoint import MissingError, endpoint
from reporting.database.pages.reproduction import command_for
from reporting.database.pages.row import Row, newest_of_each_place, rows_of
from reporting.database.pages.template import page
from reporting.database.pages.verdict import counted
from reporting.database.question import DataFilter, NameFilter, Page, ResultFilter
from reporting.database.service import Service
from reporting.database.sql.page_values import values_between

#: Results of one item that are looked at, the newest.
ROWS_LIMIT = 2000
#: Names of a package's builds that are looked at.
BUILDS_LIMIT = 3000
#: Results shown below the table, with a way to all.
_HISTORY = 25
#: What blocks and testcases shown at once; the rest is folded.
_BLOCKS = 8
#: Results of the same name that are looked at for other types.
_NAMESAKES = 200
_LINES = 40
#: Builds tried until one with results is found.
_TRIES = 3
_GROUPS = 200
#: Builds named where one is not found.
_NEAR = 8


@dataclass(frozen=True, slots=True)
class BuildBefore:
    """The build that an item is compared with."""

    build: Build
    rows: list[Row]
    is_same_stream: bool


@endpoint
def item_page(service: Service, request: Request, item: str | None = None, item_type: str | None = None) -> Response:
    """Answer the page of an item; where its type is not given, of whatever has that name."""
    item = request.first("item") if item is None else item
    item_type = request.first("type") or "" if item_type is None else item_type
    if not item:
        raise ApiError(400, "The address names no item. Expected something like "
                            "/items/koji_build/xchat-0.5-1.fc20; or search for it.")
    rows = rows_of_item(service, item, item_type)
    build = parse_build(item, item_type)
    names = builds_of_package(service, build)
    if not rows:
        raise _missing(item, item_type, build, names)
    before = _build_before(service, build, names, item_type)
    now = newest_of_each_place(rows)
    cells = compare(now, newest_of_each_place(before.rows) if before else None, rows)
    current = sorted(now.values(), key=lambda row: (row.verdict.rank, row.place))
    blocking = [row for row in current if row.verdict.is_blocking]
    descriptions = descriptions_of(service, current)
    lines = lines_of(cells)
    return page(
        request, "item.html", item=item, item_type=item_type, wording=wording_of(item_type), build=build, before=before,
        newer=_newer(build, names, item_type), lines=lines, shown_lines=_LINES, shown_blocks=_BLOCKS,
        rest_is_calm=not any(cell.now and cell.now.verdict.is_blocking for line in lines[_LINES:]
                             for cell in line.cells.values()),
        arches=sorted({cell.place[1] for cell in cells}),
        changes=changes_counted(cells), blocking=blocking, Change=Change,
        waiting=[row for row in current if row.verdict.is_pending],
        counts=counted(Counter(row.verdict.outcome for row in current)),
        change_of={cell.place: cell.change for cell in cells}, history=rows[:_HISTORY], newest=rows[0],
        has_more=len(rows) > _HISTORY,
        has_history=len(rows) > len(current), is_cut=len(rows) >= ROWS_LIMIT, current=current,
        types=sorted({row.item_type for row in rows}), other_types=_other_types(service, item, item_type),
        commands={row.place: command_for(row, descriptions) for row in current})


def rows_of_item(service: Service, item: str, item_type: str, limit: int = ROWS_LIMIT) -> list[Row]:
    """Return the newest results of an item, newest first; of any type where none is given."""
    data = (DataFilter("item", (item,)), *([DataFilter("type", (item_type,))] if item_type else []))
    return rows_of(service.storage.results(ResultFilter(data=data), Page(limit)))


def _other_types(service: Service, item: str, item_type: str) -> list[str]:
    """Return the other types under which something has this name: what one blocks, the other does not show."""
    if not item_type:
        return []
    return sorted({row.item_type for row in rows_of_item(service, item, "", _NAMESAKES)} - {item_type})


def builds_of_package(service: Service, build: Build | None) -> list[str]:
    """Return the names among which the other builds of its package are."""
    if build is None:
        return []
    return service.storage.ask(values_between("item", *build.values_around(), BUILDS_LIMIT))


def descriptions_of(service: Service, rows: Iterable[Row]) -> dict[str, str]:
    """Return uuid to description of the groups of these results."""
    uuids = tuple(dict.fromkeys(uuid for row in rows for uuid in row.result.group_uuids()))[:_GROUPS]
    if not uuids:
        return {}
    groups = service.storage.groups(uuids, NameFilter(), Page(_GROUPS))
    return {group.uuid: group.description for group in groups if group.description}


def wording_of(item_type: str) -> str:
    """Return the words for an item type, "Koji build"; an unknown type is its own."""
    known = ITEM_TYPES.get(item_type)
    return known.wording if known else item_type or "item"


def _build_before(service: Service, build: Build | None, names: list[str], item_type: str) -> BuildBefore | None:
    if build is None:
        return None
    for candidate in builds_before(build, names, item_type)[:_TRIES]:
        rows = rows_of_item(service, candidate.item, item_type)
        if rows:
            return BuildBefore(candidate, rows, candidate.stream == build.stream)
    return None


def _newer(build: Build | None, names: list[str], item_type: str) -> Build | None:
    """Return the newest build of the same stream, None where this is it."""
    if build is None:
        return None
    newer = [other for other in siblings(build, names, item_type)
             if other.stream == build.stream and other.order > build.order]
    return max(newer, key=lambda other: other.order, default=None)


def _missing(item: str, item_type: str, build: Build | None, names: list[str]) -> MissingError:
    others = siblings(build, names, item_type) if build else []
    others.sort(key=lambda other: other.order, reverse=True)
    return MissingError(
        "No results for this item",
        f"There is no result for the {wording_of(item_type)} `{item}`. Either nothing has run on it yet, or its name "
        "is misspelled.", [(other.item, item_type) for other in others[:_NEAR]])
