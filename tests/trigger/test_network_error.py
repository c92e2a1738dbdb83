"""Errors of the network end in the words of who refused."""
from __future__ import annotations

import socket

import pika
import pika.exceptions
import pytest
import requests

from trigger.network_error import cause_of


@pytest.fixture
def nobody() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_words_of_requests_and_pika_are_short(nobody: int) -> None:
    with pytest.raises(requests.ConnectionError) as http:
        requests.get(f"http://127.0.0.1:{nobody}/", timeout=60)
    with pytest.raises(pika.exceptions.AMQPConnectionError) as amqp:
        pika.BlockingConnection(pika.URLParameters(f"amqp://me:secret@127.0.0.1:{nobody}/%2F"))

    assert cause_of(http.value) == "Connection refused"
    assert cause_of(amqp.value) == "Connection refused"


def test_an_error_without_words_has_its_name() -> None:
    assert cause_of(ValueError()) == "ValueError()"
