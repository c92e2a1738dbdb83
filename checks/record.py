"""A table of keys: what a mapping in YAML may hold. Check files and directives are both described by such tables."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.document import KeyPath
from checks.item import shown
from checks.kind import Anything, Kind, Place, nearest, wrong


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a table."""

    name: str
    kind: Kind
    #: One or two sentences for the docs and for the editor.
    doc: str
    required: bool = False
    default: Any = None
    example: Any = None
    #: Older names that mean the same.
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys."""

    keys: tuple[Key, ...]
    doc: str = ""
    #: True where keys beyond the table are kept as they are.
    is_open: bool = False
    #: Of each of these groups exactly one key must be there.
    one_of: tuple[tuple[str, ...], ...] = ()
    words: str = "a mapping"
    _names: Mapping[str, Key] = field(init=False, repr=False, compare=False, hash=False, default_factory=dict)

    def __post_init__(self) -> None:
        names = {name: key for key in self.keys for name in (key.name, *key.aliases)}
        object.__setattr__(self, "_names", names)

    def read(self, value: Any, place: Place) -> Any:
        if value is None and not any(key.required for key in self.keys) and not self.one_of:
            value = {}
        if not isinstance(value, Mapping):
            wrong(self, value, place)
            return {}
        clean = self._read_known(value, place)
        for key in self.keys:
            if key.name not in clean:
                if key.required:
                    place.fault(f"`{key.name}` is missing; expected {key.kind.words}")
                clean[key.name] = key.default
        for group in self.one_of:
            there = [name for name in group if clean.get(name) is not None]
            if len(there) != 1:
                what = "more than one of" if there else "none of"
                place.fault(f"{what} {', '.join(f'`{name}`' for name in group)} is there; expected exactly one")
        return clean

    def knows(self, path: KeyPath) -> bool:
        """True where the path begins with a key of this table, or is that of the mapping itself."""
        return not path or path[0] in self._names

    def takes_anything(self, name: str) -> bool:
        """True for keys of any value, and for those beyond an open table."""
        key = self._names.get(name)
        return isinstance(key.kind, Anything) if key else self.is_open

    def _read_known(self, value: Mapping[str, Any], place: Place) -> dict[str, Any]:
        clean: dict[str, Any] = {}
        for name, part in value.items():
            key = self._names.get(name)
            if key is None and self.is_open:
                clean[name] = part
            elif key is None:
                known = ", ".join(k.name for k in self.keys)
                hint = nearest(name, self._names) or ";"
                place.at(name).fault(f"unknown key `{shown(name, 60)}`{hint} known: {known}")
            elif key.name in clean:
                place.at(name).fault(f"`{name}` means the same as a key that is there already; keep one")
            elif part is None and not key.required:
                clean[key.name] = key.default
            else:
                clean[key.name] = key.kind.read(part, place.at(name))
        return clean

    def json_schema(self) -> dict[str, Any]:
        properties = {}
        for key in self.keys:
            rule = key.kind.json_schema() | {"description": key.doc}
            if key.default is not None:
                rule["default"] = list(key.default) if isinstance(key.default, tuple) else key.default
            for name in (key.name, *key.aliases):
                properties[name] = rule
        schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": self.is_open}
        if needed := [key.name for key in self.keys if key.required and not key.aliases]:
            schema["required"] = needed
        return schema
