"""YAML of strangers: plain data, lines, limits, all faults at once."""
from __future__ import annotations

import pytest

from checks.document import DocumentError, Fault, load_document


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load_document(text, "rules.yml")
    return [str(fault) for fault in caught.value.faults]


def test_every_key_knows_its_line() -> None:
    document = load_document("name: x\nactions:\n  - koji:\n      arch: [all]\n  - a: 1\n", "x.yml")

    assert document.data == {"name": "x", "actions": [{"koji": {"arch": ["all"]}}, {"a": 1}]}
    assert document.line(("name",)) == 1
    assert document.line(("actions", 0, "koji", "arch")) == 4
    assert document.line(("actions", 1, "a")) == 5
    assert document.line(("actions", 1, "nothing", "here")) == 5


def test_keys_are_always_text() -> None:
    assert load_document("on: 1\n1: 2\nyes: 3\n", "x").data == {"on": 1, "1": 2, "yes": 3}


def test_only_plain_values_come_out() -> None:
    data = load_document("a: 2014-03-25\nb: 0x10\nc: 1.5\nd: true\ne: ~\nf: 12:30\n", "x").data

    assert data == {"a": "2014-03-25", "b": 16, "c": 1.5, "d": True, "e": None, "f": 750}


def test_a_merge_key_brings_in_what_is_not_there() -> None:
    assert load_document("b: &b {x: 1, y: 2}\nc: {<<: *b, y: 3}\n", "x").data["c"] == {"x": 1, "y": 3}


def test_duplicate_keys_are_told_with_both_lines() -> None:
    assert faults("a: 1\nb: 2\na: 3\nb: 4\n") == [
        "rules.yml:3, a: key `a` stands twice; first in line 1",
        "rules.yml:4, b: key `b` stands twice; first in line 2"]


@pytest.mark.parametrize("text", [
    "a: !!python/object/apply:os.system [ls]", "a: !!python/name:os.system", "!Policy {a: 1}", "a: !!binary aGk=",
    "a: !!set {x}",
])
def test_tags_that_make_objects_are_refused(text: str) -> None:
    assert "is not allowed; only plain values are read" in faults(text)[0]


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    assert "stands for more than 200000 values" in faults("\n".join(levels))[0]


def test_more_than_a_hundred_aliases_are_refused() -> None:
    assert "uses aliases more than 100 times" in faults("a: &a 1\nb: [" + "*a, " * 101 + "]")[0]


def test_a_value_that_contains_itself_is_refused() -> None:
    assert "contains itself through an alias" in faults("a: &a [*a]")[0]


@pytest.mark.parametrize("text", ["[" * 70 + "]" * 70, "- " * 70 + "x", "{a: " * 70 + "1" + "}" * 70])
def test_deep_nesting_is_refused(text: str) -> None:
    assert faults(text) == ["rules.yml:1: is nested deeper than 64 levels"]


def test_a_hundred_thousand_levels_do_not_crash() -> None:
    assert faults("[" * 100_000)


def test_a_megabyte_is_the_most() -> None:
    assert "has more than 1048576 bytes; files so large are not read" in faults("#" + "x" * 1024 * 1024 + "\n")[0]


def test_bytes_that_are_not_utf8_are_told_with_their_line() -> None:
    assert faults(b"a: 1\nb: \xff\n") == ["rules.yml:2: byte `0xff` is not UTF-8; save the file as UTF-8"]


def test_a_tab_is_told_with_what_to_do() -> None:
    assert "indent with spaces, not tabs" in faults("a:\n\tb: 1\n")[0]


def test_an_unfinished_text_is_told_with_its_line() -> None:
    assert faults('a: 1\nb: "x\n')[0].startswith("rules.yml:3: not valid YAML")


def test_several_documents_in_a_file_are_a_fault() -> None:
    assert faults("a: 1\n---\nb: 2\n")


def test_an_empty_text_is_an_empty_document() -> None:
    assert load_document("", "x").data is None


def test_a_number_too_long_is_a_fault_not_a_crash() -> None:
    assert "is not a int" in faults("a: " + "9" * 10_000)[0]


def test_a_fault_reads_as_place_path_and_message() -> None:
    assert str(Fault(14, ("actions", 2, "koij"), "unknown", "x.yml")) == "x.yml:14, actions[2].koij: unknown"
    assert str(Fault(0, (), "no such file", "x.yml")) == "x.yml: no such file"
