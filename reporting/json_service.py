"""
A service that speaks JSON over HTTP, asked once and with patience of our own.

What can go wrong becomes AwayError (try again) or RefusedError (somebody must
act), and no answer is too long.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from reporting.reporter import AwayError, RefusedError

#: Seconds to connect, and between two packets of an answer; a search in a large database may take long.
_TIMEOUT_SECONDS = (6.1, 60)
#: Bytes. An answer of 1,000 results is about 2 MB.
_ANSWER_LIMIT = 64 * 1024 * 1024
#: Answers after which waiting helps. 500 and 502 may mean that what was sent is stored all the same.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


class JsonService:
    """
    One service. Not for use by several threads.

    A GET is tried again where the network hiccups; nothing else ever is,
    because it may have arrived. Errors do not say which service it was.
    """

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self._session = requests.Session()
        retry = Retry(total=3, connect=0, backoff_factor=0.3, status_forcelist=(502, 503, 504),
                      allowed_methods=("GET",), raise_on_status=False)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._session.headers.update({"User-Agent": "checkotron", **(headers or {})})

    def close(self) -> None:
        """Give the connections back. Safe to call twice."""
        self._session.close()

    def ask(self, method: str, url: str, **request: Any) -> Any:
        """
        Return the decoded body of a good answer; 300 is good too: ResultsDB's landing page answers so.

        `request`: `params`, `json`, `data` and `headers` as of `requests`. Redirects are followed for GET only:
        a POST would become a GET on its way and look as if it had worked. Raises AwayError, RefusedError.
        """
        try:
            with self._session.request(method, url, timeout=_TIMEOUT_SECONDS, stream=True,
                                       allow_redirects=method == "GET", **request) as response:
                body = _body(response)
                status = response.status_code
        except requests.ConnectionError as error:
            raise AwayError(f"cannot be reached: {_reason(error)}", was_sent=not _never_sent(error)) from None
        except requests.RequestException as error:
            raise AwayError(_reason(error), was_sent=True) from None
        if status in _BUSY:
            raise AwayError(f"answered {status} {_message(body)}".strip(), was_sent=status != 429)
        if status >= 400 or (300 < status < 400):
            raise RefusedError(f"answered {status} {_message(body)}".strip())
        try:
            return json.loads(body)
        except ValueError:
            raise RefusedError("the answer is no JSON; is this the right address?", was_sent=True) from None


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
    """Return what an error answer says: most say `message` or `error`, ResultsDB a list of validation errors."""
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
    if isinstance(data.get("errors"), list):
        return "; ".join(str(fault.get("description") if isinstance(fault, Mapping) else fault)
                         for fault in data["errors"][:5])[:500]
    return str(data.get("message") or data.get("error") or "")[:500]
