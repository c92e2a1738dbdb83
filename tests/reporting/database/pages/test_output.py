"""The lines that matter are found in what tools print."""
from __future__ import annotations

import pytest

from reporting.database.pages.output import output_of


@pytest.mark.parametrize("line", [
    "xchat.x86_64: E: explicit-lib-dependency libsexy", "E: hello source: missing-license", "not ok 3 - dist.depcheck",
    "make: *** [all] Error 2", "nothing provides libfoo.so.3()(64bit)", "Traceback (most recent call last):",
    "gcc: fatal error: no input files", "2 errors, 3 warnings",
])
def test_a_line_that_says_what_is_wrong_matters(line: str) -> None:
    assert output_of("output", line).lines[0].matters


@pytest.mark.parametrize("line", [
    "xchat.x86_64: W: spelling-error %description", "ok 3 - dist.depcheck", "0 errors, 0 warnings", "no failures",
    "Installing",
    "",
])
def test_other_lines_do_not(line: str) -> None:
    assert not output_of("output", line).lines[0].matters


def test_a_long_text_shows_the_lines_that_matter_with_their_numbers() -> None:
    output = output_of("output", "\n".join(["fine"] * 60 + ["E: bad"] + ["fine"] * 10) + "\n")

    assert output.is_long
    assert [(line.number, line.text) for line in output.mattering] == [(61, "E: bad")]


def test_where_no_line_says_so_the_end_matters() -> None:
    assert [line.number for line in output_of("output", "\n".join(["fine"] * 60)).mattering] == [56, 57, 58, 59, 60]
