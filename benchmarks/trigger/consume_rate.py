"""
Messages a second through a real broker: ours with 1,000 rules and 300 checks, and a callback that does nothing.

    python -m benchmarks.trigger.consume_rate [MESSAGES [ROUNDS]]

Both are whole processes on the same queue definition (durable quorum, prefetch
1), one after the other. Ours runs once with messages that ask for
nothing and once with one job a message, handed to a door in another process.
The goal: at least 0.7 of the callback that does nothing.
"""
from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pika

from benchmarks.trigger.rule_cost import CHECKS, TOPIC, message, rules_text
from tests.support.door import door_process, token_file
from tests.support.rabbitmq import fresh_vhost, running_rabbitmq, wait_until
from trigger.bus import BusSettings, declare, queue_definition

NOOP = "def nothing(message):\n    return None\n"
QUEUE = "measured"


def fill(url: str, count: int, name: str) -> None:
    """Put messages into an empty queue, confirmed in batches."""
    declare(BusSettings(url, QUEUE))
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.tx_select()
        for number in range(count):
            one = message(number, name.format(n=number % 1000))
            properties = pika.BasicProperties(
                delivery_mode=2, content_type="application/json", content_encoding="utf-8", message_id=f"m{number}",
                headers={"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20,
                         "sent-at": "2026-01-01T00:00:00+00:00"})
            channel.basic_publish("amq.topic", TOPIC, json.dumps(one.body).encode(), properties)
            if number % 500 == 499:
                channel.tx_commit()
        channel.tx_commit()


def rate(url: str, count: int, command: list[str], folder: Path) -> float:
    """Return messages a second of a process that empties the queue, from the first tenth to the end."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            channel = connection.channel()

            def left() -> int:
                return int(channel.queue_declare(QUEUE, passive=True).method.message_count)

            wait_until(lambda: left() < count * 0.9, 120, "it begins")
            begin, at_the_beginning = time.perf_counter(), left()
            wait_until(lambda: left() == 0, 300, "the queue is empty")
            return at_the_beginning / (time.perf_counter() - begin)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def noop_command(url: str, folder: Path) -> list[str]:
    """Return fedora-messaging's own command with a callback that does nothing."""
    (folder / "noop.py").write_text(NOOP)
    arguments = json.dumps(queue_definition(BusSettings(url, QUEUE))["arguments"])
    pairs = ", ".join(f'"{key}" = {json.dumps(value)}' for key, value in json.loads(arguments).items())
    config = folder / "noop.toml"
    config.write_text(f"""
amqp_url = "{url}"
[queues.{QUEUE}]
durable = true
auto_delete = false
exclusive = false
arguments = {{{pairs}}}
[[bindings]]
queue = "{QUEUE}"
exchange = "amq.topic"
routing_keys = ["#.buildsys.build.state.change"]
[qos]
prefetch_size = 0
prefetch_count = 1
[log_config]
version = 1
disable_existing_loggers = false
""")
    return [str(Path(sys.executable).with_name("fedora-messaging")), "--conf", str(config), "consume",
            "--callback-file", f"{folder}/noop.py:nothing"]


def our_command(url: str, folder: Path, door_url: str) -> list[str]:
    """Return our consumer with 1,000 rules and 300 checks."""
    (folder / "rules.yml").write_text(rules_text(1000))
    for number in range(CHECKS):
        check = folder / "checks" / f"c{number}"
        check.mkdir(parents=True, exist_ok=True)
        (check / f"c{number}.yml").write_text(
            f"name: c{number}\ninput: {{item_type: koji_build}}\nrun: {{using: command, command: ['true']}}\n")
    return [sys.executable, "-m", "checkotron", "trigger", "consume", "--bus", url, "--queue", QUEUE, "--rules",
            str(folder / "rules.yml"), "--checks", str(folder / "checks"), "--state", str(folder / "state"),
            "--door", door_url, "--door-token-file", str(token_file(folder)), "--log-level", "WARNING"]


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with (tempfile.TemporaryDirectory() as name, running_rabbitmq(Path(name) / "broker") as broker,
          door_process() as door_url):
        folder = Path(name)
        for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
            found: dict[str, float] = {}
            for what, command, package in (
                    ("does nothing", noop_command, "other{n}"), ("ours, no job", our_command, "other{n}"),
                    ("ours, a job each", our_command, "package{n}")):
                with fresh_vhost(broker) as url:
                    fill(url, count, package)
                    given = (url, folder) if command is noop_command else (url, folder, door_url)
                    found[what] = rate(url, count, command(*given), folder)  # type: ignore[operator]
                ratio = found[what] / found["does nothing"]
                print(f"{what:18} {found[what]:7.0f} messages/s, {ratio:.2f} of doing nothing", flush=True)


if __name__ == "__main__":
    main()
