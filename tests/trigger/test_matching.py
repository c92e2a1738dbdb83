"""Looking rules up gives exactly what trying all of them gives, at a cost that does not grow with their number."""

from __future__ import annotations

import random

from trigger.event import Event
from trigger.matching import Matcher
from trigger.rules import read_rules


def event(**facts: object) -> Event:
    known = {"environment": "prod", "message_type": "M"} | facts
    return Event("a-1-1", "koji_build", str(known["message_type"]), "i", known)


def test_looking_up_gives_what_trying_all_rules_gives() -> None:
    chance = random.Random(5)
    kinds = [
        "{name: n%d}",
        "{name: {$in: [n%d, n3]}}",
        "{message_type: M, name: {$regex: '%d$'}}",
        "{version: '%d'}",
        "{$or: [{name: n%d}]}",
        "{message_type: N, name: n%d}",
        "{name: {$nin: [n%d]}}",
        "{name: n1, version: '%d'}",
    ]
    text = "\n".join(
        f"- {{when: {chance.choice(kinds) % chance.randrange(9)}, do: [{{check: c{n}}}]}}" for n in range(300)
    )
    matcher = Matcher(read_rules(text, "r"))
    for _ in range(50):
        happened = event(
            name=f"n{chance.randrange(9)}", version=str(chance.randrange(9)), message_type=chance.choice(["M", "N"])
        )

        looked_up = [match.rule.number for match in matcher.matches(happened)]
        assert looked_up == [decision.rule.number for decision in matcher.decisions(happened) if decision.applies]


def test_of_ten_thousand_rules_only_a_few_are_tried(monkeypatch: object) -> None:
    text = "\n".join(f"- {{when: {{message_type: M, name: n{n}}}, do: [{{check: c}}]}}" for n in range(10_000))
    matcher = Matcher(read_rules(text, "r"))
    tried = []

    class Counting(dict):  # type: ignore[type-arg]
        def get(self, key: str, default: object = None) -> object:
            tried.append(key)
            return super().get(key, default)

    happened = event(name="n77")
    counted = Event(happened.item, happened.item_type, happened.message_type, "i", Counting(happened.facts))
    assert [match.rule.number for match in matcher.matches(counted)] == [78]
    assert len(tried) < 10
    assert len(matcher.rules.rules) == 10_000


def test_a_rule_hears_production_only_unless_it_says_otherwise() -> None:
    text = "- {when: {name: x}, do: [{check: a}]}\n- {when: {name: x, environment: stg}, do: [{check: b}]}"
    staging = event(name="x", environment="stg")

    assert [match.order.checks for match in Matcher(read_rules(text, "r")).matches(staging)] == [("b",)]
    both = Matcher(read_rules(text, "r"), ("prod", "stg")).matches(staging)
    assert [match.order.checks for match in both] == [("a",), ("b",)]


def test_what_is_disabled_starts_nothing_and_says_so() -> None:
    text = "- {when: {}, do: [{check: a, disabled: true}, {check: b}]}\n- {when: {}, disabled: true, do: [{check: c}]}"
    matcher = Matcher(read_rules(text, "r"))

    assert [match.order.checks for match in matcher.matches(event())] == [("b",)]
    assert [decision.why_not for decision in matcher.decisions(event())] == ["", "disabled"]
