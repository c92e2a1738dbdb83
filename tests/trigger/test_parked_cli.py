"""Parked messages are tried again one by one, and none is lost by that."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checks.addresses import Addresses, write_addresses
from tests.support.door import FakeDoor, running_door, token_file
from tests.trigger.samples import KOJI_TOPIC, koji_body
from trigger.cli import trigger
from trigger.parked import ParkedMessages, new_parked
from trigger.standing import Standing, StandingFile


@pytest.fixture
def door() -> Iterator[FakeDoor]:
    with running_door() as found:
        yield found


@pytest.fixture
def state(tmp_path: Path, door: FakeDoor) -> Path:
    write_addresses(tmp_path, Addresses(door_url=door.url, door_token_file=str(token_file(tmp_path))))
    return tmp_path


def replay(state: Path, *words: object) -> Result:
    return CliRunner().invoke(trigger, ["parked", "replay", "--all", "--state", str(state), *map(str, words)])


def park(state: Path, name: str, kind: str = "refused") -> None:
    ParkedMessages(state).add(new_parked(kind, "x", KOJI_TOPIC, name, json.dumps(koji_body(name=name)).encode()))


def rules(state: Path, text: str) -> Path:
    (state / "rules.yml").write_text(text)
    return state / "rules.yml"


def test_the_rules_are_those_of_the_consumer(state: Path, door: FakeDoor) -> None:
    path = rules(state, "- {when: {}, do: [{check: mine}]}")
    consumer = StandingFile(state, Standing(1, str(path)), lambda: (1, ()))
    consumer.update()
    park(state, "xchat")

    done = replay(state)

    assert done.exit_code == 0, done.output
    assert [job["taskname"] for job in door.jobs] == ["mine"]
    assert ParkedMessages(state).names() == []


def test_a_message_that_asks_for_nothing_now_stays(state: Path, door: FakeDoor) -> None:
    park(state, "xchat")

    done = replay(state, "--rules", rules(state, "- {when: {name: other}, do: [{check: mine}]}"))

    assert done.exit_code == 1
    assert "asks for no job now, and stays parked (`checkotron trigger parked drop refused-" in done.stderr
    assert len(ParkedMessages(state).names()) == 1
    assert door.jobs == []


def test_a_message_that_meets_a_bug_does_not_stop_the_others(
        state: Path, door: FakeDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    from trigger.dispatch import Dispatcher
    plan = Dispatcher.plan

    def broken(self: Dispatcher, message: object, **more: bool) -> object:
        if "first" in str(message):
            raise ZeroDivisionError("a bug")
        return plan(self, message, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Dispatcher, "plan", broken)
    park(state, "first", "bug")
    park(state, "second")

    done = replay(state, "--rules", rules(state, "- {when: {}, do: [{check: mine}]}"))

    assert done.exit_code == 1
    assert "still a bug: ZeroDivisionError: a bug" in done.stderr
    assert [job["item"] for job in door.jobs] == ["second-0.5-1.fc36"]
    assert [name.partition("-")[0] for name in ParkedMessages(state).names()] == ["bug"]
