"""
A YAML document of strangers: plain data, and the line of every key.

Only plain values come out (text, numbers, true/false, nothing, lists,
mappings with text as keys). Size, depth and repetition by aliases are
limited, duplicate keys are faults, and all faults are told at once.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import yaml

from checks.item import shown

#: Bytes. The longest check file known has 9 KiB.
SIZE_LIMIT = 1024 * 1024
#: Levels of lists and mappings.
DEPTH_LIMIT = 64
#: Uses of an anchor in one document: ten lines of aliases can stand for gigabytes.
ALIAS_LIMIT = 100
#: Values after aliases are written out.
VALUE_LIMIT = 200_000

_TAG = "tag:yaml.org,2002:"

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file."""

    #: Counted from 1; 0 where the fault has no line.
    line: int
    #: Keys and positions from the top: ("actions", 2, "koji").
    path: KeyPath
    message: str
    #: The file, as the user named it.
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        head = ", ".join(part for part in (place, shown_path(self.path)) if part)
        return f"{head}: {self.message}" if head else self.message


class DocumentError(Exception):
    """Raised when a file cannot be read as YAML; `.faults` has everything that is wrong."""

    def __init__(self, faults: Sequence[Fault], rest: Document | None = None) -> None:
        self.faults = tuple(faults)
        #: What could be read all the same, to look for further faults in; None: nothing.
        self.rest = rest
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file and where each part of it stands."""

    name: str
    data: Any
    lines: Mapping[KeyPath, int] = field(default_factory=lambda: MappingProxyType({}))

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: KeyPath, message: str) -> Fault:
        """Return a fault at that place of this file."""
        return Fault(self.line(path), path, message, self.name)


def load_document(text: str | bytes, name: str, limit_bytes: int = SIZE_LIMIT) -> Document:
    """
    Return the one document in the text; `name` is the file in messages.

    Raises DocumentError: not UTF-8, not YAML, above a limit, a duplicate key,
    or a tag that makes anything but plain data.
    """
    text = _decoded(text, name, limit_bytes)
    try:
        _hold_limits(text, name)
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
            builder = _Builder(loader, name)
            data = builder.build(node, (), ()) if node is not None else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise DocumentError([_syntax_fault(error, name)]) from None
    document = Document(name, data, MappingProxyType(builder.lines))
    if builder.faults:
        raise DocumentError(sorted(builder.faults, key=lambda fault: fault.line), document)
    return document


def without(data: Any, paths: Iterable[KeyPath]) -> Any:
    """Return a copy of the data in which nothing stands at these paths; an action keeps its place in the list."""
    if isinstance(data, Mapping):
        gone = {path[0] for path in paths if len(path) == 1 or not _leads_on(data.get(path[0]))}
        return {key: without(value, [path[1:] for path in paths if path[0] == key and len(path) > 1])
                for key, value in data.items() if key not in gone}
    if isinstance(data, list):
        return [without(value, [path[1:] for path in paths if path[0] == index and len(path) > 1])
                for index, value in enumerate(data)]
    return data


def _leads_on(value: Any) -> bool:
    """True where a fault below this value can be cut out alone: a key of a mapping, or of one in a list of them."""
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(part, Mapping) for part in value))


def shown_path(path: KeyPath) -> str:
    """Return a path as people write it: `actions[2].koji`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part, 60)}" if text else shown(part, 60)
    return text


def _decoded(text: str | bytes, name: str, limit_bytes: int) -> str:
    if len(text) > limit_bytes:
        raise DocumentError([Fault(0, (), f"has more than {limit_bytes} bytes; files so large are not read", name)])
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise DocumentError([Fault(line, (), f"byte `0x{text[error.start]:02x}` is not UTF-8; "
                                             "save the file as UTF-8", name)]) from None


def _hold_limits(text: str, name: str) -> None:
    """Count depth and aliases from the stream of events, before anything is built (and without recursion)."""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        line = event.start_mark.line + 1
        if depth > DEPTH_LIMIT:
            raise DocumentError([Fault(line, (), f"is nested deeper than {DEPTH_LIMIT} levels", name)])
        if aliases > ALIAS_LIMIT:
            raise DocumentError([Fault(line, (), f"uses aliases more than {ALIAS_LIMIT} times", name)])


def _syntax_fault(error: yaml.YAMLError, name: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    context = getattr(error, "context", None)
    words = f"not valid YAML: {problem}" + (f" ({context})" if context else "")
    if "found character that cannot start any token" in words:
        words += "; indent with spaces, not tabs, and quote texts that begin with a special character"
    return Fault(mark.line + 1 if mark else 0, (), shown(words, 300), name)


class _Builder:
    """Turns nodes into plain data; gathers lines and faults on the way."""

    def __init__(self, loader: yaml.CSafeLoader, name: str) -> None:
        self.loader = loader
        self.name = name
        self.lines: dict[KeyPath, int] = {}
        self.faults: list[Fault] = []
        self.values = 0

    def build(self, node: yaml.Node, path: KeyPath, around: tuple[int, ...]) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self.values += 1
        if self.values > VALUE_LIMIT:
            raise DocumentError([Fault(node.start_mark.line + 1, path,
                                       f"stands for more than {VALUE_LIMIT} values", self.name)])
        if id(node) in around:
            return self._fault(node, path, "contains itself through an alias")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if not node.tag.startswith(_TAG) or node.tag.removeprefix(_TAG) not in ("map", "seq"):
            return self._fault(node, path, f"tag `{shown(node.tag)}` is not allowed; only plain values are read")
        around = (*around, id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(value, (*path, index), around) for index, value in enumerate(node.value)]
        return self._mapping(node, path, around)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, around: tuple[int, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, path, "a key is a list or a mapping; expected text")
                continue
            key = key_node.value
            if key_node.tag == _TAG + "merge":
                merged |= self._merged(value_node, path, around)
                continue
            if key in first:
                self._fault(key_node, (*path, key), f"key `{shown(key)}` stands twice; first in line {first[key]}")
                continue
            first[key] = line
            self.lines[(*path, key)] = line
            data[key] = self.build(value_node, (*path, key), around)
        return merged | data

    def _merged(self, node: yaml.Node, path: KeyPath, around: tuple[int, ...]) -> dict[str, Any]:
        """Return what `<<:` brings in: the keys of one mapping, or of several, the first named wins."""
        value = self.build(node, path, around)
        found: dict[str, Any] = {}
        for mapping in reversed(value if isinstance(value, list) else [value]):
            if not isinstance(mapping, dict):
                self._fault(node, path, "`<<` merges only mappings")
                break
            found |= mapping
        return found

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if kind in ("str", "timestamp", "value", "merge"):
            return node.value
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return self.loader.construct_yaml_bool(node)
            if kind == "int":
                return self.loader.construct_yaml_int(node)
            if kind == "float":
                return self.loader.construct_yaml_float(node)
        except (ValueError, KeyError, IndexError):
            return self._fault(node, path, f"`{shown(node.value, 40)}` is not a {kind}")
        return self._fault(node, path, f"tag `{shown(node.tag)}` is not allowed; only plain values are read")

    def _fault(self, node: yaml.Node, path: KeyPath, message: str) -> None:
        self.faults.append(Fault(node.start_mark.line + 1, path, message, self.name))
