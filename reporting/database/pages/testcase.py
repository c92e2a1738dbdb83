"""Testcases: the list, and the page of one: its history as a plot, what fails now, what is flaky."""
from __future__ import annotations

from reporting.database.api_v2.parameters import page_of
from reporting.database.exchange import ApiError, Request, Response
from reporting.database.faults import Faults
from reporting.database.pages.endpoint import MissingError, endpoint
from reporting.database.pages.history import failing_now, flaky, run_times_by_day, typical_run_time
from reporting.database.pages.plot import HEIGHT, SMALL, WIDTH, outcomes_plot, run_time_plot
from reporting.database.pages.row import Row, rows_of
from reporting.database.pages.template import page
from reporting.database.pages.verdict import counted
from reporting.database.question import NameFilter, Page, ResultFilter
from reporting.database.service import Service
from reporting.database.sql.page_counts import MICROSECONDS_A_DAY, outcomes_by_day
from reporting.database.timestamps import now_microseconds

#: Days of the plot.
DAYS = 60
#: Results of one testcase that the plot looks at, the newest.
PLOTTED = 20_000
#: Results that are read for what fails now and what is flaky.
ROWS = 1500
_SHOWN = 30
_RECENT = 25
_LIST = 50


@endpoint
def page_of_testcase(service: Service, request: Request, name: str | None = None) -> Response:
    """Answer the page of a testcase."""
    name = request.first("name") if name is None else name
    if not name:
        raise ApiError(400, "The address names no testcase. Expected something like /testcases/dist.rpmlint.")
    testcase = service.storage.testcase(name)
    if testcase is None:
        raise MissingError("No such testcase", f"Nothing has reported as `{name[:200]}` yet. Names are taken "
                                               "literally: upper and lower case differ.")
    rows = rows_of(service.storage.results(ResultFilter(testcases=(name,)), Page(ROWS)))
    today = now_microseconds() // MICROSECONDS_A_DAY
    last_day = _last_day(rows, today)
    first_day = last_day - DAYS + 1
    by_day = service.storage.ask(outcomes_by_day(name, first_day * MICROSECONDS_A_DAY, PLOTTED))
    totals: dict[str, int] = {}
    for _, outcome, number in by_day:
        totals[outcome] = totals.get(outcome, 0) + number
    failing, unsteady = failing_now(rows), flaky(rows)
    run_times = run_times_by_day(rows, MICROSECONDS_A_DAY)
    return page(
        request, "testcase.html", testcase=testcase, totals=counted(totals), total=sum(totals.values()),
        plot=outcomes_plot(by_day, first_day, last_day), width=WIDTH, height=HEIGHT, small=SMALL, days=DAYS,
        run_times=run_time_plot(run_times, first_day, last_day), run_time=typical_run_time(run_times),
        is_recent=last_day == today,
        is_cut=sum(totals.values()) >= PLOTTED, looked_at=len(rows), is_window=len(rows) >= ROWS,
        failing=failing[:_SHOWN], failing_number=len(failing), unsteady=unsteady[:_SHOWN],
        unsteady_number=len(unsteady), recent=rows[:_RECENT], has_more=len(rows) > _RECENT,
        newest=rows[0] if rows else None)


def _last_day(rows: list[Row], today: int) -> int:
    """Return the last day of the plot: today, or that of the newest result where the plot would be empty."""
    newest = rows[0].time // MICROSECONDS_A_DAY if rows else today
    return newest if 0 <= newest <= today - DAYS else today


@endpoint
def list_of_testcases(service: Service, request: Request) -> Response:
    """Answer the list of testcases with the newest result of each."""
    faults = Faults()
    _, number = page_of(request, faults)
    faults.finish()
    text = (request.first("like") or "").strip()
    wanted = NameFilter(patterns=(text if "*" in text else f"*{text}*",)) if text else NameFilter()
    found = service.storage.testcases(wanted, Page(_LIST + 1, _LIST * number))
    shown = found[:_LIST]
    newest: dict[str, Row] = {}
    if shown:
        for row in rows_of(service.storage.latest(ResultFilter(testcases=tuple(each.name for each in shown)))):
            newest.setdefault(row.testcase, row)
    return page(request, "testcases.html", testcases=shown, newest=newest, text=text, number=number,
                has_next=len(found) > _LIST)
