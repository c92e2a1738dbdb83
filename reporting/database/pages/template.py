"""From a template and values to an answer: Jinja2 with autoescape, a strict content policy, and nobody else's hosts."""
from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reporting.database.exchange import HTML, Request, Response
from reporting.database.pages import wording
from reporting.database.pages.addresses import Addresses, exactly, web_link
from reporting.database.pages.verdict import verdict
from reporting.database.timestamps import now_microseconds

ATOM = "application/atom+xml; charset=utf-8"

#: Nothing but our own files: a stranger's text that slipped through could neither run nor call out.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
                               "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False)
    environment.filters.update({
        "visible": wording.visible, "cut": wording.cut, "with_code": wording.with_code,
        "visible_lines": wording.visible_lines, "plain": wording.plain,
        "moment": wording.moment, "exact_moment": wording.exact_moment, "ago": wording.ago, "number": wording.number,
        "lasting": wording.lasting, "for_xml": wording.for_xml, "web_link": web_link, "verdict": verdict,
    })
    return environment


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Return the page; the template sees `to` (addresses), `now` and the values."""
    text = _rendered(request, template, values)
    return Response(status, text.encode("utf-8", "replace"), HTML, dict(_HEADERS))


def feed(request: Request, template: str, **values: Any) -> Response:
    """Return the Atom feed."""
    text = wording.for_xml(_rendered(request, template, values))
    return Response(200, text.encode(), ATOM, dict(_HEADERS))


def redirect(address: str) -> Response:
    """Return the way to another page of ours."""
    return Response(303, b"", HTML, {**_HEADERS, "Location": address})


def _rendered(request: Request, template: str, values: dict[str, Any]) -> str:
    return _environment().get_template(template).render(
        {"to": Addresses(request.base_url), "exactly": exactly, "now": now_microseconds(),
         "address": _own_address(request), **values})


def _own_address(request: Request) -> str:
    query = f"?{request.query_string}" if request.query_string else ""
    return f"{request.base_url}{request.quoted_path}{query}"
