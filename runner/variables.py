"""
Variables in a check's arguments: `$name`, `${name}`, `${name.key}`, and `$$` for a dollar sign.

A value that is exactly one variable passes the object itself; within a longer
text it becomes text. Keys of mappings are filled in too.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.item import shown
from checks.kind import nearest
from runner.captured import Captured, CapturedError

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*(?:\.[^{}$\s.]+)*)\})")
#: Characters of one argument after its variables are filled in.
TEXT_LIMIT = 16 * 1024 * 1024


class VariableError(Exception):
    """Raised when a variable is not known or has no such part."""


def names_in(value: Any) -> Iterator[str]:
    """Yield the names of the variables in a value, `name` for `${name.key}`."""
    if isinstance(value, str):
        for match in _VARIABLE.finditer(value):
            if name := match.group("plain") or match.group("braced"):
                yield name.split(".")[0]
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from names_in(key)
            yield from names_in(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from names_in(part)


def fill_in(value: Any, variables: Mapping[str, Any]) -> Any:
    """Return the value with every variable filled in. Raises VariableError."""
    if isinstance(value, str):
        return _fill_in_text(value, variables)
    if isinstance(value, Mapping):
        return {_fill_in_key(key, variables): fill_in(part, variables) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill_in(part, variables) for part in value]
    return value


def unknown(value: Any, known: Iterable[str]) -> list[str]:
    """Return a sentence for each variable in the value that is not known."""
    there = set(known)
    return [_unknown(name, there) for name in dict.fromkeys(names_in(value)) if name not in there]


def as_text(value: Any) -> str:
    """Return a value as it stands within a text: text as it is, data as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Captured):
        try:
            return value.text()
        except CapturedError as error:
            raise VariableError(str(error)) from None
    if value is None:
        return ""
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _fill_in_text(text: str, variables: Mapping[str, Any]) -> Any:
    whole = _VARIABLE.fullmatch(text)
    if whole and not whole.group("escaped"):
        return _value_of(whole.group("plain") or whole.group("braced"), variables)
    parts, end, size = [], 0, len(text)
    for match in _VARIABLE.finditer(text):
        parts.append(text[end:match.start()])
        name = match.group("plain") or match.group("braced")
        part = "$" if match.group("escaped") else as_text(_value_of(name, variables))
        size += len(part)
        if size > TEXT_LIMIT:
            raise VariableError(f"`{shown(text)}` becomes longer than {TEXT_LIMIT} characters")
        parts.append(part)
        end = match.end()
    parts.append(text[end:])
    return "".join(parts)


def _fill_in_key(key: Any, variables: Mapping[str, Any]) -> Any:
    return as_text(_fill_in_text(key, variables)) if isinstance(key, str) else key


def _value_of(name: str, variables: Mapping[str, Any]) -> Any:
    first, *rest = name.split(".")
    if first not in variables:
        raise VariableError(_unknown(first, variables))
    value = variables[first]
    for part in rest:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, (list, tuple)) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            there = f"; it has {', '.join(f'`{shown(key, 30)}`' for key in list(value)[:10])}" \
                if isinstance(value, Mapping) else ""
            raise VariableError(f"`${{{name}}}`: `{first}` has no part `{shown(part)}`{there}")
    return value


def _unknown(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    return (f"unknown variable `{name}`{nearest(name, names) or ';'} known here: {', '.join(names)}. "
            "A dollar sign that is meant as such is written `$$`")
