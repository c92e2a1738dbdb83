"""
What is wrong with a request's fields, in the words that clients of the original know.

Its messages are those of pydantic 2 (docs.pydantic.dev, "Validation Errors").
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reporting.database.exchange import Response, dumped, json_response

_DOCUMENTATION = "https://errors.pydantic.dev/2.6/v/"

#: Type to message; `value_error` brings its own.
MESSAGES = {
    "missing": "Field required",
    "string_type": "Input should be a valid string",
    "string_too_short": "String should have at least 1 character",
    "dict_type": "Input should be a valid dictionary",
    "list_type": "Input should be a valid list",
    "bool_type": "Input should be a valid boolean",
    "int_type": "Input should be a valid integer",
    "int_parsing": "Input should be a valid integer, unable to parse string as an integer",
    "int_from_float": "Input should be a valid integer, got a number with a fractional part",
    "bool_parsing": "Input should be a valid boolean, unable to interpret input",
    "url_type": "URL input should be a string or URL",
    "url_scheme": "URL scheme should be 'http' or 'https'",
}


class FieldsError(Exception):
    """Raised when fields are wrong; carries every fault."""

    def __init__(self, faults: Sequence[dict[str, Any]]) -> None:
        super().__init__(f"{len(faults)} wrong fields")
        self.faults = list(faults)

    def response(self) -> Response:
        """Return the 400. `message` is ours: clients of the original show it, and the original sends none."""
        said = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in self.faults)
        return json_response(dumped({"message": said, "validation_error": self.faults}), 400)


class Faults:
    """Gathers the faults of one request in the order of the fields."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def add(self, field: str | None, kind: str, value: Any, message: str | None = None) -> None:
        """Note a fault of a field (None: of the whole body)."""
        text = f"Value error, {message}" if kind == "value_error" else message
        self.note([] if field is None else [field], kind, value, text)

    def note(self, place: Sequence[str | int], kind: str, value: Any, text: str | None = None) -> None:
        """Note a fault at a place: a field, or a field and the number of an element of its list."""
        text = text or MESSAGES[kind]
        self.found.append({"loc": list(place), "msg": text, "type": kind, "input": value,
                           "url": _DOCUMENTATION + kind})

    def finish(self) -> None:
        """Raise FieldsError where anything was noted."""
        if self.found:
            raise FieldsError(self.found)
