"""Testcases."""
from __future__ import annotations

from reporting.database.access import authenticated, authorize
from reporting.database.api_v2.parameters import cut, page_of, rows_wanted, testcase_filter
from reporting.database.exchange import ApiError, Request, Response, json_response
from reporting.database.faults import Faults
from reporting.database.fields import Body
from reporting.database.links import page_links
from reporting.database.records import KEEP, TestcaseChange
from reporting.database.rendering import list_json, testcase_json
from reporting.database.service import Service


def create_testcase(service: Service, request: Request) -> Response:
    """Create or change; 201 in both cases."""
    identity = authenticated(request, service.identity_provider, takes_basic=True) if service.requires_token else None
    body = Body(request.json_body(), Faults())
    name = body.name("name", body.required_text("name"))
    ref_url = body.optional_text("ref_url")
    body.faults.finish()
    if identity is not None:
        authorize(identity, name, service.identity_provider)
    stored = service.storage.put_testcase(TestcaseChange(name, KEEP if ref_url is None else ref_url))
    return json_response(testcase_json(stored, request.base_url), 201)


def list_testcases(service: Service, request: Request) -> Response:
    """Answer a page, sorted by name."""
    faults = Faults()
    limit, page = page_of(request, faults)
    faults.finish()
    wanted = testcase_filter(request)
    rows, has_next = cut(service.storage.testcases(wanted, rows_wanted(service, limit, page)), limit, service)
    return json_response(list_json((testcase_json(row, request.base_url) for row in rows),
                                   *page_links(request, page, has_next)))


def get_testcase(service: Service, request: Request, name: str) -> Response:
    """Answer one testcase; its name may have slashes."""
    found = service.storage.testcase(name)
    if found is None:
        raise ApiError(404, "Testcase not found")
    return json_response(testcase_json(found, request.base_url))

