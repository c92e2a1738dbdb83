"""One HTTP exchange: what came in, what goes out. Knows no server."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

JSON = "application/json"
HTML = "text/html; charset=utf-8"


class ApiError(Exception):
    """Raised to answer with `{"message": ...}`."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class HtmlError(Exception):
    """Raised to answer with the short HTML page that the original's framework sends."""

    def __init__(self, status: int, title: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text
        self.headers = dict(headers or {})


@dataclass(slots=True)
class Response:
    """What goes out; the server adds Content-Length."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    #: Not ready: the server asks the same again after this time, holding no thread meanwhile.
    ask_again_seconds: float | None = None


@dataclass
class Request:
    """What came in, after the proxy's headers were read."""

    method: str
    #: Decoded, without the script name: `/api/v2.0/results`.
    path: str
    #: As sent, without the question mark.
    query_string: str
    #: Lower-case names.
    headers: Mapping[str, str]
    body: bytes
    #: `https://results.example.org/prefix`, no slash at the end.
    base_url: str
    #: The path as sent, percent-encoded, without the script name.
    quoted_path: str
    #: How long the server has been asking (see `Response.ask_again_seconds`).
    waited_seconds: float = 0.0

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """The query's parameters in their order, every value of each."""
        found: dict[str, list[str]] = {}
        try:
            pairs = parse_qsl(self.query_string, keep_blank_values=True, errors="replace", max_num_fields=1000)
        except ValueError:
            raise ApiError(400, "more than 1000 parameters in the query; ask for fewer at a time") from None
        for key, value in pairs:
            found.setdefault(key, []).append(value)
        if "\0" in self.query_string or "%00" in self.query_string:
            raise ApiError(400, "a NUL character in the query; no stored text has one")
        return found

    def first(self, name: str) -> str | None:
        """Return the first value of a parameter, None where it is not given."""
        values = self.parameters.get(name)
        return values[0] if values else None

    def json_body(self) -> Any:
        """
        Return the body's JSON.

        Raises HtmlError (415): not sent as JSON; ApiError (400): no JSON.
        """
        mimetype = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if mimetype != JSON and not (mimetype.startswith("application/") and mimetype.endswith("+json")):
            raise HtmlError(415, "Unsupported Media Type",
                            "Did not attempt to load JSON data because the request Content-Type was not "
                            "'application/json'.")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ApiError(400, "Bad request") from None


def json_response(text: str, status: int = 200) -> Response:
    """Return JSON that is text already; a newline is added."""
    return Response(status, text.encode("ascii") + b"\n")


def dumped(value: Any) -> str:
    """Return the JSON text of a value: compact, keys sorted, non-ASCII escaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
