"""Whatever part is away or is killed, the row of a message comes, once."""
from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.support.whole_system import WholeSystem, family_of, is_alive, wait_for


@contextmanager
def away(system: WholeSystem, part: str, *urls: str | None) -> Iterator[None]:
    """Kill a part and hold its ports for the time of the block: nobody answers there, and it cannot come back."""
    pid = system.pid(part)
    held = []
    # else `up` may have it back before we have the ports
    os.kill(system.process.pid, signal.SIGSTOP)
    try:
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(pid))
        for url in urls:
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            wait_for(lambda one=one, url=url: bound(one, urlsplit(str(url)).port or 0))
            held.append(one)
            threading.Thread(target=hang_up, args=(one,), daemon=True).start()
    finally:
        os.kill(system.process.pid, signal.SIGCONT)
    try:
        yield
    finally:
        for one in held:
            one.shutdown(socket.SHUT_RDWR)
            one.close()


def hang_up(one: socket.socket) -> None:
    """Take each connection and close it: something is there, and it is not the part."""
    while True:
        try:
            one.accept()[0].close()
        except OSError:
            return


def bound(one: socket.socket, port: int) -> bool:
    try:
        one.bind(("127.0.0.1", port))
        one.listen()
    except OSError:
        return False
    return True


def stays_true(what: object, seconds: float) -> bool:
    """True where it holds all the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not what():  # type: ignore[operator]
            return False
        time.sleep(0.1)
    return True


def test_the_database_is_away_and_the_row_comes_when_it_is_back(system: WholeSystem) -> None:
    addresses = system.addresses
    waiting_runs = system.state / "queue" / "undelivered"

    with away(system, "results", addresses.results_url):
        system.publish("database-away")
        wait_for(lambda: any(waiting_runs.glob("*.json*")) or any(waiting_runs.glob("*-*")), 60, "a run that waits")
        assert stays_true(lambda: not system.results("database-away-0.5-1.fc36"), 1.0)

    assert system.result("database-away-0.5-1.fc36", 120)["outcome"] == "PASSED"
    wait_for(lambda: not [path for path in waiting_runs.iterdir() if not path.name.startswith(".")])


def test_buildbot_is_away_and_the_message_is_scheduled_once_when_it_is_back(system: WholeSystem) -> None:
    addresses = system.addresses

    with away(system, "master", addresses.door_url, addresses.buildbot_url):
        system.publish("buildbot-away")
        system.publish("buildbot-away", "delivered-again")
        wait_for(lambda: system.log("trigger").count("away") or system.log("trigger").count("WARNING"), 60)

    row = system.result("buildbot-away-0.5-1.fc36", 150)
    assert row["outcome"] == "PASSED"
    assert stays_true(lambda: len(system.results("buildbot-away-0.5-1.fc36")) == 1, 1.0)


@pytest.mark.parametrize(("part", "name"), [
    ("worker", "worker-killed"), ("master", "master-killed"), ("trigger", "trigger-killed"),
    ("deliver", "deliverer-killed"),
])
def test_a_part_that_is_killed_while_a_run_is_under_way_loses_and_doubles_nothing(system: WholeSystem, part: str,
                                                                                 name: str) -> None:
    worker = system.pid("worker")
    system.publish(name)
    runner = wait_for(lambda: [pid for pid in family_of(worker) if runs_a_check(pid)], 60, "a run that is under way")[0]

    os.kill(system.pid(part), signal.SIGKILL)

    row = system.result(f"{name}-0.5-1.fc36", 120)
    assert row["outcome"] == "PASSED"
    wait_for(lambda: not is_alive(runner))
    assert stays_true(lambda: len(system.results(f"{name}-0.5-1.fc36")) == 1, 1.0)
    title = {"deliver": "deliverer", "master": "Buildbot master"}.get(part, part)
    # a row may come before `up` has looked again
    wait_for(lambda: f"{title} ended (SIGKILL)" in system.said and f"{title} started again" in system.said)


def runs_a_check(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"\0run\0" in (command := file.read()) and b"/lasts\0" in command
    except OSError:
        return False
