"""What every lookup of the trigger must do: the same suite for Bodhi over real HTTP and for the recording double."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.serving import serving
from trigger.all_lookups import LOOKUPS
from trigger.lookup import Lookup, LookupAwayError
from trigger.lookups.bodhi import BodhiLookup
from trigger.lookups.recording import RecordingLookup

UPDATE = "FEDORA-2026-04459ef8cf"


@pytest.fixture(params=sorted(LOOKUPS))
def lookup(request: pytest.FixtureRequest) -> Iterator[Lookup]:
    if request.param == "recording":
        yield RecordingLookup({UPDATE: ("a-1-1", "b-2-2")})
        return

    def answer(path: str) -> dict[str, Any]:
        return {"update": {"builds": [{"nvr": "a-1-1"}, {"nvr": "b-2-2"}] if UPDATE in path else []}}

    with serving(answer) as url:
        yield BodhiLookup(url)


def test_the_builds_of_an_update_are_told_in_their_order(lookup: Lookup) -> None:
    assert lookup.builds_of_update(UPDATE) == ("a-1-1", "b-2-2")


def test_an_update_without_builds_has_none(lookup: Lookup) -> None:
    assert not lookup.builds_of_update("FEDORA-2026-other")


def test_bodhi_is_asked_once_an_update_even_where_it_has_none() -> None:
    asked: list[str] = []

    def answer(path: str) -> dict[str, Any]:
        asked.append(path)
        return {"update": {"builds": []}}

    with serving(answer) as url:
        bodhi = BodhiLookup(url)
        for _ in range(3):
            bodhi.builds_of_update("x/../y")

    assert asked == ["/updates/x%2F..%2Fy"]


def test_a_bodhi_that_is_away_is_no_answer() -> None:
    with pytest.raises(LookupAwayError):
        BodhiLookup("http://127.0.0.1:9").builds_of_update(UPDATE)
