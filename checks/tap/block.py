"""
The YAML block of a test line, as plain text values.

Every scalar stays the text that stands there: a version 1.10 is not 1.1 and
NO is not False. `null` and nothing are None. Flat blocks, which nearly all
are, take a short way that reads them as YAML would; the rest goes through
libyaml's events (CSafeLoader), where the limits are counted.
"""
from __future__ import annotations

import json
import re

import yaml

from checks.item import shown
from checks.tap.reading import TapLimits

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: Text, list or mapping; a scalar of a block is never anything but text or None.
Value = str | None | list["Value"] | dict[str, "Value"]

NULLS = frozenset({"", "~", "null", "Null", "NULL"})

#: Characters that YAML refuses or that would move a terminal's cursor. Newline and tab stay.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")

_KEY = r"[A-Za-z_][A-Za-z0-9_.-]*"
_QUOTED = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_PLAIN = r"[A-Za-z0-9/_.($<+^][^\n\t]*"


def _scalars(group: str) -> str:
    return rf"(?:{group}{_QUOTED})|{group}{_PLAIN}))\n"


def _literals(group: str, indent: int) -> str:
    """A literal text and its lines at that indent; the first one says the indent, so it has no more."""
    rest = rf"(?:[ ]{{{indent}}}[^\n]*\n|[ ]{{0,{indent - 1}}}\n)*+"
    return rf"\|{group}-?)\n{group}[ ]{{{indent}}}[^ \n][^\n]*\n{rest})"


def _inners(group: str) -> str:
    return rf"[ ]{{4}}{group}{_KEY}): (?:{_scalars(group)}|{_literals(group, 6)})"


def _items(group: str) -> str:
    return rf"[ ]{{4}}- {_scalars(group)}"


def _entries(group: str) -> str:
    """One key of a block. `group` is "(" where the parts are wanted, "(?:" where only the whole is."""
    return (rf"[ ]{{2}}{group}{_KEY}):(?: {_scalars(group)}| {_literals(group, 4)}"
            rf"|\n{group}(?:{_inners('(?:')})++)|\n{group}(?:{_items('(?:')})++))")


_ENTRIES = re.compile(_entries("("))
_INNERS = re.compile(_inners("("))
_ITEMS = re.compile(_items("("))
#: A block at two spaces of texts, literal texts, lists of texts and one level of mappings: nearly every block there is.
CANONICAL = re.compile(rf"[ ]{{2}}---\n((?:{_entries('(?:')})*+)[ ]{{2}}\.\.\.\n")
_UNINDENT = {4: re.compile("^ {1,4}", re.MULTILINE), 6: re.compile("^ {1,6}", re.MULTILINE)}


class BlockError(ValueError):
    """Raised when a block cannot be read; `line` counts from 0 at its first line."""

    def __init__(self, message: str, line: int = 0) -> None:
        self.line = line
        super().__init__(message)


def printable(text: str) -> str:
    """Return the text with control characters written out (`\\x1b`), so that it harms no terminal and no database."""
    return _CONTROL.sub(_written_out, text) if _CONTROL.search(text) else text


def load_flat(match: re.Match[str]) -> dict[str, Value] | None:
    """Return the values of a block that CANONICAL matched, None where only YAML itself can say what it means."""
    if _CONTROL.search(match.group()):
        return None
    block: dict[str, Value] = {}
    try:
        for key, quoted, plain, chomp, literal, inner, items in _ENTRIES.findall(match.group(1)):
            if key in block:
                return None
            if quoted or plain:
                block[key] = _scalar(quoted, plain)
            elif literal:
                block[key] = _unindented(literal, 4, chomp)
            elif inner:
                block[key] = _inner(inner)
            else:
                block[key] = [_scalar(*item) for item in _ITEMS.findall(items)]
    except ValueError:
        return None
    return block


def _inner(text: str) -> dict[str, Value]:
    """Return one level of a mapping. Raises ValueError: YAML must say what it means."""
    values: dict[str, Value] = {}
    for key, quoted, plain, chomp, literal in _INNERS.findall(text):
        if key in values:
            raise ValueError(key)
        values[key] = _unindented(literal, 6, chomp) if literal else _scalar(quoted, plain)
    return values


