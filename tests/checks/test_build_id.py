import uuid

import pytest

from checks.build_id import STANDALONE, BuildIdError, build_id_for, is_standalone, parse_build_id


@pytest.mark.parametrize("value", [None, "", "-1000", -1000])
def test_three_ways_of_saying_by_hand_are_one(value: object) -> None:
    assert parse_build_id(value) == STANDALONE
    assert is_standalone(value)


def test_a_uuid_is_written_in_one_way() -> None:
    assert parse_build_id("6F9C1F0E53C05B1E9D7F5E0C1B3A7D42") == "6f9c1f0e-53c0-5b1e-9d7f-5e0c1b3a7d42"


@pytest.mark.parametrize("value", ["../../etc", "1", -1, "x" * 10_000, [], "6f9c1f0e-53c0-5b1e-9d7f-5e0c1b3a7d4z"])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(BuildIdError, match="is neither a UUID nor -1000"):
        parse_build_id(value)


def test_the_same_key_gives_the_same_id_and_another_key_another() -> None:
    first, again, other = (build_id_for(f"koji:{number}:complete") for number in (1, 1, 2))

    assert first == again
    assert first != other
    assert uuid.UUID(first).version == 5
    assert not is_standalone(first)
