"""The ports of `up`: kept over restarts, exchanged where another program was faster, but not those asked for."""
from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildbot_master.stack.port import Ports, free_ports, is_free, ports_of
from buildbot_master.stack.running import Screen, Wishes, running_stack
from buildbot_master.stack.supervisor import StartError


@pytest.fixture
def other_program() -> Iterator[socket.socket]:
    with socket.socket() as other:
        yield other


def test_ports_stay_the_same_over_restarts(tmp_path: Path) -> None:
    first = ports_of(tmp_path, None)

    assert ports_of(tmp_path, None) == first


def test_a_port_that_somebody_else_has_taken_is_exchanged_and_it_is_said(
        tmp_path: Path, other_program: socket.socket) -> None:
    said: list[str] = []
    before = ports_of(tmp_path, None)
    other_program.bind(("127.0.0.1", before.door))

    after = ports_of(tmp_path, None, said.append)

    assert (after.results, after.web, after.worker, after.artifacts) == (
        before.results, before.web, before.worker, before.artifacts)
    assert said == [f"port {before.door} (door) is taken by another program; it is {after.door} from now on: older "
                    "links to it do not work"]
    assert Ports(**json.loads((tmp_path / "ports.json").read_text())) == after


def test_ports_are_not_those_that_outgoing_connections_get() -> None:
    assert all(20_000 <= port < 32_000 for port in free_ports(20))


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port_is_not_free(port: int) -> None:
    assert not is_free(port)


def taking(other_program: socket.socket, state: Path, name: str) -> Screen:
    """Return a screen; another program takes that port after it was chosen and before it is used, once."""
    def progress(title: str) -> None:
        if title == "preparing the folders" and other_program.getsockname()[1] == 0:
            other_program.bind(("127.0.0.1", json.loads((state / "ports.json").read_text())[name]))
            other_program.listen()

    return Screen(lambda line: None, progress, lambda: None)


# a master that answers before it sees that the workers cannot reach it
@pytest.mark.full  # the whole stack starts twice
def test_a_port_that_is_taken_while_everything_starts_is_exchanged(
        tmp_path: Path, other_program: socket.socket) -> None:
    with running_stack(Wishes(tmp_path), taking(other_program, tmp_path, "worker")) as stack:
        kept = json.loads((tmp_path / "ports.json").read_text())
        everything_runs = all(child.is_running for child in stack.supervisor.children)

    assert everything_runs
    assert kept["worker"] != other_program.getsockname()[1]


def test_a_port_that_was_asked_for_is_never_exchanged(tmp_path: Path, other_program: socket.socket) -> None:
    first = next(port for port in free_ports(200) if all(map(is_free, range(port, port + 6))))

    with (pytest.raises(StartError) as caught,
          running_stack(Wishes(tmp_path, first), taking(other_program, tmp_path, "results"))):
        pass

    assert str(caught.value) == (f"results database: port {first} was taken by another program meanwhile; name other "
                                 "ones with --port, or leave the choice to `up`")
