"""
Completion while typing: a few values that begin with what was typed, then some that have it in their middle.

Asked by pages.js, useful to programs too.
"""
from __future__ import annotations

from reporting.database.exchange import JSON, ApiError, Request, Response, dumped
from reporting.database.question import NameFilter, Page
from reporting.database.service import Service
from reporting.database.sql.page_values import keys_beginning, values_beginning, values_containing
from reporting.database.storage import StorageTimeoutError

_LIMIT = 12
_TEXT_LIMIT = 200
#: Fields that complete a testcase's name, in its middle too.
_TESTCASE = "testcase"
_KEY = "key"
#: What the quick search takes: an item or a testcase.
_ANYTHING = "anything"
_TESTCASES_AMONG_THEM = 4


def suggestions(service: Service, request: Request) -> Response:
    """Answer `{"values": [...]}` for `field` (testcase, key, anything, or any data key) and `text`."""
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
    text = text.replace("*", "")
    if field == _TESTCASE:
        return _testcases(service, text, _LIMIT)
    if field == _KEY:
        return storage.ask(keys_beginning(text, _LIMIT))
    if field == _ANYTHING:
        testcases = _testcases(service, text, _TESTCASES_AMONG_THEM)
        return _of_key(service, "item", text, _LIMIT - len(testcases)) + testcases
    return _of_key(service, field, text, _LIMIT)


def _testcases(service: Service, text: str, limit: int) -> list[str]:
    wanted = NameFilter(patterns=(f"*{text}*",)) if text else NameFilter()
    return [found.name for found in service.storage.testcases(wanted, Page(limit))]


def _of_key(service: Service, key: str, text: str, limit: int) -> list[str]:
    found = service.storage.ask(values_beginning(key, text, limit))
    if len(found) < limit:
        found += service.storage.ask(values_containing(key, text, limit))
    return list(dict.fromkeys(found))[:limit]
