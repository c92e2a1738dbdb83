"""One round of chaos, and what came of it."""
from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.chaos.arena import VICTIMS, Arena, until

#: Seconds for every row to come after the last message; a master and a broker that were killed take a few to be back.
_LIMIT = 240.0


@dataclass
class Round:
    """What came of one round."""

    number: int
    messages: int
    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    #: Items without a row, and with more than one.
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    #: Rows with another outcome than PASSED: a run that was given up.
    odd: list[str] = field(default_factory=list)


def play(arena: Arena, number: int, messages: int, seed: int) -> Round:
    """Publish the messages, kill meanwhile, wait for the rows, count."""
    chance = random.Random(f"{seed}/{number}")
    plan = sorted((chance.uniform(0, 6), chance.choice(VICTIMS)) for _ in range(chance.randint(1, 3)))
    names = [f"round{number}-{index}" for index in range(messages)]
    done = Round(number, messages)
    began = time.monotonic()
    killing = threading.Thread(target=_kill, args=(arena, plan, began, done))
    killing.start()
    for index, name in enumerate(names):
        arena.publish(name, number * 1000 + index)
        time.sleep(chance.uniform(0, 0.1))
    killing.join()
    rows = _wait_for_rows(arena, names)
    done.seconds = time.monotonic() - began
    done.lost = [name for name in names if not rows[name]]
    done.doubled = [name for name in names if len(rows[name]) > 1]
    done.odd = [f"{name}: {outcome}" for name in names for outcome in rows[name] if outcome != "PASSED"]
    return done


def _kill(arena: Arena, plan: list[tuple[float, str]], began: float, done: Round) -> None:
    for moment, victim in plan:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        if arena.kill(victim):
            done.kills[victim] += 1


def _wait_for_rows(arena: Arena, names: list[str]) -> dict[str, list[str]]:
    """Return the outcomes of each item once all are there and nothing is on its way any more."""
    found: dict[str, list[str]] = {name: [] for name in names}

    def all_there() -> bool:
        for name in names:
            if not found[name]:
                found[name] = _outcomes(arena, name)
        return all(found.values())

    try:
        until(all_there, _LIMIT, "every row")
        until(lambda: _is_quiet(arena), 60, "nothing is on its way")
    except TimeoutError:
        return {name: _outcomes(arena, name) for name in names}
    # a doubled row would come late: looked at again when all is quiet
    time.sleep(1.0)
    return {name: _outcomes(arena, name) for name in names}


def _outcomes(arena: Arena, name: str) -> list[str]:
    return [row["outcome"] for row in arena.system.results(f"{name}-0.5-1.fc36")]


def _is_quiet(arena: Arena) -> bool:
    queue = arena.system.state / "queue"
    waiting = [path for folder in (queue, queue / "undelivered") for path in folder.glob("*")
               if path.is_file() and not path.name.startswith(".")]
    return not waiting and all(build["complete"] for build in arena.system.builds())
