"""Streams put together at random from lines that mean something, and what always holds for them."""
import random

import pytest

from checks.item import Item
from checks.tap import read_tap, write_tap

XCHAT = Item("xchat-0.5-1.fc20", "koji_build")
LINES = (
    "ok", "not ok", "ok 1 - a", "  ---", "  ...", "    ok", "    ---", "      ---", "      ...", "  item: a-1-1",
    "  item: [", "  type: koji_build", "  outcome: FAILED", "  details:", "    output: |", "    output: |-",
    "      text", "", "   ", "\t", "TAP version 13", "TAP version 14", "1..3", "1..0 # SKIP x", "    1..2",
    "Bail out! x",
    "pragma +strict", "# Subtest: x", "#", "ok 99999999999", "  a: &a [*a]", "  - x", '  "a": "b\\x"', "  ? x", "  : y",
    "ok # TODO", "ok # SKIP", "  !!python/name:os.system x", "\x00", "\x1b[2J", "\u00e9", "\u2028", '  a: "\\ud800"',
    '  a: "\\uD83D\\uDE00"', "...", "---", "  item: !!binary aGk=", "  <<: {a: b}", "  arch: [x, y]",
    "  artifact: {a: b}", "  a:\tb", "  a: |2", "    b", "ok\r", "  ---\r", "  'x", "  %YAML 1.1", "  --- x", "  a: b",
    "  b: {c: [d, {e: f}]}", "OK", "0..0", "5..1", "2..9",
)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_comes_is_read_and_what_was_read_is_written_and_read_the_same(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        text = "\n".join(chance.choice(LINES) for _ in range(chance.randint(1, 60)))
        source = text.encode() if chance.random() < 0.3 else text

        reading = read_tap(source, testcase="dist.x", item=chance.choice([XCHAT, None]))
        again = read_tap(write_tap(reading.results), testcase="other")

        assert again.results == reading.results, text
        assert again.errors == (), text
