"""Rounds of chaos in one stream, and the verdict over each of them."""
from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.chaos.arena import Arena, until
from benchmarks.chaos.faults import Fault
from benchmarks.chaos.publisher import Publisher

#: Messages on their way at a time: enough that every part has work whenever one is killed.
_UNDER_WAY = 60
#: Seconds without any new row after which what is missing counts as lost.
_LIMIT = 180.0


@dataclass
class Round:
    """What came of one round."""

    number: int
    names: list[str]
    #: What happened, by name.
    kills: Counter[str] = field(default_factory=Counter)
    #: Items without a row, and with more than one.
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    #: Rows with another outcome than PASSED: a run that was given up.
    odd: list[str] = field(default_factory=list)


class Stream:
    """Publishes round after round, and lets things happen meanwhile."""

    def __init__(self, arena: Arena, publisher: Publisher, seed: int, faults: Sequence[Fault]) -> None:
        self.arena, self.publisher, self.seed, self.faults = arena, publisher, seed, faults
        self.rounds: list[Round] = []
        self._published = 0
        self._hurting: list[threading.Thread] = []
        #: One fault at a time: a broker that is being started again cannot be killed.
        self._one = threading.Lock()

    def play(self, number: int, messages: int) -> Round:
        """Publish the messages of a round; at those that the seed says, something happens."""
        chance = random.Random(f"{self.seed}/{number}")
        planned = {chance.randrange(messages): chance.choice(self.faults) for _ in range(chance.randint(1, 3))}
        one = Round(number, [f"s{self.seed}r{number}n{index}" for index in range(messages)])
        self.rounds.append(one)
        for index, name in enumerate(one.names):
            if fault := planned.get(index):
                # somewhere within the next builds, not always right before a message
                self._hurt(fault, chance.uniform(0, 1), one)
            self._wait_for_room()
            self.publisher.publish(name, number * 1000 + index)
            self._published += 1
        return one

    def come_to_rest(self) -> None:
        """Wait for all faults, rows and builds; then look at everything anew and judge each round."""
        for thread in self._hurting:
            thread.join()
        wanted = {name for one in self.rounds for name in one.names}
        self._while_rows_come(lambda: wanted <= self._known())
        try:
            until(self.arena.is_at_rest, 120, "nothing is on its way")
        except TimeoutError as error:
            print(f"not at rest: {error}", flush=True)
        # a doubled row would come late: two polls of the deliverer
        time.sleep(1.0)
        self.arena.look_at_all()
        found: dict[str, list[str]] = {}
        for item, outcome in self.arena.rows.values():
            found.setdefault(_name(item), []).append(outcome)
        for one in self.rounds:
            one.lost = [name for name in one.names if name not in found]
            one.doubled = [name for name in one.names if len(found.get(name, ())) > 1]
            one.odd = [f"{name}: {outcome}" for name in one.names for outcome in found.get(name, ())
                       if outcome != "PASSED"]

    def _hurt(self, fault: Fault, delay: float, one: Round) -> None:
        chance = random.Random(f"{self.seed}/{one.number}/{fault.name}")

        def act() -> None:
            time.sleep(delay)
            with self._one:
                if fault.act(self.arena, chance):
                    one.kills[fault.name] += 1
        thread = threading.Thread(target=act)
        thread.start()
        self._hurting.append(thread)

    def _wait_for_room(self) -> None:
        self._while_rows_come(lambda: self._published - len(self._known()) < _UNDER_WAY)

    def _known(self) -> set[str]:
        return {_name(item) for item, _ in self.arena.rows.values()}

    def _while_rows_come(self, is_enough: Callable[[], bool]) -> None:
        """Look until it is enough, or no row has come for three minutes."""
        before, since = -1, time.monotonic()
        while not is_enough():
            if len(self.arena.rows) != before:
                before, since = len(self.arena.rows), time.monotonic()
            elif time.monotonic() - since > _LIMIT:
                return
            time.sleep(0.3)
            self.arena.look()


def _name(item: str) -> str:
    return item.rsplit("-", 2)[0]
