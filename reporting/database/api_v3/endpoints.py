"""The paths below /api/v3."""
from __future__ import annotations

from reporting.database.access import IdentityProvider, authenticated, authorize
from reporting.database.api_v2.new_result import new_result
from reporting.database.api_v2.results import stored_answer
from reporting.database.api_v3.result_type import ALL_RESULT_TYPES, ResultType, allowed_outcomes
from reporting.database.api_v3.submission import submission
from reporting.database.exchange import ApiError, Request, Response, dumped, json_response
from reporting.database.pages.template import page
from reporting.database.service import Service

#: A permission for results of any data is looked up by this and the testcase: `*` grants it, `dist.*` does not.
_ANY_DATA = "ANY-DATA:"


def create_any_result(service: Service, request: Request) -> Response:
    """Store a result in the form of v2.0."""
    provider = _provider(service)
    identity = authenticated(request, provider)
    new = new_result(request.json_body(), service, "CreateResultParams")
    authorize(identity, new.testcase.name, provider, _ANY_DATA + new.testcase.name)
    return stored_answer(service, request, new, identity.user)


def create_typed_result(service: Service, request: Request, plural: str) -> Response:
    """Store a result of one of the types."""
    provider = _provider(service)
    kind = _type(plural)
    identity = authenticated(request, provider)
    new = submission(request.json_body(), kind, identity.user, service.outcomes)
    authorize(identity, new.testcase.name, provider)
    return stored_answer(service, request, new, identity.user)


def schema(service: Service, request: Request, plural: str) -> Response:
    """Answer the JSON schema of a type."""
    _provider(service)
    return json_response(dumped(_type(plural).schema()))


def permissions(service: Service, request: Request) -> Response:
    """Answer who may write what; `testcase`: only permissions that match it."""
    testcase = request.first("testcase")
    found = [each.shown for each in _provider(service).permissions() if not testcase or each.matches(testcase)]
    return json_response(dumped(found))


def documentation(service: Service, request: Request) -> Response:
    """Answer a page for people."""
    _provider(service)
    return page(request, "api_v3.html", base=request.base_url, outcomes=allowed_outcomes(service.outcomes),
                kinds=ALL_RESULT_TYPES.values())


def _provider(service: Service) -> IdentityProvider:
    """Return who knows the tokens. Raises ApiError (404): nobody, so there is no v3 here."""
    provider = service.identity_provider
    if not provider.permissions():
        raise ApiError(404, "Not found")
    return provider


def _type(plural: str) -> ResultType:
    kind = ALL_RESULT_TYPES.get(plural.removesuffix("s")) if plural.endswith("s") else None
    if kind is None:
        raise ApiError(404, "Not found")
    return kind
