"""
A client of any ResultsDB: ours, Fedora's, or another that speaks API v2.0.

Reading is tried again where the network hiccups; posting never is by itself,
because a 5xx answer may mean "stored, but the message failed". Whether an
earlier post arrived is the caller's question (`find`).
"""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from reporting.reporter import AwayError, RefusedError
from reporting.urls import without_password

#: Seconds to connect, and between two packets of an answer; the original may take long over a search.
_TIMEOUT_SECONDS = (6.1, 60)
#: Bytes. An answer of 1,000 results is about 2 MB.
_ANSWER_LIMIT = 64 * 1024 * 1024
_API = "/api/v2.0"
#: Results asked for at a time.
_PAGE = 1000
#: Answers after which waiting helps. 500 and 502 may mean that a result is stored all the same.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})

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
        self._session = requests.Session()
        retry = Retry(total=3, connect=0, backoff_factor=0.3, status_forcelist=(502, 503, 504),
                      allowed_methods=("GET",), raise_on_status=False)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._session.headers["User-Agent"] = "checkotron"
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Give the connections back. Safe to call twice."""
        self._session.close()

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
        answer = self._answer("POST", "/results", json=body, headers=headers, allow_redirects=False)
        if not isinstance(answer, Mapping):
            raise RefusedError("answered a posted result with something else", was_sent=True)
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
        return self._answer("GET", path, params=_pairs(params))

    def _answer(self, method: str, path: str, **request: Any) -> Any:
        """Return the decoded body of a good answer. 300 is good: the landing page answers so."""
        try:
            with self._session.request(method, self.url + path, timeout=_TIMEOUT_SECONDS, stream=True,
                                       **request) as response:
                body = _body(response)
                status = response.status_code
        except requests.ConnectionError as error:
            raise AwayError(f"cannot be reached: {_reason(error)}",
                            was_sent=not _never_sent(error)) from None
        except requests.RequestException as error:
            raise AwayError(_reason(error), was_sent=True) from None
        if status in _BUSY:
            raise AwayError(f"answered {status} {_message(body)}", was_sent=status != 429)
        if status >= 400 or (300 < status < 400):
            raise RefusedError(f"answered {status} {_message(body)}")
        try:
            return json.loads(body)
        except ValueError:
            raise RefusedError("the answer is no JSON; is this a ResultsDB?", was_sent=True) from None


def _pairs(params: Params) -> list[tuple[str, str]]:
    if not isinstance(params, Mapping):
        return list(params)
    return [(key, value if isinstance(value, str) else ",".join(value)) for key, value in params.items()]


def _body(response: requests.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(65536):
        size += len(part)
        if size > _ANSWER_LIMIT:
            raise requests.RequestException(f"the answer is larger than {_ANSWER_LIMIT} bytes; ask for less")
        parts.append(part)
    return b"".join(parts)


def _never_sent(error: requests.ConnectionError) -> bool:
    """True where there was no connection at all, so that the other side cannot have the request."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    text = repr(error)
    return "NewConnectionError" in text or "NameResolutionError" in text


def _reason(error: Exception) -> str:
    """Return the innermost reason of a chain of network errors: "Connection refused"."""
    text = str(error)
    for known in ("Connection refused", "Name or service not known", "timed out", "Connection reset by peer",
                  "Network is unreachable", "No route to host", "certificate verify failed"):
        if known.lower() in text.lower():
            return known
    return text[:200]


def _message(body: bytes) -> str:
    """Return what an error answer says: the original says `message`, or a list of validation errors, or HTML."""
    try:
        data = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(data, Mapping):
        return ""
    faults = data.get("validation_error")
    if isinstance(faults, list):
        return "; ".join(f"{'.'.join(map(str, fault.get('loc', ())))}: {fault.get('msg')}"
                         for fault in faults[:5] if isinstance(fault, Mapping))[:500]
    return str(data.get("message", ""))[:500]
