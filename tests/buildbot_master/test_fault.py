"""What the user gave to `up` is looked at before anything starts."""
from __future__ import annotations

from pathlib import Path

import pytest

from buildbot_master.stack.fault import refuse_faulty
from buildbot_master.stack.parts_list import DESTINATIONS, ReportOptions, StackOptions, deliver_options
from buildbot_master.stack.state import StateError
from tests.support.checkotron_process import checkotron


def test_every_fault_is_said_before_anything_starts(tmp_path: Path) -> None:
    rules, namespaces = tmp_path / "rules.yml", tmp_path / "namespaces.yml"
    rules.write_text("- do: [{check: rpmlint}]\n")
    namespaces.write_text("safe: 5\n")

    with pytest.raises(StateError) as caught:
        refuse_faulty(StackOptions(rules=rules, reports=ReportOptions((), namespaces)))

    said = str(caught.value).splitlines()
    assert said[0].startswith(f"{rules}:1, [0]: has no `when`")
    assert said[-1] == f"{namespaces}: `safe` is not a list of at least one namespace"


def test_up_names_a_destination_that_is_none(tmp_path: Path) -> None:
    done = checkotron("up", "--state", tmp_path / "state", "--to", "ftp://example.org")

    assert done.returncode == 2
    assert "Error: `ftp://example.org` is no destination; expected something like" in done.stderr


def test_what_is_right_is_not_refused() -> None:
    refuse_faulty(StackOptions(reports=ReportOptions(("console",))))


def test_addresses_are_not_on_the_command_line_of_the_deliverer() -> None:
    words, environment = deliver_options(ReportOptions(("amqp://me:secret@host",), Path("/n.yml")), "http://h")

    assert words == ("--namespaces", "/n.yml")
    assert environment == {DESTINATIONS: "http://h amqp://me:secret@host"}


def test_an_address_with_a_space_reaches_the_deliverer_whole() -> None:
    words, environment = deliver_options(ReportOptions(("junit:/a b",)), "http://h")

    assert words == ("--to", "http://h", "--to", "junit:/a b")
    assert environment == {}
