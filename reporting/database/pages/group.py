"""Groups: the list, and the page of one, which for our own results is one run of a check."""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reporting.database.api_v2.parameters import page_of
from reporting.database.exchange import ApiError, Request, Response
from reporting.database.faults import Faults
from reporting.database.pages.endpoint import MissingError, endpoint
from reporting.database.pages.row import Row, rows_of
from reporting.database.pages.template import page
from reporting.database.pages.verdict import Verdict, counted
from reporting.database.question import NameFilter, Page, ResultFilter
from reporting.database.records import Group
from reporting.database.service import Service
from reporting.database.sql.page_counts import outcome_counts

_LIST = 50
#: Results of a group shown at once, those that block first.
_ROWS = 500
_COUNTED = 5000
#: Results of all the groups in a list that are looked at for their outcomes.
_SEEN = 1000
#: A group of more results is not looked into: a run has fewer, and reading them takes long.
_SMALL = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """What a list tells of a group."""

    counts: list[tuple[Verdict, int]]
    #: When its newest result came, microseconds since 1970.
    time: int
    #: How many of its results were looked at.
    number: int


@endpoint
def group_page(service: Service, request: Request, uuid: str | None = None) -> Response:
    """Answer the page of a group."""
    uuid = request.first("uuid") if uuid is None else uuid
    if not uuid:
        raise ApiError(400, "The address names no group. Expected something like /groups/UUID.")
    group = service.storage.group(uuid)
    if group is None:
        raise MissingError("No such run", f"There is no run (group) `{uuid[:100]}`. "
                                          "It appears with its first result.")
    wanted = ResultFilter(groups=(uuid,))
    rows = rows_of(service.storage.results(wanted, Page(_ROWS)))
    counts = service.storage.ask(outcome_counts(wanted, _COUNTED))
    return page(request, "group.html", group=group, counts=counted(counts.numbers), is_cut=len(rows) >= _ROWS,
                rows=sorted(rows, key=lambda row: (row.verdict.rank, row.testcase, row.item, row.arch)),
                items=sorted({(row.item, row.item_type) for row in rows if row.item})[:10],
                newest=rows[0] if rows else None)


@endpoint
def groups_page(service: Service, request: Request) -> Response:
    """Answer the newest groups."""
    faults = Faults()
    _, number = page_of(request, faults)
    faults.finish()
    text = (request.first("like") or "").strip()
    wanted = NameFilter(patterns=(text if "*" in text else f"*{text}*",)) if text else NameFilter()
    uuids = tuple(part for part in (request.first("uuid") or "").split(",") if part)
    found = service.storage.groups(uuids, wanted, Page(_LIST + 1, _LIST * number))
    shown = found[:_LIST]
    return page(request, "groups.html", groups=shown, text=text, number=number, has_next=len(found) > _LIST,
                seen=_newest_of(service, shown))


def _newest_of(service: Service, groups: Sequence[Group]) -> dict[str, Seen]:
    """Return uuid to what is known of each group that is no large one, from the newest results of all of them."""
    rows: dict[str, list[Row]] = {group.uuid: [] for group in groups if 0 < group.results_count <= _SMALL}
    if not rows:
        return {}
    wanted = ResultFilter(groups=tuple(rows))
    for row in rows_of(service.storage.results(wanted, Page(_SEEN))):
        for uuid in row.result.group_uuids():
            if uuid in rows:
                rows[uuid].append(row)
    return {uuid: Seen(counted(Counter(row.verdict.outcome for row in found)), found[0].time, len(found))
            for uuid, found in rows.items() if found}
