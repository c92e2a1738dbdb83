"""The literal list of paths; a path of a page or of a newer API is one more line."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reporting.database import openapi
from reporting.database.api_extra import endpoints as extra
from reporting.database.api_v2 import groups, landing, results, testcases
from reporting.database.api_v3 import endpoints as v3
from reporting.database.exchange import Request, Response
from reporting.database.pages.routes import PAGE_ROUTES
from reporting.database.service import Service

#: Called with the service, the request and the named parts of the path.
Endpoint = Callable[..., Response]

_API = "/api/v2.0"
#: Path to method to endpoint. `<name>` is a part without a slash, `<path:name>` one that may have slashes.
ALL_ROUTES: dict[str, Mapping[str, Endpoint]] = {
    _API: {"GET": landing.landing},
    f"{_API}/": {"GET": landing.landing},
    f"{_API}/healthcheck": {"GET": landing.healthcheck},
    f"{_API}/results": {"GET": results.list_results, "POST": results.create_result},
    f"{_API}/results/latest": {"GET": results.latest_results},
    f"{_API}/results/<number>": {"GET": results.get_result},
    f"{_API}/testcases": {"GET": testcases.list_testcases, "POST": testcases.create_testcase},
    f"{_API}/testcases/<path:name>/results": {"GET": results.list_results_of_testcase},
    f"{_API}/testcases/<path:name>": {"GET": testcases.get_testcase},
    f"{_API}/groups": {"GET": groups.list_groups, "POST": groups.create_group},
    f"{_API}/groups/<uuid>/results": {"GET": results.list_results_of_group},
    f"{_API}/groups/<uuid>": {"GET": groups.get_group},
    "/healthcheck": {"GET": landing.healthcheck},
    "/api/extra/results": {"GET": extra.list_results, "POST": extra.ask_results},
    "/api/extra/latest": {"POST": extra.ask_latest},
    "/api/extra/following": {"GET": extra.follow},
    "/api/openapi.json": {"GET": openapi.document},
    "/api/docs": {"GET": openapi.documentation},
    "/api/v3/": {"GET": v3.documentation},
    "/api/v3/results": {"POST": v3.create_any_result},
    "/api/v3/results/<plural>": {"POST": v3.create_typed_result},
    "/api/v3/schemas/<plural>": {"GET": v3.schema},
    "/api/v3/permissions": {"GET": v3.permissions},
    **PAGE_ROUTES,
}
_PART = re.compile(r"<(path:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Match:
    """A path that was found."""

    methods: Mapping[str, Endpoint]
    parts: Mapping[str, str]
    #: As it stands in the list; the name of what was asked, for metrics.
    route: str

    @property
    def allowed(self) -> str:
        """The value of the Allow header."""
        return ", ".join(sorted({*self.methods, "OPTIONS", *(["HEAD"] if "GET" in self.methods else [])}))

    def answer(self, service: Service, request: Request) -> Response:
        """Call the endpoint; the method is one of `methods`."""
        return self.methods[request.method](service, request, **self.parts)


class Router:
    """Finds the first route that a path matches, in the order of the list."""

    def __init__(self, routes: Mapping[str, Mapping[str, Endpoint]]) -> None:
        self._fixed = {path: Match(methods, {}, path) for path, methods in routes.items() if "<" not in path}
        self._patterns = [(re.compile(_pattern(path)), methods, path) for path, methods in routes.items()
                          if "<" in path]

    def find(self, path: str) -> Match | None:
        """Return the match, None where there is none."""
        if path in self._fixed:
            return self._fixed[path]
        for pattern, methods, route in self._patterns:
            if match := pattern.fullmatch(path):
                return Match(methods, match.groupdict(), route)
        return None


def _pattern(path: str) -> str:
    # a part that may have slashes does not begin with one
    return _PART.sub(lambda part: f"(?P<{part[2]}>[^/][\\s\\S]*?)" if part[1] else f"(?P<{part[2]}>[^/]+)", path)
