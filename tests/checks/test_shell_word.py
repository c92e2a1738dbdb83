"""What a shell would take for more than a word is not offered to it."""
from __future__ import annotations

import pytest

from checks.shell_word import needs_no_quotes


@pytest.mark.parametrize("word", ["xchat-0.5-1.fc20", "a+b~rc1^2%3-1", "https://example.org/a#1", "level=", "rpms/x"])
def test_a_plain_word(word: str) -> None:
    assert needs_no_quotes(word)


@pytest.mark.parametrize("word", ["", "$(reboot)", "`reboot`", "a;b", "a b", "a\nb", "a&b", "a|b", "~root", "#1", "-rf",
                                  "=ls", "a*", "a'", 'a"', "a\\", "a>b", "{a,b}", "a!b", "é", "\x1b[31m"])
def test_a_word_that_a_shell_reads_otherwise(word: str) -> None:
    assert not needs_no_quotes(word)
