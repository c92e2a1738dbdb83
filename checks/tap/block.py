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
_FLAT = re.compile(rf"[ ]{{2}}({_KEY}): (?:({_QUOTED})|({_PLAIN}))\n")
#: The block of `writer`, of the seed's sample, and of most producers: at two spaces, `details` first or not at all.
CANONICAL = re.compile(
    r"[ ]{2}---\n"
    r"(?:[ ]{2}details:\n[ ]{4}output: \|-?\n([ ]{6}[^ \n][^\n]*\n(?:[ ]{6}[^\n]*\n|[ ]{0,5}\n)*+))?"
    rf"((?:[ ]{{2}}{_KEY}: (?:{_QUOTED}|{_PLAIN})\n)*+)"
    r"[ ]{2}\.\.\.\n"
)
_LITERAL_INDENT = re.compile("^ {1,6}", re.MULTILINE)


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
    output, flat = match.groups()
    if _CONTROL.search(match.group()):
        return None
    block: dict[str, Value] = {}
    if output is not None:
        block["details"] = {"output": _LITERAL_INDENT.sub("", output[:-1])}
    for key, quoted, plain in _FLAT.findall(flat):
        if key in block:
            return None
        if quoted:
            try:
                block[key] = printable(json.loads(quoted)) if "\\" in quoted else quoted[1:-1]
            except ValueError:
                return None
        elif ": " in plain or " #" in plain or plain[-1] == ":":
            return None
        else:
            plain = plain.rstrip(" ")
            block[key] = None if plain in NULLS else plain
    return block


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
            return None if event.style is None and text in NULLS else text
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
