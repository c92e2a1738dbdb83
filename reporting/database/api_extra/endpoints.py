"""
GET  /api/extra/results     as /api/v2.0/results, and with `k:not=v`, `k:not_like=v`, `k:has=yes|no`
POST /api/extra/results     results by a question in JSON: negation, "has key", many items at once
POST /api/extra/latest      the newest of each testcase, or per item (`distinct_on: ["item"]`), for many items at once
GET  /api/extra/following   results stored after an id, in the order of ids, waiting for the next one
"""
from __future__ import annotations

from reporting.database.api_extra.asked import asked_filter, number, question, texts
from reporting.database.api_extra.modifiers import extended_filter
from reporting.database.api_v2.parameters import DEFAULT_LIMIT, cut, rows_wanted
from reporting.database.api_v2.results import Listing
from reporting.database.exchange import ApiError, Request, Response, json_response
from reporting.database.faults import Faults
from reporting.database.following import following
from reporting.database.rendering import result_json
from reporting.database.service import Service
from reporting.database.sql.dialect import Sql

_WAIT_LIMIT_SECONDS = 60
_RESULTS_KEYS = frozenset({"limit", "page", "sort"})
_LATEST_KEYS = frozenset({"distinct_on"})
#: Between two looks for a next result while a follower waits.
_LOOK_SECONDS = 0.25


def list_results(service: Service, request: Request) -> Response:
    """Answer a page of the results that pass."""
    return Listing(service, request, read=extended_filter).answer()


def ask_results(service: Service, request: Request) -> Response:
    """Answer a page: `{"data": [...], "has_more": bool}`."""
    body = question(request.json_body(), _RESULTS_KEYS)
    wanted = asked_filter(body, service)
    limit, page = number(body, "limit", DEFAULT_LIMIT) or 0, number(body, "page", 0) or 0
    order = body.data.get("sort", "desc:submit_time")
    if order not in ("asc:submit_time", "desc:submit_time"):
        body.faults.add("sort", "value_error", order, "must be asc:submit_time or desc:submit_time")
    body.faults.finish()
    asked = rows_wanted(service, limit, page, is_ascending=order == "asc:submit_time")
    rows, has_more = cut(service.storage.results(wanted, asked), limit, service)
    listed = ",".join(result_json(row, request.base_url) for row in rows)
    return json_response(f'{{"data":[{listed}],"has_more":{"true" if has_more else "false"}}}')


def ask_latest(service: Service, request: Request) -> Response:
    """Answer the newest: `{"data": [...]}`, newest first."""
    body = question(request.json_body(), _LATEST_KEYS)
    wanted = asked_filter(body, service)
    distinct_on = texts(body, "distinct_on")
    body.faults.finish()
    if distinct_on and not wanted.is_selective:
        raise ApiError(400, "give at least one filter beside `distinct_on` and the outcomes")
    rows = service.storage.latest(wanted, distinct_on)
    return json_response(f'{{"data":[{",".join(result_json(row, request.base_url) for row in rows)}]}}')


def follow(service: Service, request: Request) -> Response:
    """
    Answer results after an id, oldest first, with the filters of GET /api/extra/results.

    `wait`: seconds, where there is none. `after=now`: none, only the id to go on after.
    """
    if request.first("after") == "now":
        newest = service.storage.rows(Sql("SELECT max(id) FROM result"))[0][0]
        return json_response(f'{{"data":[],"last":{newest or 0}}}')
    faults = Faults()
    after, limit, wait = (_whole(request, faults, name, default) for name, default in (
        ("after", 0), ("limit", 100), ("wait", 0)))
    request.parameters.pop("after", None)
    request.parameters.pop("wait", None)
    wanted = extended_filter(request, service, faults)
    faults.finish()
    if limit > service.page_limit:
        raise ApiError(400, f"`limit` is {limit}; at most {service.page_limit} results at a time")
    if limit == 0:
        raise ApiError(400, "`limit` is 0; expected at least 1")
    rows, reached = following(service.storage, wanted, after, limit)
    listed = ",".join(result_json(row, request.base_url) for row in rows)
    answer = json_response(f'{{"data":[{listed}],"last":{reached}}}')
    if not rows and request.waited_seconds < min(wait, _WAIT_LIMIT_SECONDS):
        answer.ask_again_seconds = _LOOK_SECONDS
    return answer


def _whole(request: Request, faults: Faults, name: str, default: int) -> int:
    text = request.first(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        faults.add(name, "int_parsing", text)
        return default
    return int(text)
