"""Groups of results."""
from __future__ import annotations

import uuid as uuid_module

from reporting.database.access import authenticated
from reporting.database.api_v2.parameters import cut, description_filter, names, page_of, rows_wanted
from reporting.database.exchange import ApiError, Request, Response, json_response
from reporting.database.faults import Faults
from reporting.database.fields import Body
from reporting.database.links import page_links
from reporting.database.records import KEEP, GroupChange
from reporting.database.rendering import group_json, list_json
from reporting.database.service import Service


def create_group(service: Service, request: Request) -> Response:
    """Create or change; 201 in both cases. Empty texts keep what is stored."""
    if service.requires_token:
        authenticated(request, service.identity_provider, takes_basic=True)
    body = Body(request.json_body(), Faults())
    uuid = body.uuid("uuid", body.optional_text("uuid") or new_uuid())
    ref_url = body.optional_text("ref_url") or KEEP
    description = body.optional_text("description") or KEEP
    body.faults.finish()
    stored = service.storage.put_group(GroupChange(uuid, description, ref_url))
    return json_response(group_json(stored, request.base_url), 201)


def new_uuid() -> str:
    """Return the uuid of a group that was given none."""
    return str(uuid_module.uuid1())


def list_groups(service: Service, request: Request) -> Response:
    """Answer a page, newest first."""
    faults = Faults()
    limit, page = page_of(request, faults)
    faults.finish()
    found = service.storage.groups(names(request.first("uuid")), description_filter(request),
                                   rows_wanted(service, limit, page))
    rows, has_next = cut(found, limit, service)
    return json_response(list_json((group_json(row, request.base_url) for row in rows),
                                   *page_links(request, page, has_next)))


def get_group(service: Service, request: Request, uuid: str) -> Response:
    """Answer one group."""
    found = service.storage.group(uuid)
    if found is None:
        raise ApiError(404, "Group not found")
    return json_response(group_json(found, request.base_url))
