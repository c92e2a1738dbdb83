"""A page of a pattern is found by several ways, chosen by how much it matches; each must give the same page."""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest

from reporting.database.all_storages import open_storage
from reporting.database.question import DataFilter, Page, ResultFilter
from reporting.database.records import NewResult, Result, TestcaseChange
from reporting.database.sql import candidates, pattern_pages
from reporting.database.sql.dialect import Sql
from reporting.database.storage import Storage

_PATTERNS = ("a*", "*", "*-1", "ab-1*", "*b-1*", "*ab-12*", "b?", "zz*", "a*1*", "x*")


def fill(storage: Storage) -> list[Result]:
    """Store results whose items share beginnings and times; some have two items, some none."""
    chance = random.Random(7)
    names = [f"{word}-{number}" for word in ("a", "ab", "b", "bab") for number in range(1, 14)]
    storage.add_results([NewResult(
        chance.choice(("PASSED", "FAILED")), TestcaseChange(f"t{number % 3}"), (), None, None,
        {"item": tuple(chance.sample(names, chance.choice((1, 1, 2)))), "arch": (chance.choice("xy"),)}
        if number % 9 else {"arch": ("x",)}, chance.randrange(1, 60) * 1_000_000) for number in range(400)])
    return storage.results(ResultFilter(), Page(1000))


def matches(result: Result, patterns: Sequence[str]) -> bool:
    items = result.data_values().get("item", [])
    return any(fnmatchcase(item, pattern) for item in items for pattern in patterns)


