"""
Kills the trigger, the broker or the door at random while messages flow, and counts what is lost or doubled.

    python -m benchmarks.trigger.chaos [ROUNDS [SEED]]

A round publishes 50 messages (some twice, some garbage) and meanwhile one part
dies: the consumer or the broker by kill -9, or the door goes away for a while
or answers 503. At the end of a round every expected job must be there, once.
The same seed repeats the same rounds.
"""
from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pika.exceptions

from benchmarks.trigger.rule_cost import TOPIC, message
from tests.support.door import FakeDoor, running_door, token_file
from tests.support.rabbitmq import RabbitMQ, publish, running_rabbitmq, wait_until

MESSAGES = 50
PARTS = ("consumer", "broker", "door away", "door busy")
#: Seconds for everything to arrive after a round.
PATIENCE = 120


class System:
    """A broker, a door, and a consumer that is started again whenever it ends, as by systemd."""

    def __init__(self, folder: Path, broker: RabbitMQ, door: FakeDoor) -> None:
        self.folder, self.broker, self.door = folder, broker, door
        self.consumer: subprocess.Popen[bytes] | None = None
        self.is_over = threading.Event()
        self.starts = 0
        (folder / "rules.yml").write_text("- {when: {message_type: KojiBuildPackageCompleted}, do: [{check: c}]}\n")

    def supervise(self) -> None:
        """Keep a consumer running."""
        command = [sys.executable, "-m", "checkotron", "trigger", "consume", "--bus", self.broker.url(), "--rules",
                   str(self.folder / "rules.yml"), "--state", str(self.folder / "state"), "--door", self.door.url,
                   "--door-token-file", str(token_file(self.folder)), "--log-level", "WARNING"]
        while not self.is_over.is_set():
            with (self.folder / "consumer.log").open("ab") as log:
                self.consumer = subprocess.Popen(command, stdout=log, stderr=log)
            self.starts += 1
            while self.consumer.poll() is None and not self.is_over.wait(0.1):
                pass
        if self.consumer and self.consumer.poll() is None:
            self.consumer.terminate()
            self.consumer.wait(30)

    def hurt(self, part: str, chance: random.Random) -> None:
        """Kill a part, and let it come back where nobody else starts it."""
        if part == "consumer" and self.consumer is not None and self.consumer.poll() is None:
            self.consumer.kill()
        elif part == "broker":
            self.broker.stop(signal.SIGKILL)
            self.broker.start()
        elif part == "door away":
            self.door.close()
            time.sleep(chance.uniform(0.2, 3))
            self.door.open()
        elif part == "door busy":
            self.door.answers += [(503, {"Retry-After": "1"}, b"{}")] * chance.randrange(1, 4)

    def send(self, number: int, chance: random.Random) -> None:
        """Publish a message, perhaps twice, perhaps with garbage beside it; try until the broker has it."""
        body = json.dumps(message(number, "package").body | {"version": str(number)}).encode()
        bodies = [body] * chance.choice((1, 1, 1, 2)) + [b"{garbage"] * chance.choice((0, 0, 0, 0, 1))
        for each in bodies:
            while True:
                try:
                    publish(self.broker.url(), TOPIC, each, message_id=f"m{number}")
                    break
                except (pika.exceptions.AMQPError, OSError):
                    time.sleep(0.2)


def play_round(system: System, first: int, chance: random.Random) -> str:
    """Send the messages of a round while one part is hurt; return which."""
    part = chance.choice(PARTS)
    moment = chance.randrange(MESSAGES)
    thread = threading.Thread(target=system.hurt, args=(part, chance))
    for number in range(first, first + MESSAGES):
        if number - first == moment:
            thread.start()
        system.send(number, chance)
    thread.join()
    return part


def main() -> None:
    """Play the rounds and print the report; exit with 1 where anything is lost or doubled."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    hurt: Counter[str] = Counter()
    with (tempfile.TemporaryDirectory() as name, running_rabbitmq(Path(name) / "broker") as broker,
          running_door() as door):
        system = System(Path(name), broker, door)
        threading.Thread(target=system.supervise, daemon=True).start()
        wait_until(lambda: "checkotron.trigger" in broker.control("list_queues", "name"), 60, "the queue")
        for index in range(rounds):
            part = play_round(system, index * MESSAGES, chance)
            hurt[part] += 1
            expected = (index + 1) * MESSAGES
            end = time.monotonic() + PATIENCE
            while len(door.jobs) < expected and time.monotonic() < end:
                time.sleep(0.1)
            print(f"round {index + 1}: {part}, {len(door.jobs)} of {expected} jobs", flush=True)
        time.sleep(2)
        system.is_over.set()
        items = Counter(job["item"] for job in door.jobs)
        lost = rounds * MESSAGES - len(items)
        doubled = sum(count - 1 for count in items.values())
        wait_until(lambda: system.consumer is None or system.consumer.poll() is not None, 60, "the consumer ends")
    print(f"{rounds} rounds, {rounds * MESSAGES} messages, {dict(hurt)}, {system.starts} starts of the consumer: "
          f"{lost} lost, {doubled} doubled")
    sys.exit(1 if lost or doubled else 0)


if __name__ == "__main__":
    main()
