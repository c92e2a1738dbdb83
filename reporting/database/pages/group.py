"""Groups: the list, and the page of one, which for our own results is one run of a check."""
from __future__ import annotations

from reporting.database.api_v2.parameters import page_of
from reporting.database.exchange import ApiError, Request, Response
from reporting.database.faults import Faults
from reporting.database.pages.endpoint import MissingError, endpoint
from reporting.database.pages.row import rows_of
from reporting.database.pages.template import page
from reporting.database.pages.verdict import counted
from reporting.database.question import NameFilter, Page, ResultFilter
from reporting.database.service import Service
from reporting.database.sql.page_counts import outcome_counts

_LIST = 50
#: Results of a group shown at once, those that block first.
_ROWS = 500
_COUNTED = 5000


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
    return page(request, "groups.html", groups=found[:_LIST], text=text, number=number, has_next=len(found) > _LIST)