def _scalar(quoted: str, plain: str) -> str | None:
    """Return the text of a scalar. Raises ValueError: YAML must say what it means."""
    if quoted:
        return printable(json.loads(quoted)) if "\\" in quoted else quoted[1:-1]
    if ": " in plain or " #" in plain or plain[-1] == ":":
        raise ValueError(plain)
    plain = plain.rstrip(" ")
    return None if plain in NULLS else plain


def _unindented(lines: str, indent: int, chomp: str) -> str:
    return _UNINDENT[indent].sub("", lines).rstrip("\n") + ("" if chomp else "\n")


def load_block(text: str, limits: TapLimits) -> dict[str, Value]:
    """Return the values of a block. Raises BlockError: no YAML, no mapping, or beyond the limits."""
    text = printable(text.replace("\r\n", "\n"))
    if not text.strip():
        return {}
    loader = _Loader(text)
    try:
        return _Construction(loader, limits).mapping()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise BlockError(f"the block is no YAML: {shown(problem)}", mark.line if mark else 0) from None
    finally:
        loader.dispose()


class _Construction:
    """One block from libyaml's events, with every limit counted while it grows."""

    def __init__(self, loader: yaml.SafeLoader, limits: TapLimits) -> None:
        self.loader = loader
        self.limits = limits
        #: What an anchor names, and how many values that is when written out.
        self.anchors: dict[str, tuple[Value, int]] = {}
        self.aliases = 0
        self.values = 0

    def mapping(self) -> dict[str, Value]:
        """Return the one document, which must be a mapping."""
        for kind in (yaml.StreamStartEvent, yaml.DocumentStartEvent):
            if not isinstance(self.loader.get_event(), kind):
                return {}
        event = self.loader.get_event()
        value = self._value(event, 1)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise BlockError("the block is not a mapping of keys to values", event.start_mark.line)
        self.loader.get_event()
        if not isinstance(self.loader.get_event(), yaml.StreamEndEvent):
            raise BlockError("the block holds more than one document", event.end_mark.line)
        return value

    def _value(self, event: yaml.Event, depth: int) -> Value:
        line = event.start_mark.line
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, line)
        self._count(1, line)
        if depth > self.limits.depth:
            raise BlockError(f"more than {self.limits.depth} lists and mappings within each other", line)
        if event.tag and not event.tag.startswith("tag:yaml.org,2002:") and event.tag != "!":
            raise BlockError(f"tag `{shown(event.tag)}` is not allowed", line)
        before, value = self.values, self._content(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.values - before + 1)
        return value

    def _content(self, event: yaml.Event, depth: int) -> Value:
        if isinstance(event, yaml.ScalarEvent):
            text = printable(event.value)
            return None if event.implicit[0] and text in NULLS else text  # plain: neither quoted nor a literal
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Value] = []
            while not isinstance(event := self.loader.get_event(), yaml.SequenceEndEvent):
                items.append(self._value(event, depth + 1))
            return items
        mapping: dict[str, Value] = {}
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            key = self._value(event, depth + 1)
            if isinstance(key, (list, dict)):
                raise BlockError("a key is not plain text", event.start_mark.line)
            key = key or ""
            if key in mapping:
                raise BlockError(f"key `{shown(key)}` stands twice", event.start_mark.line)
            mapping[key] = self._value(self.loader.get_event(), depth + 1)
        return mapping

    def _alias(self, name: str, line: int) -> Value:
        self.aliases += 1
        if self.aliases > self.limits.aliases:
            raise BlockError(f"more than {self.limits.aliases} aliases", line)
        if name not in self.anchors:
            raise BlockError(f"alias `{shown(name)}` names nothing before it", line)
        value, size = self.anchors[name]
        self._count(size, line)
        return value

    def _count(self, size: int, line: int) -> None:
        self.values += size
        if self.values > self.limits.block_values:
            raise BlockError(f"more than {self.limits.block_values} values, aliases written out", line)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    named = {9: "\\t", 13: "\\r"}.get(code)
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
