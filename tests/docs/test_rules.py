"""The rules that the documentation gives to operators are rules, of checks that are there."""
from __future__ import annotations

import json
from pathlib import Path

from checks.catalogue import find_check, library_folder
from tests.support.checkotron_process import checkotron
from tests.support.update_story import HELLO, LIBRARY, message

RULES = Path(__file__).resolve().parents[2] / "docs" / "rules" / "fedora.yml"
#: Nothing on a bus tells of Debian's source packages.
BY_HAND = {"lintian", "debian_rebuild"}


def test_the_rules_for_fedora_start_every_check_of_the_library_that_a_message_can_ask_for() -> None:
    started = {line.split()[-1] for line in RULES.read_text().splitlines() if line.strip().startswith("- check: ")}

    there = {path.name for path in library_folder().iterdir() if (path / f"{path.name}.yml").exists()}
    assert started == there - BY_HAND
    assert all(find_check(name, [library_folder()]) for name in started)


def test_an_update_that_is_ready_asks_for_what_concerns_it_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "message.json").write_text(json.dumps(message(HELLO, LIBRARY)))

    done = checkotron("trigger", "explain", "--rules", RULES, tmp_path / "message.json")

    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if "-> " in line] == [
        "installability", "reverse_dependencies", "upgradepath"]
