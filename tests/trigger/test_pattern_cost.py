"""Regular expressions of rules against hostile messages: refused, or done within a second or so."""
from __future__ import annotations

import subprocess
import sys

import pytest

from trigger.pattern_cost import SlowPatternError, text_limit


@pytest.mark.parametrize("pattern", [
    "(a+)+$", "(a|aa)+$", "^(a|a)*b", "^(a?){60}a{60}b", "^(a{1,40}){1,40}b", "(a)(?(1)a+|b)+c", "(?:(?>a|aa))+c",
    "a*a*a*a*b", "^a*a*a*a*a*b", "^(?=a*a*a*a*a*b)a", r"\ba*a*a*a*b",
])
def test_a_pattern_that_can_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(SlowPatternError):
        text_limit(pattern, 0)


@pytest.mark.parametrize(("pattern", "limit"), [
    (r"^f\d+-updates(-testing)?-pending$", 4096), ("kernel|gcc", 4096), ("please test", 4096), (".*foo.*bar", 512),
    (r"^(.+)-([^-]+)-([^-]+)\.fc\d+$", 256), (r"^\d{4}-\d{2}-\d{2}(\.\d)?", 4096), ("", 4096),
])
def test_what_people_write_is_taken(pattern: str, limit: int) -> None:
    assert text_limit(pattern, 0) == limit


@pytest.mark.parametrize("pattern", ["a*b", "^a*a*b", "a*a*b", "^a*a*a*b", "a.*a.*a.*b", "^a*a*a*a*b"])
def test_a_pattern_that_is_taken_ends_soon(pattern: str) -> None:
    script = f"import re; re.search({pattern!r}, 'a' * {text_limit(pattern, 0)})"

    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
