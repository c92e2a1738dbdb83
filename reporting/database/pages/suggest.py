"""Completion while typing: a few values that begin with what was typed. Asked by pages.js, useful to programs too."""
from __future__ import annotations

from reporting.database.exchange import JSON, ApiError, Request, Response, dumped
from reporting.database.question import NameFilter, Page
from reporting.database.service import Service
from reporting.database.sql.page_values import keys_beginning, values_beginning
from reporting.database.storage import StorageTimeoutError

_LIMIT = 12
_TEXT_LIMIT = 200
#: Fields that complete a testcase's name, in its middle too.
_TESTCASE = "testcase"
_KEY = "key"


def suggestions(service: Service, request: Request) -> Response:
    """Answer `{"values": [...]}` for `field` (testcase, key, or any data key) and `text`."""
    field, text = request.first("field") or "", (request.first("text") or "")[:_TEXT_LIMIT]
    if not field:
        raise ApiError(400, "no `field`; expected `testcase`, `key` or a data key such as `item`")
    try:
        values = _values(service, field, text)
    except StorageTimeoutError:
        values = []
    return Response(200, dumped({"values": values}).encode(), JSON, {"Cache-Control": "public, max-age=30"})


def _values(service: Service, field: str, text: str) -> list[str]:
    storage = service.storage
    if field == _TESTCASE:
        wanted = NameFilter(patterns=(f"*{text.replace('*', '')}*",)) if text else NameFilter()
        return [found.name for found in storage.testcases(wanted, Page(_LIMIT))]
    if field == _KEY:
        return storage.ask(keys_beginning(text, _LIMIT))
    return storage.ask(values_beginning(field, text.replace("*", ""), _LIMIT))
