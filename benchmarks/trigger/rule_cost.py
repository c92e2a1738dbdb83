"""
The cost of a message under 10 to 10,000 rules, without a broker.

    python -m benchmarks.trigger.rule_cost

Prints microseconds of planning a message that asks for nothing, and one that
asks for one job. The goal: from 10 to 10,000 rules less than twofold.
"""
from __future__ import annotations

import time
from pathlib import Path
from types import MappingProxyType

from checks.catalogue import Catalogue
from checks.description import CheckDescription
from trigger.dispatch import Dispatcher
from trigger.message import BusMessage
from trigger.rulebook import Surroundings, make_rulebook
from trigger.rules import read_rules
from trigger.schedulers.recording import RecordingScheduler

TOPIC = "org.fedoraproject.prod.buildsys.build.state.change"
CHECKS = 300
MESSAGES = 2000
ROUNDS = 5


def rules_text(count: int) -> str:
    """Return a rules file: each rule is about one package."""
    return "\n".join(f"- {{when: {{message_type: KojiBuildPackageCompleted, name: package{n}}}, "
                     f"do: [{{check: c{n % CHECKS}}}]}}" for n in range(count))


def message(number: int, name: str) -> BusMessage:
    """Return a build of that package."""
    body = {"name": name, "version": "1", "release": "1.fc40", "new": 1, "old": 0, "instance": "primary",
            "build_id": number, "owner": "me", "attribute": "state", "request": ["git+https://x#1", "f40"]}
    return BusMessage(TOPIC, body, f"m{number}")


def dispatcher(count: int) -> Dispatcher:
    """Return a dispatcher with so many rules."""
    described = {f"c{n}": CheckDescription(f"c{n}", Path("c"), Path("c"), item_types=("koji_build",))
                 for n in range(CHECKS)}
    book = make_rulebook(read_rules(rules_text(count), "rules"), Catalogue(MappingProxyType(described)), Surroundings())
    return Dispatcher(lambda: book, RecordingScheduler())


def microseconds(one: Dispatcher, messages: list[BusMessage]) -> float:
    """Return the best of some rounds: what is left is the cost, not the neighbours on the machine."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for each in messages:
            one.plan(each)
        best = min(best, (time.perf_counter() - begin) / len(messages))
    return best * 1e6


def main() -> None:
    """Measure and print."""
    found: dict[int, tuple[float, float]] = {}
    for count in (10, 100, 1000, 10_000):
        one = dispatcher(count)
        nothing = [message(n, f"other{n}") for n in range(MESSAGES)]
        jobs = [message(n, f"package{n % 10}") for n in range(MESSAGES // 5)]
        found[count] = microseconds(one, nothing), microseconds(one, jobs)
        print(f"{count:6} rules: {found[count][0]:6.0f} us a message without a job, {found[count][1]:6.0f} us with one")
    for index, what in enumerate(("without a job", "with one")):
        print(f"10,000 rules against 10, {what}: {found[10_000][index] / found[10][index]:.2f} times")


if __name__ == "__main__":
    main()
