"""The consumer through a real broker and a real process: nothing lost, nothing doubled, nothing kills it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.door import FakeDoor, running_door, token_file
from tests.support.free_ports import free_ports
from tests.support.rabbitmq import consumers, publish, wait_until, waiting
from tests.trigger.samples import KOJI_TOPIC, koji_body
from trigger.parked import ParkedMessages

#: Each starts a consumer as a process.
pytestmark = pytest.mark.slow
QUEUE = "checkotron.trigger"
RULES = "- when: {message_type: KojiBuildPackageCompleted}\n  do: [{check: rpmlint}]\n"


@contextmanager
def consumer(bus: str, folder: Path, door: FakeDoor, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `checkotron trigger consume` as an operator would; its log is in `folder/consumer.log`."""
    rules = folder / "rules.yml"
    if not rules.exists():
        rules.write_text(RULES)
    command = [
        sys.executable,
        "-m",
        "checkotron",
        "trigger",
        "consume",
        "--bus",
        bus,
        "--rules",
        str(rules),
        "--state",
        str(folder / "state"),
        "--door",
        door.url,
        "--door-token-file",
        str(token_file(folder)),
        *options,
    ]
    with (folder / "consumer.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: process.poll() is not None or "listening" in log_of(folder), what="listening")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(60)


def log_of(folder: Path) -> str:
    return (folder / "consumer.log").read_text(errors="replace")


def send_build(bus: str, number: int, message_id: str | None = None, **changes: object) -> None:
    body = koji_body(build_id=number, version=str(number), **changes)
    publish(
        bus,
        KOJI_TOPIC,
        json.dumps(body).encode(),
        message_id=message_id,
        content_type="application/json",
        headers={"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20},
    )


def settled(bus: str) -> bool:
    return waiting(bus, QUEUE) == 0


@pytest.fixture
def door() -> Iterator[FakeDoor]:
    with running_door() as running:
        yield running


def test_a_message_on_the_bus_becomes_a_job_with_the_seeds_properties(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    with consumer(bus, tmp_path, door):
        send_build(bus, 7, "m-7")
        wait_until(lambda: door.jobs)

    job = door.jobs[0]
    assert {key: job[key] for key in ("item", "item_type", "taskname", "arch")} == {
        "item": "xchat-7-1.fc36",
        "item_type": "koji_build",
        "taskname": "rpmlint",
        "arch": "noarch",
    }
    assert job["key"] == "koji:primary:7:complete/rpmlint/noarch"
    assert len(job["build_id"]) == 36


def test_the_same_event_by_two_messages_is_one_job(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    with consumer(bus, tmp_path, door):
        send_build(bus, 7, "m-7")
        send_build(bus, 7, "m-8")
        send_build(bus, 8, None)
        wait_until(lambda: len(door.jobs) == 2 and door.requests >= 3)

    assert [job["item"] for job in door.jobs] == ["xchat-7-1.fc36", "xchat-8-1.fc36"]


def test_poison_and_garbage_are_parked_and_the_consumer_lives(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    deep = b'{"a":' * 3000 + b"1" + b"}" * 3000
    with consumer(bus, tmp_path, door) as process:
        good = json.dumps(koji_body()).encode()
        publish(bus, KOJI_TOPIC, good, message_id="p1", content_encoding="bogus", headers={})
        publish(bus, KOJI_TOPIC, good, message_id="p2", headers={"fedora_messaging_schema": ["a"]})
        publish(bus, KOJI_TOPIC, deep, message_id="p3", headers={})
        publish(bus, KOJI_TOPIC, b"\xff\xfe", message_id="g1", headers={})
        publish(bus, KOJI_TOPIC, b"{not json", message_id="g2", headers={})
        publish(bus, KOJI_TOPIC, b"[1]", message_id="g3", headers={})
        publish(bus, KOJI_TOPIC, b'{"build_id": NaN}', message_id="g4")
        publish(bus, KOJI_TOPIC, b"x" * 10_000_000, message_id="g5")
        send_build(bus, 9, "after")
        wait_until(lambda: door.jobs)

        assert process.poll() is None
    assert [job["item"] for job in door.jobs] == ["xchat-9-1.fc36"]
    reasons = {parked.message_id: parked.reason for _, parked in ParkedMessages(tmp_path / "state").all()}
    assert reasons == {
        "p1": "content encoding `bogus` is not known; expected utf-8",
        "p2": "schema header is a list; expected text",
        "p3": "is nested deeper than 100 levels",
        "g1": "is not UTF-8: byte `0xff` at 0",
        "g2": "is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "g3": "`body` is a list; expected an object",
        "g4": "is not JSON: holds `NaN`",
        "g5": "has more than 8388608 bytes",
    }
    assert waiting(bus, QUEUE + ".parked") == 0


def test_a_job_that_the_master_refuses_is_parked_and_can_be_replayed(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    door.answers.append((400, {}, b'{"faults": ["no builder for arch z80"]}'))
    with consumer(bus, tmp_path, door):
        send_build(bus, 5, "m-5")
        wait_until(lambda: ParkedMessages(tmp_path / "state").names())

    parked = next(ParkedMessages(tmp_path / "state").all())[1]
    assert getattr(parked, "reason", "") == "rpmlint-koji_build-xchat-5-1.fc36: no builder for arch z80"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "checkotron",
            "trigger",
            "parked",
            "replay",
            "--all",
            "--state",
            str(tmp_path / "state"),
            "--rules",
            str(tmp_path / "rules.yml"),
            "--door",
            door.url,
            "--door-token-file",
            str(tmp_path / "door-token"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, [job["item"] for job in door.jobs]) == (0, ["xchat-5-1.fc36"])
    assert ParkedMessages(tmp_path / "state").names() == []


def test_a_master_that_is_away_is_waited_for_and_gets_the_job_once(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    door.close()
    with consumer(bus, tmp_path, door):
        send_build(bus, 3, "m-3")
        send_build(bus, 4, "m-4")
        wait_until(lambda: log_of(tmp_path).count("the job waits for the door") >= 2)
        wait_until(lambda: waiting(bus, QUEUE) == 1)
        door.open()
        wait_until(lambda: len(door.jobs) == 2)
        wait_until(lambda: settled(bus))

    assert [job["item"] for job in door.jobs] == ["xchat-3-1.fc36", "xchat-4-1.fc36"]


def test_sigterm_in_the_middle_of_a_wait_ends_it_at_once_and_the_message_comes_again(
    bus: str, tmp_path: Path, door: FakeDoor
) -> None:
    door.close()
    with consumer(bus, tmp_path, door) as process:
        send_build(bus, 3, "m-3")
        wait_until(lambda: "the job waits for the door" in log_of(tmp_path))
        process.send_signal(signal.SIGTERM)

        assert process.wait(60) == 0
    wait_until(lambda: waiting(bus, QUEUE) == 1)
    door.open()
    with consumer(bus, tmp_path, door):
        wait_until(lambda: len(door.jobs) == 1)


def test_kill_9_loses_nothing_and_doubles_nothing(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    for round_number in range(3):
        with consumer(bus, tmp_path, door) as process:
            for number in range(20):
                send_build(bus, round_number * 20 + number, None)
            wait_until(lambda wanted=round_number * 20 + 5: len(door.jobs) >= wanted)
            process.kill()
            process.wait(60)
        (tmp_path / "consumer.log").unlink()
    with consumer(bus, tmp_path, door):
        wait_until(lambda: len(door.jobs) == 60)

    assert len({job["item"] for job in door.jobs}) == 60


def test_fedora_messagings_own_command_runs_the_same_callback(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    config = tmp_path / "config.toml"
    config.write_text(f"""
amqp_url = "{bus}"
[queues.ours]
durable = true
auto_delete = false
exclusive = false
arguments = {{x-queue-type = "quorum"}}
[[bindings]]
queue = "ours"
exchange = "amq.topic"
routing_keys = ["#.buildsys.#"]
[qos]
prefetch_size = 0
prefetch_count = 1
[consumer_config]
rules = "{tmp_path}/rules.yml"
state = "{tmp_path}/state"
door = ["http://127.0.0.1:1", "{door.url}"]
door_token_file = "{token_file(tmp_path)}"
""")
    with (tmp_path / "consumer.log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(Path(sys.executable).parent / "fedora-messaging"),
                "--conf",
                str(config),
                "consume",
                "--callback=trigger.consumer:Consumer",
            ],
            stdout=log,
            stderr=log,
            env=dict(os.environ),
        )
    try:
        wait_until(lambda: consumers(bus, "ours") == 1)
        publish(bus, KOJI_TOPIC, json.dumps(koji_body()).encode(), content_encoding="bogus")
        send_build(bus, 11, "m-11")
        wait_until(lambda: door.jobs, what=log_of(tmp_path))
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(60)

    assert door.jobs[0]["item"] == "xchat-11-1.fc36"
    assert len(ParkedMessages(tmp_path / "state").names()) == 1


def test_rules_change_without_a_restart_and_a_broken_file_changes_nothing(
    bus: str, tmp_path: Path, door: FakeDoor
) -> None:
    with consumer(bus, tmp_path, door):
        (tmp_path / "rules.yml").write_text("- {when: {nam: x}, do: []}")
        wait_until(lambda: _after_a_message(bus, door) and "have faults, the old ones stay" in log_of(tmp_path))
        (tmp_path / "rules.yml").write_text(RULES.replace("rpmlint", "another"))
        wait_until(lambda: _after_a_message(bus, door) and door.jobs[-1]["taskname"] == "another")

    assert {job["taskname"] for job in door.jobs} == {"rpmlint", "another"}


def test_a_paused_consumer_leaves_messages_in_the_broker(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "paused").touch()
    with consumer(bus, tmp_path, door):
        send_build(bus, 1)
        send_build(bus, 2)
        wait_until(lambda: "waiting, messages stay in the queue" in log_of(tmp_path))
        assert door.jobs == []
        (tmp_path / "state" / "paused").unlink()
        wait_until(lambda: len(door.jobs) == 2)


def test_a_burst_on_the_bus_becomes_one_job_and_metrics_tell(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    (tmp_path / "rules.yml").write_text(
        "- {name: deps, when: {message_type: KojiTagChanged}, do: [{check: d, delay: 6}]}"
    )
    port = free_ports(1)[0]
    with consumer(bus, tmp_path, door, "--metrics", f"127.0.0.1:{port}"):
        for number in range(5):
            body = {"tag": "f36-pending", "name": f"n{number}", "version": "1", "release": "1", "instance": "primary"}
            publish(bus, "org.fedoraproject.prod.buildsys.tag", json.dumps(body).encode(), message_id=f"t{number}")
        wait_until(lambda: door.jobs)
        # the door has a job before the trigger hears that, and forgets it
        wait_until(lambda: "checkotron_trigger_held 0\n" in metrics_of(port))
        metrics = metrics_of(port)

    assert [job["item"] for job in door.jobs] == ["f36-pending"]
    assert 'checkotron_trigger_messages_total{fate="jobs"} 5' in metrics


def metrics_of(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        return str(answer.read().decode())


def test_hostile_messages_are_survived_and_cost_no_other_message(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    hostile = [
        json.dumps({f"key{number}": number for number in range(100_000)}).encode(),
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
        json.dumps(koji_body(name="x; rm -rf /")).encode(),
        json.dumps(koji_body(name="../../etc/passwd")).encode(),
        json.dumps(koji_body(name="a" * 100_000)).encode(),
        json.dumps(koji_body(name="\ud800", version="\x00")).encode(),
        json.dumps(koji_body(build_id=10**400)).encode(),
        json.dumps({"msg": koji_body(version="99"), "topic": "x" * 10_000}).encode(),
    ]
    with consumer(bus, tmp_path, door) as process:
        for number, body in enumerate(hostile):
            publish(bus, KOJI_TOPIC, body, message_id=f"h{number}")
        send_build(bus, 9, "after")
        wait_until(lambda: any(job["item"] == "xchat-9-1.fc36" for job in door.jobs))
        assert process.poll() is None

    assert {job["item"] for job in door.jobs} <= {"xchat-9-1.fc36", "xchat-0.5-1.fc36"}


def test_what_kills_the_process_again_and_again_is_given_up_by_the_broker(bus: str, tmp_path: Path) -> None:
    """The last line: whatever slips through every net goes to `<queue>.parked` after some deliveries."""
    from trigger.bus import DELIVERY_LIMIT, BusSettings, connect, declare

    settings = BusSettings(bus)
    declare(settings)
    send_build(bus, 1, "killer")
    for _ in range(DELIVERY_LIMIT + 2):
        with connect(settings) as connection:
            channel = connection.channel()
            method, _, _ = channel.basic_get(QUEUE)
            if method is None:
                break
            channel.basic_nack(method.delivery_tag, requeue=True)
    wait_until(lambda: waiting(bus, QUEUE + ".parked") == 1)

    assert waiting(bus, QUEUE) == 0


def _after_a_message(bus: str, door: FakeDoor) -> bool:
    number = 1000 + len(door.jobs)
    send_build(bus, number)
    wait_until(lambda: any(job["key"].startswith(f"koji:primary:{number}:") for job in door.jobs))
    return True


def test_a_message_that_cannot_be_parked_waits_for_the_disk(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "parked").write_text("a file where the folder should be: nothing can be written")
    with consumer(bus, tmp_path, door):
        publish(bus, KOJI_TOPIC, b"{garbage", message_id="g1")
        wait_until(lambda: "a message cannot be parked, it waits" in log_of(tmp_path))
        (tmp_path / "state" / "parked").unlink()
        wait_until(lambda: ParkedMessages(tmp_path / "state").names())
        # one at a time: the broker hands out the next when it has heard that this one is done
        send_build(bus, 9, "after")
        wait_until(lambda: door.jobs)

    assert len(ParkedMessages(tmp_path / "state").names()) == 1
    assert waiting(bus, QUEUE + ".parked") == 0


def test_a_long_outage_holds_no_message_and_ends_by_itself(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    door.close()
    with consumer(bus, tmp_path, door, "--hold-seconds", "0.5") as process:
        send_build(bus, 3, "m-3")
        wait_until(lambda: "not listening yet, messages wait in the broker" in log_of(tmp_path))
        wait_until(lambda: waiting(bus, QUEUE) == 1)
        assert process.poll() is None
        door.open()
        wait_until(lambda: len(door.jobs) == 1)


def test_what_the_broker_gave_up_on_is_fetched_and_replayed(bus: str, tmp_path: Path, door: FakeDoor) -> None:
    from trigger.bus import BusSettings, connect, declare

    settings = BusSettings(bus)
    declare(settings)
    send_build(bus, 8, "given-up")
    with connect(settings) as connection:
        channel = connection.channel()
        method, _, _ = channel.basic_get(QUEUE)
        channel.basic_nack(method.delivery_tag, requeue=False)
    wait_until(lambda: waiting(bus, QUEUE + ".parked") == 1)
    (tmp_path / "rules.yml").write_text(RULES)
    command = [sys.executable, "-m", "checkotron", "trigger", "parked"]
    state = ["--state", str(tmp_path / "state")]
    fetched = subprocess.run([*command, "fetch", "--bus", bus, *state], capture_output=True, text=True, timeout=60)
    parked = [message for _, message in ParkedMessages(tmp_path / "state").all()]
    secret = str(token_file(tmp_path))
    options = ["--rules", str(tmp_path / "rules.yml"), "--door", door.url, "--door-token-file", secret]
    replayed = subprocess.run(
        [*command, "replay", "--all", *state, *options], capture_output=True, text=True, timeout=60
    )

    assert fetched.stdout == "1 taken\n"
    assert [getattr(message, "topic", "") for message in parked] == [KOJI_TOPIC]
    assert (replayed.returncode, [job["item"] for job in door.jobs]) == (0, ["xchat-8-1.fc36"])
    assert waiting(bus, QUEUE + ".parked") == 0
