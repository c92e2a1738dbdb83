"""The page for operators: every command in it is one of ours as it is today, every file it names is there."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.units import DOCS, UNITS, parse, unit, words

TEXT = (DOCS / "operation.md").read_text()
COMMAND = re.compile(r"(?:/opt/checkotron/bin/)?checkotron (?:results|master|worker|trigger|checks)[^>]*")
LINES = [found.group() for line in TEXT.splitlines() if line.startswith("    ") and "systemctl" not in line
         for found in COMMAND.finditer(line)]
INLINE = [line for line in re.findall(r"`(checkotron [^`]*)`", TEXT) if "..." not in line]


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the page speaks of."""
    for name in ("message.json", "messages.jsonl", "rules.yml", "builder7.password"):
        (tmp_path / name).write_text("[]\n")
    (tmp_path / "queue").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", [*LINES, *INLINE])
def test_a_command_of_the_page_is_understood(line: str, etc: Path) -> None:
    line = line.replace("/etc/checkotron", str(etc)).replace("/var/lib/checkotron/queue", str(etc / "queue"))

    assert parse(words(line))


def test_the_page_shows_commands() -> None:
    assert len(LINES) > 10


def test_the_files_and_pages_that_it_names_are_there() -> None:
    named = re.findall(r"\]\(([a-z-]+\.md)\)", TEXT) + re.findall(r"`docs/([a-z./-]+\.(?:yml|service))`", TEXT)

    assert named
    assert [name for name in named if not (DOCS / name).exists()] == []


def test_the_units_that_it_names_are_there() -> None:
    named = set(re.findall(r"checkotron-(results|master|worker@|deliver|trigger)(?![a-z/])", TEXT))

    assert named >= {path.stem.removeprefix("checkotron-") for path in UNITS.glob("checkotron-*.service")} - {"worker@"}
    assert all(unit(name).lines for name in named)
