"""
A client of any ResultsDB: ours, Fedora's, or another that speaks API v2.0.

Reading is tried again where the network hiccups; posting never is by itself,
because a 5xx answer may mean "stored, but the message failed". Whether an
earlier post arrived is the caller's question (`find`).
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from reporting.json_service import JsonService
from reporting.reporter import RefusedError
from reporting.urls import without_password

_API = "/api/v2.0"
#: Results asked for at a time.
_PAGE = 1000
Params = Mapping[str, str | Sequence[str]] | Sequence[tuple[str, str]]


def api_url(url: str) -> str:
    """Return the address of the API for what people write: a host, a prefix, or the API itself."""
    plain = url.strip().rstrip("/")
    if "://" not in plain:
        plain = f"http://{plain}"
    if urlsplit(plain).scheme not in ("http", "https"):
        raise ValueError(f"`{without_password(url)}` is no http or https address; expected something like "
                         "https://resultsdb.example.org")
    return plain if plain.endswith(_API) else plain + _API


class ResultsDBClient:
    """
    Asks and tells one results database. Not for use by several threads.

    A user and password in the URL go out as HTTP Basic, `token` as Bearer.
    Raises AwayError where trying again may help and RefusedError where not;
    neither text says which database it was.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self.url = api_url(url)
        #: For people: no password in it.
        self.name = without_password(self.url)
        self._service = JsonService({"Authorization": f"Bearer {token}"} if token else None)

    def close(self) -> None:
        """Give the connections back. Safe to call twice."""
        self._service.close()

    def outcomes(self) -> tuple[str, ...]:
        """Return the outcomes that this database takes, from its landing page."""
        answer = self._get("", {})
        outcomes = answer.get("outcomes") if isinstance(answer, Mapping) else None
        if not isinstance(outcomes, list):
            raise RefusedError("the landing page names no outcomes; is this a ResultsDB?")
        return tuple(str(outcome) for outcome in outcomes)

    def post_result(self, body: Mapping[str, Any], key: str | None = None) -> Mapping[str, Any]:
        """Store one result and return it. `key`: a second post with the same key stores nothing where that is known."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = self._service.ask("POST", f"{self.url}/results", json=body, headers=headers)
        if not isinstance(answer, Mapping) or "id" not in answer:
            raise RefusedError("answered a posted result with something else; is this a ResultsDB?", was_sent=True)
        return answer

    def results(self, params: Params, limit: int) -> Iterator[Mapping[str, Any]]:
        """Yield the newest `limit` results that match, page by page."""
        pairs = [*_pairs(params), ("limit", str(min(limit, _PAGE)))]
        page = 0
        while limit > 0:
            answer = self._get("/results", [*pairs, ("page", str(page))])
            found = answer.get("data") if isinstance(answer, Mapping) else None
            if not isinstance(found, list):
                raise RefusedError("the answer is no list of results; is this a ResultsDB?")
            yield from found[:limit]
            limit -= len(found)
            page += 1
            if not found or not answer.get("next"):
                return

    def latest(self, params: Params) -> list[Mapping[str, Any]]:
        """Return the newest result of every testcase that matches."""
        answer = self._get("/results/latest", _pairs(params))
        found = answer.get("data") if isinstance(answer, Mapping) else None
        if not isinstance(found, list):
            raise RefusedError("the answer is no list of results; is this a ResultsDB?")
        return found

    def _get(self, path: str, params: Params) -> Any:
        return self._service.ask("GET", self.url + path, params=_pairs(params))


def _pairs(params: Params) -> list[tuple[str, str]]:
    if not isinstance(params, Mapping):
        return list(params)
    return [(key, value if isinstance(value, str) else ",".join(value)) for key, value in params.items()]