@pytest.fixture(params=["narrow", "broad", "broad and old"])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the ways of a large database those of a small one."""
    if request.param != "narrow":
        monkeypatch.setattr(candidates, "PATTERN_PAIRS", 3)
        monkeypatch.setattr(candidates, "TRIGRAM_HITS", 3)
        monkeypatch.setattr(candidates, "RARE_TOGETHER", 20)
        monkeypatch.setattr(pattern_pages, "_FIRST_PAIRS", 1)
    if request.param == "broad and old":
        monkeypatch.setattr(pattern_pages, "_among_newest", lambda *_: None)
        monkeypatch.setattr(pattern_pages, "_TESTED", 0)


@pytest.mark.usefixtures("limits")
def test_a_page_of_a_pattern_is_the_same_whichever_way_finds_it(storage: Storage) -> None:
    every = fill(storage)

    for pattern in _PATTERNS:
        likes = (DataFilter("item", patterns=(pattern.replace("?", "_"),)),)
        for wanted in (ResultFilter(data=likes), ResultFilter(data=likes, since=20_000_000, until=40_000_000)):
            expected = [each for each in every if matches(each, (pattern,))
                        and (wanted.since or 0) <= each.submit_time <= (wanted.until or 10**12)]
            for page in (Page(5), Page(7, 6), Page(500), Page(3, 1000)):
                assert storage.results(wanted, page) == expected[page.offset:page.offset + page.limit]
            assert storage.results(wanted, Page(5, 2, is_ascending=True)) == expected[::-1][2:7]


@pytest.mark.usefixtures("limits")
def test_a_pattern_beside_other_conditions_finds_the_same_whichever_way(storage: Storage) -> None:
    every = fill(storage)

    for pattern in _PATTERNS:
        likes = DataFilter("item", patterns=(pattern.replace("?", "_"),))
        for wanted, passes in (
                (ResultFilter(data=(likes,), outcomes=("FAILED",)), lambda each: each.outcome == "FAILED"),
                (ResultFilter(data=(likes,), testcases=("t1",)), lambda each: each.testcase.name == "t1"),
                (ResultFilter(data=(likes, DataFilter("arch", ("y",)))), lambda each: '"y"' in each.data)):
            expected = [each for each in every if matches(each, (pattern,)) and passes(each)]
            assert storage.results(wanted, Page(6, 3)) == expected[3:9]
            newest = {each.testcase.name: each.submit_time for each in reversed(expected)}
            assert storage.latest(wanted) == [
                each for each in expected if newest[each.testcase.name] == each.submit_time]


def test_of_two_frequent_values_the_sparser_is_walked(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    every = fill(storage)
    monkeypatch.setattr(candidates, "RARE", 30)
    monkeypatch.setattr(candidates, "RARE_TOGETHER", 1)
    wanted = ResultFilter(data=(DataFilter("arch", ("x",)), DataFilter("item", ("a-1", "b-3"))))
    both = ResultFilter(data=(DataFilter("arch", ("x", "y")), DataFilter("arch", ("y",))))

    assert storage.results(wanted, Page(500)) == [
        each for each in every if '"x"' in each.data and matches(each, ("a-1", "b-3"))]
    assert storage.results(both, Page(20, 10)) == [each for each in every if '"y"' in each.data][10:30]


def test_the_newest_of_each_combination_is_the_same_with_and_without_a_rare_value(
        storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    every = fill(storage)
    wanted = ResultFilter(testcases=("t1", "t0", "t1"))

    rows = storage.latest(wanted, ("arch", "item"))
    some = storage.latest(replace(wanted, data=(DataFilter("arch", ("x",)),)), ("arch",))
    monkeypatch.setattr(candidates, "RARE", 1)
    monkeypatch.setattr(candidates, "RARE_TOGETHER", 1)

    expected, seen = [], set()
    for each in every:
        data = each.data_values()
        keys = {(each.testcase.name, arch, item) for arch in data["arch"] for item in data.get("item", [None])}
        if each.testcase.name != "t2" and not keys <= seen:
            expected.append(each)
            seen |= keys
    assert rows == expected
    assert storage.latest(replace(wanted, data=(DataFilter("arch", ("x",)),)), ("arch",)) == some
    assert [each.testcase.name for each in some] in (["t0", "t1"], ["t1", "t0"])


def test_a_new_result_of_an_old_item_comes_first(storage: Storage) -> None:
    def new(item: str, hours: int) -> NewResult:
        return NewResult("PASSED", TestcaseChange("t"), (), None, None, {"item": (item,)}, hours * 3_600_000_000 + 5)

    for number in range(30):
        storage.add_result(new(f"p-{number:02}", 100 + number))
    storage.add_result(new("p-03", 200))
    storage.add_results([new("p-04", 300), new("p-04", 150), new("p-31", 40), new("p-02", 10)])
    storage.add_result(new("p-05", 20))
    storage.add_result(new("p-05", -20))

    def items(pattern: str, limit: int) -> list[str]:
        found = storage.results(ResultFilter(data=(DataFilter("item", patterns=(pattern,)),)), Page(limit))
        return [each.data_values()["item"][0] for each in found]

    assert items("p-*", 5) == ["p-04", "p-03", "p-04", "p-29", "p-28"]
    assert items("*-0*", 6) == ["p-04", "p-03", "p-04", "p-09", "p-08", "p-07"]
    assert items("p*-0_", 99)[-4:] == ["p-00", "p-05", "p-02", "p-05"]
    assert storage.rows(Sql("SELECT value, last_hour FROM pair WHERE value IN ('p-02', 'p-03', 'p-04', 'p-05', 'p-31') "
                            "ORDER BY value")) == [
        ("p-02", 102), ("p-03", 200), ("p-04", 300), ("p-05", 105), ("p-31", 40)]


def test_the_hours_of_an_older_database_are_filled_in(database_url: str, storage: Storage) -> None:
    fill(storage)
    hours = Sql("SELECT key, value, last_hour FROM pair ORDER BY digest")
    storage.add_result(NewResult("PASSED", TestcaseChange("t"), (), None, None, {"item": ("late",)}, 9 * 3_600_000_000))
    before = storage.rows(hours)

    storage.change([Sql("DROP INDEX pair_by_value"), Sql("ALTER TABLE pair DROP COLUMN last_hour"),
                    Sql("CREATE INDEX pair_by_value ON pair (substr(key, 1, 120), substr(value, 1, 120))"),
                    Sql("UPDATE alembic_version SET version_num = '0003'")])
    open_storage(database_url).close()

    assert storage.rows(hours) == before
    assert ("item", "late", 9) in before
