"""From the plain data of a `when` to conditions: every operator, and every fault with its place."""
from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.document import Document, Fault, KeyPath
from checks.item import shown
from trigger.fact import FACTS, fact_fault, look_up
from trigger.pattern_cost import SlowPatternError, text_limit
from trigger.query import All, AnyOf, Condition, Facts, Field, NoneOf, NotField, key_of

_JOINS: dict[str, Callable[[tuple[Condition, ...]], Condition]] = {"$and": All, "$or": AnyOf, "$nor": NoneOf}
_OPERATORS = ("$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$regex", "$options", "$exists", "$all",
              "$size", "$not", "$comment")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Reference:
    """`${branch}` as a value: equal to that fact of the same event."""

    fact: str

    def __str__(self) -> str:
        return "${" + self.fact + "}"


@dataclass
class QueryCompiler:
    """Compiles the queries of one file; `faults` gathers what is wrong."""

    document: Document
    #: Named lists, `${critpath_pkgs}`.
    lists: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def compile(self, data: Any, path: KeyPath) -> Condition:
        """Return the condition of a whole `when`; after a fault the result is never used."""
        if not isinstance(data, Mapping):
            self._fault(path, f"is `{shown(data)}`; expected conditions such as "
                              "`message_type: KojiBuildPackageCompleted`")
            return All(())
        parts: list[Condition] = []
        for key, value in data.items():
            name = _plain(key)
            if name in _JOINS:
                parts.append(self._joined(name, value, (*path, key)))
            elif name == "$not":
                parts.append(NoneOf((self.compile(value, (*path, key)),)))
            elif name == "$comment":
                continue
            elif name.startswith("$"):
                self._unknown_operator(name, (*path, key), (*_JOINS, "$not", "$comment"))
            else:
                parts.append(self._field(name, value, (*path, key)))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _joined(self, name: str, value: Any, path: KeyPath) -> Condition:
        if not isinstance(value, list) or not value:
            self._fault(path, f"`{name}` needs a list of conditions")
            return All(())
        return _JOINS[name](tuple(self.compile(part, (*path, index)) for index, part in enumerate(value)))

    def _field(self, name: str, value: Any, path: KeyPath) -> Condition:
        wrong = fact_fault(name)
        if wrong:
            self._fault(path, wrong)
        parts = tuple(name.split("."))
        if isinstance(value, Mapping) and any(_plain(key).startswith("$") for key in value):
            return self._operators(parts, value, path)
        if isinstance(value, Mapping):
            self._fault(path, "holds an object without an operator; write `field.inner: value` to ask an inner field")
            return All(())
        return self._one(parts, "$eq", value, path)

    def _operators(self, parts: tuple[str, ...], value: Mapping[str, Any], path: KeyPath) -> Condition:
        conditions: list[Condition] = []
        for key, operand in value.items():
            name = _plain(key)
            if name == "$not":
                inner = self._operators(parts, operand, (*path, key)) if isinstance(operand, Mapping) \
                    else self._one(parts, "$regex", operand, (*path, key))
                conditions.append(NotField(inner, parts))
            elif name == "$regex":
                conditions.append(self._regex(parts, operand, value.get("$options", value.get("$$options", "")),
                                              (*path, key)))
            elif name not in _OPERATORS:
                self._unknown_operator(name, (*path, key), _OPERATORS)
            elif name not in ("$options", "$comment"):
                conditions.append(self._one(parts, name, operand, (*path, key)))
        return conditions[0] if len(conditions) == 1 else All(tuple(conditions))

    def _one(self, parts: tuple[str, ...], name: str, operand: Any, path: KeyPath) -> Condition:
        if name == "$regex":
            return self._regex(parts, operand, "", path)
        operand = self._resolved(operand, path)
        if name in ("$in", "$nin", "$all") and not isinstance(operand, tuple):
            self._fault(path, f"`{name}` needs a list, or the name of one such as `${{critpath_pkgs}}`")
            return All(())
        if name == "$exists" and not isinstance(operand, bool):
            self._fault(path, "`$exists` needs true or false")
        if name == "$size" and (isinstance(operand, bool) or not isinstance(operand, int)):
            self._fault(path, "`$size` needs a whole number")
        comparable = isinstance(operand, (int, float, str)) and not isinstance(operand, bool)
        if name in ("$gt", "$gte", "$lt", "$lte") and not comparable:
            self._fault(path, f"`{name}` needs a number or a text to compare with")
        if isinstance(operand, tuple) and name == "$eq":
            name = "$in"
        return Field(parts, name, operand, _test(name, operand))

    def _regex(self, parts: tuple[str, ...], operand: Any, options: Any, path: KeyPath) -> Condition:
        if not isinstance(operand, str):
            self._fault(path, f"`$regex` is `{shown(operand)}`; expected a pattern such as `'^f\\d+-updates-pending$'`")
            return All(())
        pattern = operand.replace("$$", "$")
        if len(pattern) > 1 and pattern.startswith("/") and pattern.rstrip("imsx").endswith("/"):
            body = pattern[1:].rstrip("imsx")
            options, pattern = pattern[len(body) + 1:] + str(options), body[:-1]
        flags = 0
        for letter in str(options):
            if letter not in "imsx":
                self._fault(path, f"unknown regular expression option `{shown(letter)}`; known: i, m, s, x")
                continue
            flags |= getattr(re, letter.upper())
        try:
            compiled = re.compile(pattern, flags)
        except (re.error, OverflowError, RecursionError) as error:
            self._fault(path, f"`{shown(pattern)}` is not a regular expression: {error}")
            return All(())
        try:
            limit = text_limit(pattern, flags)
        except SlowPatternError as error:
            self._fault(path, f"`{shown(pattern)}` {error}; matching could take for ever on a hostile message")
            return All(())
        return Field(parts, "$regex", pattern, lambda values, facts: any(
            isinstance(value, str) and compiled.search(value[:limit]) is not None for value in values))

    def _resolved(self, operand: Any, path: KeyPath) -> Any:
        """Return the operand with named lists and references put in; a list becomes a tuple."""
        if isinstance(operand, list):
            members = tuple(self._resolved(part, (*path, index)) for index, part in enumerate(operand))
            return tuple(inner for part in members for inner in (part if isinstance(part, tuple) else (part,)))
        if isinstance(operand, Mapping):
            self._fault(path, "an object cannot be compared; ask its inner fields one by one")
            return None
        if not isinstance(operand, str):
            return operand
        match = _REFERENCE.fullmatch(operand)
        if match is None:
            return operand.replace("$$", "$")
        name = match.group(1)
        if name in self.lists:
            return self.lists[name]
        if name in FACTS:
            return Reference(name)
        close = difflib.get_close_matches(name, [*self.lists, *FACTS], 1)
        hint = f"did you mean `${{{close[0]}}}`?" if close else "define it under `lists:`"
        self._fault(path, f"`${{{name}}}` is neither a list of this file nor a fact; {hint}")
        return None

    def _unknown_operator(self, name: str, path: KeyPath, known: tuple[str, ...]) -> None:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean `{close[0]}`?" if close else f"; known: {', '.join(known)}"
        self._fault(path, f"unknown operator `{shown(name)}`{hint}")

    def _fault(self, path: KeyPath, message: str) -> None:
        self.faults.append(self.document.fault(path, message))


