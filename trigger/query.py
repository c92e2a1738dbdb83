"""
The query of a rule's `when`: conditions on the facts of an event, in MongoDB's words (docs/rules.md says why these).

`compile_query` turns plain data into a tree of small frozen conditions. Each
can say whether it holds, and why not in a sentence; the equalities that must
hold are told apart, so that matching can look rules up instead of trying them.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from checks.item import shown
from trigger.fact import look_up

Facts = Mapping[str, Any]


class Condition(Protocol):
    """One condition of a query. Pure; may be asked from several threads."""

    def holds(self, facts: Facts) -> bool:
        """True where the event is as asked."""

    def why_not(self, facts: Facts) -> str:
        """Say why it does not hold; called only where it does not."""

    def fields(self) -> frozenset[str]:
        """Return the first words of all fields asked."""


@dataclass(frozen=True, slots=True)
class All:
    """Every one of the conditions; holds where there is none."""

    conditions: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """True where all hold."""
        return all(condition.holds(facts) for condition in self.conditions)

    def why_not(self, facts: Facts) -> str:
        """Name every condition that does not hold."""
        return "; ".join(condition.why_not(facts) for condition in self.conditions if not condition.holds(facts))

    def fields(self) -> frozenset[str]:
        """Return the fields of all."""
        return _fields_of(self.conditions)


def nearness(when: Condition, facts: Facts) -> int:
    """Return how many of the conditions that must all hold do hold: the higher, the nearer a rule is to an event."""
    parts = when.conditions if isinstance(when, All) else (when,)
    return sum(part.holds(facts) for part in parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions (`$or`)."""

    conditions: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """True where one holds."""
        return any(condition.holds(facts) for condition in self.conditions)

    def why_not(self, facts: Facts) -> str:
        """Say why each alternative does not hold."""
        return "none of: " + " | ".join(condition.why_not(facts) for condition in self.conditions)

    def fields(self) -> frozenset[str]:
        """Return the fields of all."""
        return _fields_of(self.conditions)


@dataclass(frozen=True, slots=True)
class NoneOf:
    """Not one of the conditions (`$nor`)."""

    conditions: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """True where none holds."""
        return not any(condition.holds(facts) for condition in self.conditions)

    def why_not(self, facts: Facts) -> str:
        """Say which one holds."""
        numbers = [str(index + 1) for index, condition in enumerate(self.conditions) if condition.holds(facts)]
        return f"what `$nor` excludes is the case (its part {', '.join(numbers)})"

    def fields(self) -> frozenset[str]:
        """Return the fields of all."""
        return _fields_of(self.conditions)


@dataclass(frozen=True, slots=True)
class Field:
    """One operator on one field."""

    path: tuple[str, ...]
    #: `$eq`, `$in`, `$regex`, ...
    operator: str
    #: What the rule says, for the sentence.
    operand: Any
    #: Tells whether the values found at the path are as asked.
    test: Callable[[list[Any], Facts], bool]

    def holds(self, facts: Facts) -> bool:
        """True where the field is as asked."""
        return self.test(look_up(facts, self.path), facts)

    def why_not(self, facts: Facts) -> str:
        """Say what the field is and what was asked."""
        values = look_up(facts, self.path)
        is_now = "not known" if not values or values == [None] else f"`{shown(values[0])}`"
        return f"`{'.'.join(self.path)}` is {is_now}, asked is {asked(self.operator, self.operand)}"

    def fields(self) -> frozenset[str]:
        """Return the first word of the path."""
        return frozenset(self.path[:1])


@dataclass(frozen=True, slots=True)
class NotField:
    """`field: {$not: {...}}`."""

    inner: Condition
    path: tuple[str, ...]

    def holds(self, facts: Facts) -> bool:
        """True where the inner condition does not hold."""
        return not self.inner.holds(facts)

    def why_not(self, facts: Facts) -> str:
        """Say that the excluded is the case."""
        values = look_up(facts, self.path)
        return f"`{'.'.join(self.path)}` is `{shown(values[0]) if values else None}`, which `$not` excludes"

    def fields(self) -> frozenset[str]:
        """Return the fields of the inner one."""
        return self.inner.fields()


def asked(operator: str, operand: Any) -> str:
    """Return an operator and its operand in words."""
    text = f"`{shown(operand)}`"
    if isinstance(operand, (list, tuple, frozenset)):
        names = sorted(str(part) for part in operand)
        text = ", ".join(f"`{shown(part, 40)}`" for part in names[:5])
        text += f" and {len(names) - 5} more" if len(names) > 5 else ""
    words = {"$eq": "", "$in": "one of ", "$nin": "none of ", "$ne": "anything but ", "$regex": "a match of ",
             "$exists": "existence ", "$all": "all of ", "$size": "a length of "}
    return words.get(operator, operator[1:] + " ") + text


def key_of(value: Any) -> Any:
    """Return what two equal values share and `1` and `true` do not; None where a value cannot be looked up by it."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, (str, int, float)):
        return value
    return ("null",) if value is None else None


def equalities(condition: Condition) -> dict[tuple[str, ...], frozenset[Any]]:
    """
    Return the fields that must equal one of some values for the condition to hold.

    Only what must hold in every case is told: parts of `$or` and `$not` are left out.
    """
    found: dict[tuple[str, ...], frozenset[Any]] = {}
    if isinstance(condition, All):
        for inner in condition.conditions:
            for path, keys in equalities(inner).items():
                found[path] = found[path] & keys if path in found else keys
    elif isinstance(condition, Field) and condition.operator in ("$eq", "$in"):
        operands = condition.operand if isinstance(condition.operand, (tuple, frozenset)) else (condition.operand,)
        keys = frozenset(key_of(operand) for operand in operands)
        if None not in keys and ("null",) not in keys:
            found[condition.path] = keys
    return found


def _fields_of(conditions: tuple[Condition, ...]) -> frozenset[str]:
    return frozenset().union(*(condition.fields() for condition in conditions)) if conditions else frozenset()
