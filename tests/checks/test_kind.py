"""Kinds of values: each reads what it should, and says what was expected."""
from __future__ import annotations

from typing import Any

import pytest

from checks.kind import BYTES, CPUS, SECONDS, Anything, Choice, Either, Flag, Kind, ListOf, MapOf, Place, Text, Whole


def read(kind: Kind, value: Any, *, variables: bool = False) -> tuple[Any, list[str]]:
    faults: list[str] = []
    clean = kind.read(value, Place(lambda path, text: faults.append(f"{list(path)} {text}"), variables=variables))
    return clean, faults


@pytest.mark.parametrize(("kind", "value", "clean"), [
    (Text(), "x", "x"), (Text(), 1.5, "1.5"), (Flag(), "true", True), (Flag(), False, False), (Whole(1, 9), "7", 7),
    (SECONDS, "20 min", 1200.0), (SECONDS, 90, 90.0), (BYTES, "256Mi", 268435456), (CPUS, "500m", 0.5),
    (ListOf(Text()), ["a", "b"], ("a", "b")), (ListOf(Text(), single=True), "a", ("a",)),
    (ListOf(Text(), commas=True), "koji_build, arch", ("koji_build", "arch")),
    (MapOf(Text()), {"A": 1}, {"A": "1"}), (Either((Whole(), Text())), "x", "x"), (Choice(("a", "b")), "a", "a"),
    (Anything(), {"a": [1]}, {"a": [1]}),
])
def test_a_good_value_is_read(kind: Kind, value: Any, clean: Any) -> None:
    assert read(kind, value) == (clean, [])


@pytest.mark.parametrize(("kind", "value", "fault"), [
    (Text(), ["x"], "[] `['x']` (a list) is not allowed here; expected a text"),
    (Text(limit=2), "xyz", "[] has 3 characters; at most 2 are allowed"),
    (Text(), "a\0b", "[] contains a NUL character"),
    (Text("a word", r"\w+"), "a b", "[] `a b` is not allowed here; expected a word"),
    (Flag(), "perhaps", "[] `perhaps` (text) is not allowed here; expected true or false"),
    (Whole(1, 9), 10, "[] `10` (a number) is not allowed here; expected a whole number from 1 to 9"),
    (Whole(), True, "[] `True` (true or false) is not allowed here; expected a whole number from 0 to 2147483647"),
    (SECONDS, "soon", "[] `soon` is not allowed here; expected a time above 0 and up to a week: seconds, or such as "
                      "`20 min`, `2h`"),
    (ListOf(Whole()), ["1", "x"], "[1] `x` (text) is not allowed here; expected a whole number from 0 to 2147483647"),
    (ListOf(Text(), limit=2), ["a"] * 3, "[] has 3 entries; at most 2 are allowed"),
    (MapOf(Text(), r"[A-Z]+"), {"a b": "x"}, "['a b'] key `a b` is not allowed here"),
    (Either((Whole(), Flag())), "x", "[] `x` (text) is not allowed here; expected a whole number from 0 to 2147483647, "
                                     "or true or false"),
    (Choice(("koji", "bodhi")), "kojy", "[] `kojy` is not allowed here; did you mean `koji`? expected one of `koji`, "
                                        "`bodhi`"),
    (Anything(), float("nan"), "[] `nan` is not a number that can be passed on"),
])
def test_a_wrong_value_is_told_with_what_was_expected(kind: Kind, value: Any, fault: str) -> None:
    assert read(kind, value)[1] == [fault]


@pytest.mark.parametrize("kind", [Flag(), Whole(), SECONDS, ListOf(Text()), MapOf(Text()), Choice(("a",)),
                                  Either((Whole(), Flag()))])
def test_a_variable_stands_for_any_kind_where_variables_may_stand(kind: Kind) -> None:
    assert read(kind, "${x}", variables=True) == ("${x}", [])
    assert read(kind, "${x}")[1]


@pytest.mark.parametrize("kind", [Text(), Flag(), Whole(), SECONDS, ListOf(Text(), single=True), MapOf(Text()),
                                  Choice(("a",)), Either((Whole(), Flag())), Anything()])
def test_every_kind_is_also_a_json_schema(kind: Kind) -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(kind.json_schema())
