"""A consumer that is gone although the process lives is noticed."""
from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from trigger.listening import Watch


class _Scene:
    def __init__(self, is_connected: bool) -> None:
        self.now = 0.0
        self.given_up = 0
        protocol = SimpleNamespace(_consumers={})
        self.consumer = SimpleNamespace(queue="jobs", _channel=_channel(), _protocol=protocol)
        protocol._consumers["jobs"] = self.consumer
        factory = SimpleNamespace(_client=SimpleNamespace(is_closed=not is_connected))
        self.noted: list[bool] = []
        self.watch = Watch(factory, self.give_up, self.noted.append, lambda: self.now)
        self.watch.consumers = [self.consumer]

    def give_up(self) -> None:
        self.given_up += 1

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 5.0
            self.watch.look()


def _channel(is_open: bool = True, tags: tuple[str, ...] = ("ctag1",)) -> Any:
    return SimpleNamespace(is_open=is_open, consumer_tags=list(tags))


def test_a_consumer_that_listens_is_left_alone() -> None:
    scene = _Scene(is_connected=True)

    scene.wait(3600)

    assert scene.given_up == 0
    assert set(scene.noted) == {True}


def test_each_look_says_whether_the_broker_may_hand_us_a_message() -> None:
    scene = _Scene(is_connected=False)
    for channel in (_channel(), _channel(is_open=False), None, _channel()):
        scene.consumer._channel = channel
        scene.watch.look()

    assert scene.noted == [True, False, False, True]


@pytest.mark.parametrize("channel", [None, _channel(is_open=False), _channel(tags=())])
def test_a_connection_without_a_consumer_is_given_up(channel: Any, caplog: pytest.LogCaptureFixture) -> None:
    scene = _Scene(is_connected=True)
    scene.consumer._channel = channel
    with caplog.at_level(logging.ERROR):
        scene.wait(45)

    assert scene.given_up == 1
    assert "nobody listens to the queue" in caplog.text


def test_a_broker_that_never_answers_that_we_want_to_listen_is_given_up() -> None:
    first, again = _Scene(is_connected=True), _Scene(is_connected=True)
    first.watch.consumers = None
    # a new connection: asked, so pika has a tag, and not answered, so the protocol has no consumer
    again.consumer._protocol = SimpleNamespace(_consumers={})

    for scene in (first, again):
        scene.wait(45)

    assert (first.given_up, again.given_up) == (1, 1)


def test_a_consumer_that_comes_back_in_time_is_kept() -> None:
    scene = _Scene(is_connected=True)
    for _ in range(20):
        scene.consumer._channel = None
        scene.wait(20)
        scene.consumer._channel = _channel()
        scene.wait(10)

    assert scene.given_up == 0


def test_a_broker_that_is_away_is_waited_for_longer() -> None:
    scene = _Scene(is_connected=False)
    scene.consumer._channel = None

    scene.wait(500)
    assert scene.given_up == 0

    scene.wait(200)
    assert scene.given_up == 1
