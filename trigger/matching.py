"""
Event x rules x catalogue: which checks an event asks for. Pure.

Rules are looked up by the rarest equality that each one must meet, so a
message costs the same with ten rules and with ten thousand; what cannot be
looked up (only regular expressions, only `$or`) is tried each time.
"""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from trigger.event import Event
from trigger.fact import look_up
from trigger.query import equalities, key_of, nearness
from trigger.rule_order import Order
from trigger.rules import Rule, RuleSet

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that applies to an event, and one entry of its `do`."""

    event: Event
    rule: Rule
    order: Order


@dataclass(frozen=True, slots=True)
class Decision:
    """What one rule says about one event."""

    rule: Rule
    applies: bool
    #: Why not; empty where it applies.
    why_not: str = ""
    #: How many of its conditions hold.
    nearness: int = 0


class Matcher:
    """The rules of one file, ready to be asked; never changes, so several threads may ask."""

    def __init__(self, rules: RuleSet, environments: Collection[str] = ("prod",)) -> None:
        """`environments`: what rules hear that do not ask for the environment themselves."""
        self.rules = rules
        self._environments = frozenset(environments)
        self._by_value, self._always = _indexed([rule for rule in rules.rules if not rule.disabled])

    def matches(self, event: Event) -> list[Match]:
        """Return what applies to the event, in the order of the file."""
        return [Match(event, rule, order) for rule in sorted(self._candidates(event), key=_number)
                if self._hears(rule, event) and rule.when.holds(event.facts)
                for order in rule.orders if not order.disabled]

    def decisions(self, event: Event) -> list[Decision]:
        """Return what every rule says about the event; slow, for people."""
        return [self._decision(rule, event) for rule in self.rules.rules]

    def _decision(self, rule: Rule, event: Event) -> Decision:
        near = nearness(rule.when, event.facts)
        if rule.disabled:
            return Decision(rule, False, "disabled", near)
        if not rule.when.holds(event.facts):
            return Decision(rule, False, rule.when.why_not(event.facts), near)
        if not self._hears(rule, event):
            heard, found = ", ".join(sorted(self._environments)), event.facts.get("environment")
            return Decision(rule, False, f"the message is from `{found}`; the rule hears {heard}", near)
        return Decision(rule, True, "", near)

    def _hears(self, rule: Rule, event: Event) -> bool:
        return not rule.production_only or event.facts.get("environment") in self._environments

    def _candidates(self, event: Event) -> Iterable[Rule]:
        found = {rule.number: rule for rule in self._always}
        for path, by_key in self._by_value.items():
            for value in look_up(event.facts, path):
                key = key_of(value)
                for rule in by_key.get(key, ()) if key is not None else ():
                    found[rule.number] = rule
        return found.values()


def _indexed(rules: list[Rule]) -> tuple[dict[Path, dict[Any, list[Rule]]], list[Rule]]:
    """Return the rules by the rarest of their equalities, and those without one."""
    needed = [(rule, equalities(rule.when)) for rule in rules]
    rules_of = Counter((path, key) for _, paths in needed for path, keys in paths.items() for key in keys)
    by_value: dict[Path, dict[Any, list[Rule]]] = {}
    always: list[Rule] = []
    for rule, paths in needed:
        if not paths:
            always.append(rule)
            continue
        rules_at = {path: max((rules_of[path, key] for key in keys), default=0) for path, keys in paths.items()}
        best = min(rules_at, key=rules_at.__getitem__)
        for key in paths[best]:
            by_value.setdefault(best, defaultdict(list))[key].append(rule)
    return by_value, always


def _number(rule: Rule) -> int:
    return rule.number
