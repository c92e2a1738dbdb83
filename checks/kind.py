"""
What a value may be: one object says it to the validator, to the error message, to the docs and to the JSON Schema.

`read` returns the clean value and tells every fault to the `Place` where the
value stands; it never raises and never stops at the first. Tables of keys are
in record.py.
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from checks.document import KeyPath
from checks.item import shown
from checks.quantity import QuantityError, parse_bytes, parse_cpus, parse_seconds


class Place:
    """Where a value stands, and whom to tell what is wrong with it."""

    def __init__(self, tell: Callable[[KeyPath, str], None], path: KeyPath = (), *, variables: bool = False) -> None:
        self.tell = tell
        self.path = path
        #: True where `${...}` may stand for a value that is not known yet.
        self.variables = variables

    def at(self, part: str | int) -> Place:
        """Return the place one level down."""
        return Place(self.tell, (*self.path, part), variables=self.variables)

    def fault(self, message: str) -> None:
        """Tell what is wrong here."""
        self.tell(self.path, message)

    def waits(self, value: object) -> bool:
        """True where the value is known only when its variables are."""
        return self.variables and isinstance(value, str) and "$" in value


class Kind(Protocol):
    """One sort of value."""

    @property
    def words(self) -> str:
        """What was expected, for a sentence: "a list of texts"."""

    def read(self, value: Any, place: Place) -> Any:
        """Return the clean value; what it returns after a fault is never used."""

    def json_schema(self) -> dict[str, Any]:
        """Return the same rule as a JSON Schema."""


def wrong(kind: Kind, value: object, place: Place) -> None:
    """Tell the usual fault: what stands here, and what was expected."""
    place.fault(f"`{shown(value, 60)}` ({type_word(value)}) is not allowed here; expected {kind.words}")


def type_word(value: object) -> str:
    """Return the YAML word of a value's type."""
    words = {str: "text", bool: "true or false", int: "a number", float: "a number", type(None): "nothing",
             list: "a list", dict: "a mapping"}
    return words.get(type(value), type(value).__name__)


def nearest(word: object, known: Mapping[str, Any] | list[str] | tuple[str, ...]) -> str:
    """Return "; did you mean `x`?" where a known word is close, else nothing."""
    # loaded where something is wrong, not at every start
    import difflib

    close = difflib.get_close_matches(str(word)[:80], list(known), 1)
    return f"; did you mean `{close[0]}`?" if close else ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text; a number is taken as it was meant, the way people write versions."""

    words: str = "a text"
    pattern: str | None = None
    limit: int = 65536

    def read(self, value: Any, place: Place) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            wrong(self, value, place)
        elif len(value) > self.limit:
            place.fault(f"has {len(value)} characters; at most {self.limit} are allowed")
        elif "\0" in value:
            place.fault("contains a NUL character")
        elif self.pattern and not place.waits(value) and not re.fullmatch(self.pattern, value, re.ASCII):
            place.fault(f"`{shown(value, 60)}` is not allowed here; expected {self.words}")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string"} | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    values: tuple[str, ...]

    @property
    def words(self) -> str:
        return "one of " + ", ".join(f"`{value}`" for value in self.values)

    def read(self, value: Any, place: Place) -> Any:
        if value not in self.values and not place.waits(value):
            hint = nearest(value, self.values) or ";"
            place.fault(f"`{shown(value, 60)}` is not allowed here{hint} expected {self.words}")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"enum": list(self.values)}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    words: str = "true or false"

    def read(self, value: Any, place: Place) -> Any:
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool) and not place.waits(value):
            wrong(self, value, place)
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two limits, both allowed."""

    low: int = 0
    high: int = 2**31 - 1

    @property
    def words(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, value: Any, place: Place) -> Any:
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value):
            value = int(value)
        if place.waits(value):
            return value
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            wrong(self, value, place)
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit, see quantity.py."""

    words: str
    parse: Callable[[object], float]

    def read(self, value: Any, place: Place) -> Any:
        if place.waits(value):
            return value
        try:
            return self.parse(value)
        except QuantityError as error:
            place.fault(f"`{shown(value, 60)}` is not allowed here; {error}")
            return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["number", "string"]}


SECONDS = Quantity("a time, such as `90`, `20 min`, `2h`", parse_seconds)
BYTES = Quantity("a size, such as `256 MiB`, `1 GB`", parse_bytes)
CPUS = Quantity("a number of processors, such as `2`, `500m`", parse_cpus)


@dataclass(frozen=True, slots=True)
class Anything:
    """Any plain value."""

    words: str = "any value"

    def read(self, value: Any, place: Place) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            place.fault(f"`{value}` is not a number that can be passed on")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; with `single` also one value alone, or texts with commas between, as formulas of 2014 had them."""

    kind: Kind
    single: bool = False
    commas: bool = False
    limit: int = 1000

    @property
    def words(self) -> str:
        return f"a list, each {self.kind.words}" + (", or one alone" if self.single else "")

    def read(self, value: Any, place: Place) -> Any:
        if place.waits(value):
            return value
        if self.commas and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        elif self.single and not isinstance(value, (list, tuple)) and value is not None:
            return (self.kind.read(value, place),)
        if not isinstance(value, (list, tuple)):
            wrong(self, value, place)
            return ()
        if len(value) > self.limit:
            place.fault(f"has {len(value)} entries; at most {self.limit} are allowed")
            return ()
        return tuple(self.kind.read(part, place.at(index)) for index, part in enumerate(value))

    def json_schema(self) -> dict[str, Any]:
        many = {"type": "array", "items": self.kind.json_schema()}
        return {"anyOf": [many, self.kind.json_schema()]} if self.single or self.commas else many


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping of texts to values of one kind."""

    kind: Kind
    key_pattern: str = r".{1,128}"

    @property
    def words(self) -> str:
        return f"a mapping, each value {self.kind.words}"

    def read(self, value: Any, place: Place) -> Any:
        if place.waits(value):
            return value
        if not isinstance(value, Mapping):
            wrong(self, value, place)
            return {}
        for key in value:
            if not re.fullmatch(self.key_pattern, str(key), re.ASCII):
                place.at(str(key)).fault(f"key `{shown(key, 60)}` is not allowed here")
        return {key: self.kind.read(part, place.at(key)) for key, part in value.items()}

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.kind.json_schema()}


def _note(heard: list[tuple[KeyPath, str]], path: KeyPath, text: str) -> None:
    heard.append((path, text))


@dataclass(frozen=True, slots=True)
class Either:
    """The first kind that takes the value; where none does, the fault names all."""

    kinds: tuple[Kind, ...]

    @property
    def words(self) -> str:
        return ", or ".join(kind.words for kind in self.kinds)

    def read(self, value: Any, place: Place) -> Any:
        if place.waits(value):
            return value
        heard: list[tuple[KeyPath, str]] = []
        for kind in self.kinds:
            heard = []
            listener = partial(_note, heard)
            clean = kind.read(value, Place(listener, place.path, variables=place.variables))
            if not heard:
                return clean
        if heard[0][0] != place.path:
            for path, text in heard:
                place.tell(path, text)
        else:
            wrong(self, value, place)
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [kind.json_schema() for kind in self.kinds]}