def _plain(key: Any) -> str:
    """Return a key as it is meant: Taskotron's files, which were templates, write `$$in` for `$in`."""
    return str(key).replace("$$", "$", 1) if str(key).startswith("$$") else str(key)


def _test(name: str, operand: Any) -> Callable[[list[Any], Facts], bool]:
    """Return the test of an operator; operands are checked before."""
    if name in ("$in", "$eq", "$nin", "$ne"):
        return _membership(operand, wanted=name in ("$in", "$eq"))
    if name == "$exists":
        return lambda values, facts: (bool(values) and values != [None]) is operand
    if name == "$size":
        return lambda values, facts: any(isinstance(value, (list, tuple)) and len(value) == operand for value in values)
    if name == "$all":
        return lambda values, facts: all(any(_same(value, part, facts) for value in values) for part in operand)
    compare: Callable[[Any], bool] = {
        "$gt": lambda value: value > operand, "$gte": lambda value: value >= operand,
        "$lt": lambda value: value < operand, "$lte": lambda value: value <= operand}[name]
    return lambda values, facts: any(_comparable(value, operand) and compare(value) for value in values)


def _membership(operand: Any, *, wanted: bool) -> Callable[[list[Any], Facts], bool]:
    operands = operand if isinstance(operand, tuple) else (operand,)
    references = tuple(part for part in operands if isinstance(part, Reference))
    keys = frozenset(key_of(part) for part in operands if not isinstance(part, Reference))

    def test(values: list[Any], facts: Facts) -> bool:
        found = any(key_of(value) in keys for value in values if key_of(value) is not None)
        found = found or (not values and ("null",) in keys)
        found = found or any(_same(value, part, facts) for part in references for value in values)
        return found is wanted

    return test


def _same(value: Any, operand: Any, facts: Facts) -> bool:
    if isinstance(operand, Reference):
        return any(key_of(value) == key_of(other) != ("null",) for other in look_up(facts, (operand.fact,)))
    return key_of(value) is not None and key_of(value) == key_of(operand)


def _comparable(value: Any, operand: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, str) if isinstance(operand, str) else isinstance(value, (int, float))
