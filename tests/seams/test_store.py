"""What every store of the trigger must do: the same suite for memory, a folder and a results database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.serving import serving
from trigger.all_stores import STORES
from trigger.store import AllOf, AnyOf, Not, Store, StoreAwayError
from trigger.stores.directory import DirectoryStore
from trigger.stores.memory import MemoryStore
from trigger.stores.results_database import ResultsDatabaseStore

HERE, BAD, RUNNING, ELSEWHERE = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(4))
OUTCOMES = {HERE: ["PASSED", "INFO"], BAD: ["PASSED", "FAILED"], RUNNING: ["RUNNING", "QUEUED"]}


@pytest.fixture
def database() -> Iterator[str]:
    def answer(path: str) -> dict[str, Any]:
        group = parse_qs(urlsplit(path).query)["groups"][0]
        return {"data": [{"outcome": outcome} for outcome in OUTCOMES.get(group, [])]}

    with serving(answer) as url:
        yield url


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> Store:
    if request.param == "memory":
        return MemoryStore({HERE: "PASSED"})
    if request.param == "directory":
        (tmp_path / f"{HERE}.json").write_text("PASSED")
        return DirectoryStore(tmp_path)
    return ResultsDatabaseStore(database)


def test_a_store_has_what_is_in_it_and_says_a_word_about_it(store: Store) -> None:
    assert store.has(HERE)
    assert "PASSED" in (store.info(HERE) or "")


def test_a_store_has_not_what_is_elsewhere(store: Store) -> None:
    assert not store.has(ELSEWHERE)
    assert store.info(ELSEWHERE) is None


def test_a_name_that_leads_out_of_the_store_is_not_in_it(store: Store) -> None:
    assert not store.has("../../etc/passwd")


def test_a_run_that_still_runs_has_not_ended_and_one_that_failed_is_no_success(database: str) -> None:
    done, success = ResultsDatabaseStore(database), ResultsDatabaseStore(database, only_success=True)

    assert [done.has(run) for run in (HERE, BAD, RUNNING)] == [True, True, False]
    assert [success.has(run) for run in (HERE, BAD, RUNNING)] == [True, False, False]


def test_a_database_that_is_away_raises_and_does_not_answer_no() -> None:
    with pytest.raises(StoreAwayError):
        ResultsDatabaseStore("http://127.0.0.1:9").has(HERE)


def test_combined_stores_follow_logic_and_the_empty_ones_too() -> None:
    yes, no = MemoryStore({HERE: "x"}), MemoryStore()

    assert [one.has(HERE) for one in (AllOf(()), AnyOf(()), AllOf((yes, no)), AnyOf((no, yes)), Not(no), Not(yes))] == [
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    assert (AnyOf((no, yes)).info(HERE), Not(no).info(HERE), AllOf((yes,)).info(HERE)) == ("x", "not there", "x")
