"""What a round of chaos happens in: a broker, the whole system, a cheap check, and the parts that may be killed."""
from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pika.exceptions

from tests.support.rabbitmq import RabbitMQ, publish, running_rabbitmq
from tests.support.whole_system import KOJI_TOPIC, Options, WholeSystem, koji_message, whole_system

#: Says that every item is good, as fast as a process can.
CHECK = """\
name: quick
namespace: dist
description: Says that every item is good.
maintainer: benchmarks
run: {using: command, command: ["true"]}
"""
RULES = "- when: {message_type: KojiBuildPackageCompleted}\n  do: [{check: quick}]\n"
#: Parts that are processes of `up`, and the broker.
VICTIMS = ("trigger", "master", "worker", "results", "deliver", "broker")


@dataclass
class Arena:
    """The running system and its broker."""

    broker: RabbitMQ
    system: WholeSystem

    def kill(self, victim: str) -> bool:
        """Kill it with -9; False where it was down already."""
        if victim == "broker":
            self.broker.stop(signal.SIGKILL)
            self.broker.start()
            return True
        try:
            os.kill(self.system.pid(victim), signal.SIGKILL)
        except (AssertionError, ProcessLookupError):
            return False
        return True

    def publish(self, name: str, number: int) -> None:
        """Publish until the broker confirms: it may be down, and a message may then be there twice."""
        body, properties = koji_message(name, build_id=number)
        until(lambda: self._published(body, properties), 120, "the broker takes a message")

    def _published(self, body: bytes, properties: dict) -> bool:
        try:
            publish(self.broker.url(), KOJI_TOPIC, body, **properties)
        except (pika.exceptions.AMQPError, OSError):
            time.sleep(0.2)
            return False
        return True


def until(what: Callable[[], object], seconds: float, why: str) -> None:
    """Wait until it is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {why}")
        time.sleep(0.1)


@contextmanager
def arena(folder: Path) -> Iterator[Arena]:
    """Start everything in `folder`."""
    checks = folder / "checks" / "quick"
    checks.mkdir(parents=True)
    (checks / "quick.yml").write_text(CHECK)
    rules = folder / "rules.yml"
    rules.write_text(RULES)
    with running_rabbitmq(folder / "broker") as broker:
        options = Options(broker.url(), rules, None, (checks.parent,), ("--slots", "4"))
        with whole_system(folder / "system", options) as system:
            yield Arena(broker, system)
