"""New results on a real bus: never lost, never before the commit, in the shape of the original."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pika
import pytest

from reporting.database.all_storages import open_storage
from reporting.database.outbox import count
from tests.support.database_server import DatabaseServer, database_server
from tests.support.rabbitmq import wait_until


@pytest.fixture
def channel(bus: str) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    """A channel with a queue `seen` for everything."""
    with pika.BlockingConnection(pika.URLParameters(bus)) as connection:
        channel = connection.channel()
        channel.queue_declare("seen", durable=True)
        channel.queue_bind("seen", "amq.topic", "#")
        yield channel


def received(channel: pika.adapters.blocking_connection.BlockingChannel, wanted: int) -> list[tuple[str, str, str]]:
    """Return (topic, message id, body) of that many messages."""
    found: list[tuple[str, str, str]] = []

    def take() -> bool:
        method, properties, body = channel.basic_get("seen", auto_ack=True)
        if method is not None:
            assert properties.headers["fedora_messaging_schema"] == "base.message"
            found.append((method.routing_key, properties.message_id, body.decode()))
        return len(found) >= wanted

    wait_until(take)
    return found


def waiting_messages(server: DatabaseServer) -> int:
    storage = open_storage(server.database_url)
    try:
        return count(storage)
    finally:
        storage.close()


def test_each_new_result_is_published_once_in_the_shape_of_the_answer(
        bus: str, channel: pika.adapters.blocking_connection.BlockingChannel, tmp_path: Path) -> None:
    with database_server(f"sqlite:///{tmp_path}/results.db", ["--bus", bus, "--topic-prefix", "org.example"]) as server:
        server.post("/testcases", {"name": "dist.rpmlint"})
        first = server.add(data={"item": "a"})
        for _ in range(2):
            second = server.post("/results", {"outcome": "FAILED", "testcase": "t"}, headers={"Idempotency-Key": "1"})
        messages = received(channel, 2)

        assert [topic for topic, _, _ in messages] == ["org.example.resultsdb.result.new"] * 2
        assert [json.loads(body) for _, _, body in messages] == [first, second]
        wait_until(lambda: waiting_messages(server) == 0)
        assert channel.basic_get("seen") == (None, None, None)


def test_messages_wait_while_the_broker_is_away_and_survive_a_kill(
        bus: str, channel: pika.adapters.blocking_connection.BlockingChannel, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/results.db"
    with database_server(url, ["--bus", "amqp://guest:guest@127.0.0.1:1/"]) as server:
        stored = [server.add(data={"n": number}) for number in range(3)]
        server.process.kill()
    with database_server(url, ["--bus", bus]) as server:
        bodies = [json.loads(body) for _, _, body in received(channel, 3)]

        assert [body["id"] for body in bodies] == [row["id"] for row in stored]
        assert bodies[0]["href"] == stored[0]["href"]
