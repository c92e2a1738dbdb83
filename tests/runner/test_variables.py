"""Variables in arguments."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.captured import Captured
from runner.variables import VariableError, fill_in, names_in, unknown

KNOWN: dict[str, Any] = {"item": "xchat-0.5-1.fc20", "arch": "x86_64", "rpms": ["a", "b"],
                         "c": {"name": "csmock", "deep": {"er": 7}}, "n": 3, "none": None}


@pytest.mark.parametrize(("value", "filled"), [
    ("$item", "xchat-0.5-1.fc20"), ("${item}", "xchat-0.5-1.fc20"), ("a-${arch}-b", "a-x86_64-b"),
    ("${rpms}", ["a", "b"]), ("x ${rpms}", "x a b"), ("${c}", {"name": "csmock", "deep": {"er": 7}}),
    ("${c.name}", "csmock"), ("${c.deep.er}", 7), ("${rpms.1}", "b"), ("$$item", "$item"), ("$$", "$"), ("5$", "5$"),
    ("${n}", 3), ("v${n}", "v3"), ("${none}", None), ("x${none}", "x"), (7, 7), (["$arch", "$$"], ["x86_64", "$"]),
    ({"${arch}": {"k": "$n"}}, {"x86_64": {"k": 3}}), ("$item$arch", "xchat-0.5-1.fc20x86_64"),
    ("${ item}", "${ item}"),
])
def test_variables_are_filled_in(value: Any, filled: Any) -> None:
    assert fill_in(value, KNOWN) == filled


def test_an_unknown_variable_is_told_with_the_nearest_name() -> None:
    with pytest.raises(VariableError) as caught:
        fill_in("${iten}", {"item": 1, "arch": 2})

    assert str(caught.value) == ("unknown variable `iten`; did you mean `item`? known here: arch, item. "
                                 "A dollar sign that is meant as such is written `$$`")


def test_a_missing_part_is_told_with_those_there_are() -> None:
    with pytest.raises(VariableError, match=r"`\$\{c.nane\}`: `c` has no part `nane`; it has `name`, `deep`"):
        fill_in("${c.nane}", KNOWN)


def test_all_unknown_names_are_found_wherever_they_stand() -> None:
    value = {"a": "$x ${item}", "$y": ["${z.part}", {"k": "$$no"}]}

    assert set(names_in(value)) == {"x", "item", "y", "z"}
    assert len(unknown(value, ["item"])) == 3


def test_captured_output_passes_as_itself_and_as_text(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("hello\n")
    captured = Captured(tmp_path / "out")

    assert fill_in("${tap}", {"tap": captured}) is captured
    assert fill_in("say ${tap}", {"tap": captured}) == "say hello"


def test_a_text_that_grows_beyond_all_measure_is_refused() -> None:
    with pytest.raises(VariableError, match="becomes longer than 16777216 characters"):
        fill_in("${big}" * 20 + ".", {"big": "x" * 1_000_000})


def test_captured_output_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/etc/passwd")

    with pytest.raises(VariableError, match="cannot be read"):
        fill_in("x${tap}", {"tap": Captured(tmp_path / "out")})
