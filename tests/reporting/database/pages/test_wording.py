"""A stranger's text shows as what it is; times and numbers read as people say them."""
from __future__ import annotations

import pytest

from reporting.database.pages.wording import ago, cut, for_xml, lasting, number, plain, visible, visible_lines

_SECOND = 1_000_000


def test_html_is_text() -> None:
    assert visible("<b>&\"'") == "<bdi>&lt;b&gt;&amp;&#34;&#39;</bdi>"


@pytest.mark.parametrize(("text", "shown"), [
    ("a\x1b[31mb", "\\x1b"), ("\u202eabc", "\\u202e"), ("a\u200bb", "\\u200b"), ("a\nb", "\\n"), ("a\tb", "\\t"),
    ("a\u2066b", "\\u2066"), ("a\x85b", "\\x85"), ("a\U000e0041b", "\\U000e0041"), (" ", "\\x20"), ("a ", "\\x20"),
])
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert f'<span class="unseen">{shown}</span>' in visible(text)


def test_letters_of_other_scripts_stay() -> None:
    assert visible("名前 شبكة ü") == "<bdi>名前 شبكة ü</bdi>"


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    shown = cut("begin" + "x" * 500 + "end", 21)

    assert "<bdi>beginxxxxx…xxxxxxxend</bdi>" in shown
    assert 'title="begin' in shown


def test_lines_of_output_stay_lines_and_escapes_of_terminals_show() -> None:
    assert visible_lines("a\r\n\tb<\x1b[0m") == 'a\n\tb&lt;<span class="unseen">\\x1b</span>[0m'


def test_attributes_get_one_line() -> None:
    assert plain("a\nb\u202ec") == "a b\\u202ec"


def test_what_xml_cannot_carry_is_replaced() -> None:
    assert for_xml("a\x00\x0b\ufffe\ud800b\n") == "a\ufffd\ufffd\ufffd\ufffdb\n"


@pytest.mark.parametrize(("seconds", "words"), [
    (5, "now"), (90, "1 min ago"), (7200, "2 h ago"), (86400, "1 day ago"), (3 * 86400, "3 days ago"),
    (40 * 86400, "1970-11-22"), (-10, "now"),
])
def test_ages_read_as_people_say_them(seconds: int, words: str) -> None:
    now = 365 * 86400 * _SECOND

    assert ago(now - seconds * _SECOND, now) == words


def test_a_time_to_come_is_a_date_and_not_an_age() -> None:
    assert ago(86400 * _SECOND, 0) == "1970-01-02 00:00 UTC"


@pytest.mark.parametrize(("seconds", "words"), [(0.42, "0.4 s"), (12, "12 s"), (185, "3 min 5 s"), (7800,
                                                                                                    "2 h 10 min")])
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_one_is_singular() -> None:
    assert (number(1, "result"), number(1204, "result")) == ("1 result", "1,204 results")
