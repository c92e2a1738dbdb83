"""Reading single values out of a stranger's message: the right type, a sane length, or None; never an exception."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Characters. No name, version, tag or URL that we use is longer.
TEXT_LIMIT = 1024


def value(data: object, *path: str) -> Any:
    """Return what stands at that path of nested objects, None where any part is missing."""
    for part in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(part)
    return data


def text(data: object, *path: str) -> str | None:
    """Return the text there; None where it is missing, empty, longer than the limit or something else."""
    found = value(data, *path)
    return found if isinstance(found, str) and 0 < len(found) <= TEXT_LIMIT else None


def number(data: object, *path: str) -> int | None:
    """Return the whole number there; texts of digits count, true and false do not."""
    found = value(data, *path)
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 19:
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def word(data: object, *path: str) -> str | None:
    """Return the text there, or the whole number as text: ids come as either."""
    found = text(data, *path)
    if found is not None:
        return found
    digits = number(data, *path)
    return None if digits is None else str(digits)


def sequence(data: object, *path: str) -> Sequence[Any]:
    """Return the list there, an empty one where there is none."""
    found = value(data, *path)
    return found if isinstance(found, list) else ()


def mapping(data: object, *path: str) -> Mapping[str, Any]:
    """Return the object there, an empty one where there is none."""
    found = value(data, *path)
    return found if isinstance(found, Mapping) else {}
