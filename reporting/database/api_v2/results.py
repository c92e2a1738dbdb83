"""Results."""
from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from reporting.database.access import authenticated, authorize
from reporting.database.api_v2.new_result import new_result
from reporting.database.api_v2.parameters import cut, page_of, result_filter, rows_wanted, stripped
from reporting.database.exchange import ApiError, Request, Response, json_response
from reporting.database.faults import Faults
from reporting.database.links import page_links
from reporting.database.question import ResultFilter
from reporting.database.records import IdempotencyConflictError, IdempotencyKey, NewResult
from reporting.database.rendering import list_json, result_json
from reporting.database.service import Service
from reporting.database.timestamps import http_date

_KEY_LENGTH = 255
#: Reads the filter of a request whose path says the part named by the last argument.
FilterReader = Callable[[Request, Service, Faults, str | None], ResultFilter]


def create_result(service: Service, request: Request) -> Response:
    """Store one result; where the server asks for tokens, only for those who may write its testcase."""
    identity = authenticated(request, service.identity_provider, takes_basic=True) if service.requires_token else None
    new = new_result(request.json_body(), service)
    if identity is not None:
        authorize(identity, new.testcase.name, service.identity_provider)
    return stored_answer(service, request, new, identity.user if identity else "")


def stored_answer(service: Service, request: Request, new: NewResult, user: str) -> Response:
    """
    Store the result and answer it.

    With an `Idempotency-Key` header a repetition answers the same and stores
    nothing. `user`: each has keys of their own.
    """
    announce = request.base_url if service.announces else None
    try:
        stored = service.storage.add_result(new, idempotency_key(request, user), announce)
    except IdempotencyConflictError:
        raise ApiError(422, "this Idempotency-Key was used before with another body; use a new key for a new "
                            "result") from None
    return json_response(result_json(stored, request.base_url), 201)


def idempotency_key(request: Request, user: str) -> IdempotencyKey | None:
    """Return the key of the request's header, None where it has none. Raises ApiError: not usable."""
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    if not 0 < len(given) <= _KEY_LENGTH or not (given.isascii() and given.isprintable()):
        raise ApiError(400, f"Idempotency-Key must have 1 to {_KEY_LENGTH} printable ASCII characters")
    fingerprint = hashlib.blake2b(request.path.encode() + request.body, digest_size=16).hexdigest()
    return IdempotencyKey(f"{user}/{given}", fingerprint)


def get_result(service: Service, request: Request, number: str) -> Response:
    """Answer one result; anything but a known number is not found."""
    found = service.storage.result(int(number)) if number.isascii() and number.isdigit() and len(number) < 20 else None
    if found is None:
        raise ApiError(404, "Result not found")
    answer = json_response(result_json(found, request.base_url))
    tag = f'"{hashlib.blake2b(answer.body, digest_size=12).hexdigest()}"'
    answer.headers = {"ETag": tag, "Last-Modified": http_date(found.submit_time), "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(304, b"", headers=answer.headers)
    return answer


def list_results(service: Service, request: Request) -> Response:
    """Answer a page of all results that pass the filters."""
    return Listing(service, request).answer()


def list_results_of_testcase(service: Service, request: Request, name: str) -> Response:
    """Answer a page of one testcase's results."""
    listing = Listing(service, request, "testcases")
    if service.storage.testcase(name) is None:
        raise ApiError(404, "Testcase not found")
    return listing.answer(testcases=(name,))


def list_results_of_group(service: Service, request: Request, uuid: str) -> Response:
    """Answer a page of one group's results."""
    listing = Listing(service, request, "groups")
    if service.storage.group(uuid) is None:
        raise ApiError(404, f"Group not found: {uuid}")
    return listing.answer(groups=(uuid,))


class Listing:
    """A page of results that is asked for. Raises FieldsError: a parameter is wrong, said before what is not there."""

    def __init__(self, service: Service, request: Request, fixed: str | None = None,
                 read: FilterReader = result_filter) -> None:
        faults = Faults()
        self._service, self._request = service, request
        self._limit, self._page = page_of(request, faults)
        self._wanted = read(request, service, faults, fixed)
        faults.finish()

    def answer(self, **fixed: tuple[str, ...]) -> Response:
        """Answer the page; `fixed`: the part of the filter that the path says."""
        service, request = self._service, self._request
        asked = rows_wanted(service, self._limit, self._page,
                            is_ascending=request.first("_sort") == "asc:submit_time")
        found = service.storage.results(replace(self._wanted, **fixed), asked)  # type: ignore[arg-type]
        rows, has_next = cut(found, self._limit, service)
        return json_response(list_json((result_json(row, request.base_url) for row in rows),
                                       *page_links(request, self._page, has_next)))


def latest_results(service: Service, request: Request) -> Response:
    """Answer the newest of each testcase, or of each combination of `_distinct_on`; never paged."""
    faults = Faults()
    page_of(request, faults)
    wanted = _without_outcomes(result_filter(request, service, faults))
    faults.finish()
    distinct_on = stripped(request.first("_distinct_on"))
    if distinct_on and not wanted.is_selective:
        raise ApiError(400, "Please, provide at least one filter beside '_distinct_on'")
    rows = service.storage.latest(wanted, distinct_on)
    return json_response(f'{{"data":[{",".join([result_json(row, request.base_url) for row in rows])}]}}')


def _without_outcomes(wanted: ResultFilter) -> ResultFilter:
    """The original reads `outcome` here, refuses wrong ones, and then pays no heed to it."""
    return replace(wanted, outcomes=())
