"""One field of a v3 body: what it must be, and how it is stored and described."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reporting.database.api_v3.url import URL_LIMIT, UrlError, normal_url
from reporting.database.fields import Body

#: Characters of a text.
TEXT_LIMIT = 8192
_TOO_LONG = f"String should have at most {TEXT_LIMIT} characters"
_INTEGER = re.compile(r"\s*[+-]?\d{1,18}(?:\.0+)?\s*", re.ASCII)
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]+@[^\s@\"(),:;<>\[\\\]]+")
#: `Ada <ada@example.org>`
_NAMED = re.compile(r"[^<>]*<([^<>]*)>")
_TRUE = {1, "1", "true", "t", "yes", "y", "on"}
_FALSE = {0, "0", "false", "f", "no", "n", "off"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value must be. `read` returns the values to store, or notes a fault and returns None."""

    read: Callable[[Body, str, Any], list[str] | None]
    #: JSON schema.
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a body."""

    name: str
    kind: Kind
    description: str
    is_required: bool = False

    def values(self, body: Body) -> list[str] | None:
        """Return the values to store, None where there are none; faults go to the body."""
        if self.name not in body.data:
            if self.is_required:
                body.faults.add(self.name, "missing", body.data)
            return None
        value = body.data[self.name]
        if value is None and not self.is_required:
            return None
        return self.kind.read(body, self.name, value)


def _text(body: Body, name: str, value: Any) -> list[str] | None:
    if not body.is_text(name, value):
        return None
    if len(value) > TEXT_LIMIT:
        body.faults.add(name, "string_too_long", value, _TOO_LONG)
        return None
    return [value]


def _name(body: Body, name: str, value: Any) -> list[str] | None:
    if value == "":
        body.faults.add(name, "string_too_short", value)
        return None
    return _text(body, name, value)


def _texts(body: Body, name: str, value: Any) -> list[str] | None:
    if not isinstance(value, list):
        body.faults.add(name, "list_type", value)
        return None
    for index, each in enumerate(value):
        if not isinstance(each, str):
            body.faults.note([name, index], "string_type", each)
        elif len(each) > TEXT_LIMIT:
            body.faults.note([name, index], "string_too_long", each, _TOO_LONG)
        else:
            body.is_storable(name, each)
    return value


def _url(body: Body, name: str, value: Any) -> list[str] | None:
    if not isinstance(value, str):
        body.faults.add(name, "url_type", value)
        return None
    if not body.is_storable(name, value):
        return None
    try:
        return [normal_url(value)]
    except UrlError as error:
        body.faults.add(name, error.kind, value, error.message)
        return None


def _email(body: Body, name: str, value: Any) -> list[str] | None:
    if _text(body, name, value) is None:
        return None
    named = _NAMED.fullmatch(value.strip())
    address = named[1] if named else value.strip()
    before, at, after = address.rpartition("@")
    fault = ("An email address must have an @-sign." if not at
             else "There must be something before the @-sign." if not before
             else "There must be something after the @-sign." if not after
             else "The part after the @-sign is not valid. It should have a period." if "." not in after.strip(".")
             else "An email address cannot have two periods in a row." if ".." in address
             else "It has characters that no address has." if not _EMAIL.fullmatch(address) else None)
    if fault:
        body.faults.note([name], "value_error", value, f"value is not a valid email address: {fault}")
        return None
    return [f"{before}@{after.lower()}"]


def _integer(body: Body, name: str, value: Any) -> list[str] | None:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value.partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return [str(value)]
    kinds = {str: "int_parsing", float: "int_from_float"}
    body.faults.add(name, kinds.get(type(value), "int_type"), value)
    return None


def _boolean(body: Body, name: str, value: Any) -> list[str] | None:
    known = value.lower() if isinstance(value, str) else value
    if isinstance(known, str | int | float) and known in _TRUE | _FALSE:
        return [str(known in _TRUE)]
    body.faults.add(name, "bool_parsing" if isinstance(value, str | int) else "bool_type", value)
    return None


TEXT = Kind(_text, {"type": "string", "maxLength": TEXT_LIMIT})
NAME = Kind(_name, {"type": "string", "minLength": 1, "maxLength": TEXT_LIMIT})
TEXTS = Kind(_texts, {"type": "array", "items": {"type": "string", "maxLength": TEXT_LIMIT}})
URL = Kind(_url, {"type": "string", "format": "uri", "minLength": 1, "maxLength": URL_LIMIT})
EMAIL = Kind(_email, {"type": "string", "format": "email", "maxLength": TEXT_LIMIT})
INTEGER = Kind(_integer, {"type": "integer"})
BOOLEAN = Kind(_boolean, {"type": "boolean"})
