"""The front page: what needs attention now, and what arrived last."""
from __future__ import annotations

from reporting.database.exchange import Request, Response
from reporting.database.pages.attention import WINDOW, attention
from reporting.database.pages.endpoint import endpoint
from reporting.database.pages.row import rows_of
from reporting.database.pages.template import page
from reporting.database.pages.verdict import counted
from reporting.database.question import Page, ResultFilter
from reporting.database.service import Service
from reporting.database.sql.page_counts import MICROSECONDS_A_DAY, outcome_counts
from reporting.database.timestamps import now_microseconds

_NEWEST = 300
_SHOWN = 15
_TROUBLES = 25
_COUNTED = 5000


@endpoint
def front_page(service: Service, request: Request) -> Response:
    """Answer the front page."""
    now = now_microseconds()
    newest = rows_of(service.storage.results(ResultFilter(), Page(_NEWEST)))
    day = service.storage.ask(outcome_counts(ResultFilter(since=now - MICROSECONDS_A_DAY), _COUNTED))
    found = attention(service, newest, now)
    return page(request, "front.html", troubles=found.troubles[:_TROUBLES], has_more=len(found.troubles) > _TROUBLES,
                broken=found.broken, waiting=found.waiting, newest=newest[:_SHOWN], day=day,
                counts=counted(day.numbers), is_quiet=bool(newest) and newest[0].time < now - WINDOW,
                window_days=WINDOW // MICROSECONDS_A_DAY)
