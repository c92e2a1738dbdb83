"""The short way through a block must say what libyaml says, whatever lines a block is made of."""
import random

import pytest

from checks.tap.block import CANONICAL, load_block, load_flat
from checks.tap.reading import TapLimits

LINES = (
    "  a: b", "  a1: 1.10", '  k: "x\\ty"', '  q: "a: b # c"', "  lit: |", "  lit2: |-", "    text", "      more", "",
    "   ", "    ", "      ", "        ", "    - x", '    - "y z"', "    - a: b", "  m:", "  list:", "    c: d",
    "    e: |", "      deep", "        deeper", '    f: "g"', "  n: null", "    o: ~", "  p: a: b", "  r: a #b",
    "  s: a#b", "  t: http://x/y:z", "  u:", "  v: ", "  w: yes", "  x: (a", "  y: <b", "    text # no", '  z: "un',
    "  aa: 'q'", "    # comment", "  # comment", "  bb: a:", "  lit3: |+", "    - ", '  cc: "a"  ', "  dd: e   ",
    '    "q": r', "  ee: |2", "  ff: >",
)


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_say_the_same(seed: int) -> None:
    chance = random.Random(seed)
    compared = 0
    for _ in range(4000):
        body = "".join(f"{chance.choice(LINES)}\n" for _ in range(chance.randint(1, 6)))
        match = CANONICAL.fullmatch(f"  ---\n{body}  ...\n")
        if match is None or (short := load_flat(match)) is None:
            continue

        assert short == load_block(body, TapLimits()), body
        compared += 1
    assert compared > 100


def test_the_blocks_of_producers_take_the_short_way() -> None:
    block = """\
  ---
  message: First line invalid
  severity: fail
  log: |
    one

      two
  data:
    got: "a: b"
    expected: |-
      c
  tags:
    - x
    - y
  ...
"""
    match = CANONICAL.fullmatch(block)

    assert match is not None
    assert load_flat(match) == {
        "message": "First line invalid", "severity": "fail", "log": "one\n\n  two\n",
        "data": {"got": "a: b", "expected": "c"}, "tags": ["x", "y"]}
