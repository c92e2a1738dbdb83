"""The front page shows what needs attention now, and only that."""
from __future__ import annotations

from reporting.database.storage import Storage
from tests.reporting.database.pages.parsed import Site, new, words

_DAY = 1440


def _blocked(site: Site) -> list[str]:
    return [words(line) for line in site.get("/").all(".//ul[@class='troubles']/li/div/a")]


def test_an_empty_database_says_how_the_first_result_comes(site: Site) -> None:
    page = site.get("/")

    assert "There are no results yet." in page.main
    assert f"--report {site.server.url}/api/v2.0" in page.main


def test_items_that_block_are_listed_the_newest_first_with_their_reasons(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", item="a-1-1", age=9, note="broke"), new("PASSED", "dist.abi", item="a-1-1",
                                                                               age=1),
                         new("NEEDS_INSPECTION", item="b-1-1", age=5), new("PASSED", item="c-1-1")])

    page = site.get("/")

    assert page.title == "2 items to look at · Checkotron"
    assert [words(line) for line in page.all(".//ul[@class='troubles']/li")] == [
        "b-1-1 1 of 1 blocks · 5 min ago ?Needs inspection result 3 dist.rpmlint",
        "a-1-1 1 of 2 blocks · 9 min ago ✗Failed result 1 dist.rpmlint broke"]
    assert "4 results in the last 24 hours. 1 failed1 needs inspection2 passed" in page.main


def test_silence_is_not_called_good(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", item="a-1-1", age=40 * _DAY)])

    page = site.get("/")

    assert "No result came in the last 14 days, so nothing is known of them" in page.main
    assert "Nothing is blocked" not in page.main


def test_what_was_mended_replaced_or_long_ago_needs_no_attention(site: Site, storage: Storage) -> None:
    storage.add_results([
        new("FAILED", item="a-1-1", age=9), new("PASSED", item="a-1-1", age=8), new("FAILED", item="b-1-1.fc20", age=7),
        new("PASSED", item="b-1-2.fc20", age=6), new("FAILED", item="b-1-1.fc21", age=5), new("FAILED", item="c-1-1",
                                                                                              age=20 * _DAY)])

    assert _blocked(site) == ["b-1-1.fc21"]


def test_all_good_is_said(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED")])

    assert "Nothing is blocked" in site.get("/").main


def test_checks_that_break_on_several_items_are_named(site: Site, storage: Storage) -> None:
    storage.add_results([new("CRASHED", "dist.abi", item=f"{name}-1-1", age=age) for age, name in enumerate("ab")])

    assert [words(row) for row in site.get("/").section("broken").findall(".//tbody/tr")] == ["dist.abi 2 ‼Crashed now"]


def test_what_waits_is_listed_the_longest_waiting_first(site: Site, storage: Storage) -> None:
    storage.add_results([new("RUNNING", item="a-1-1", age=5), new("QUEUED", item="b-1-1", age=60), new("RUNNING",
                                                                                                       item="c-1-1",
                                                                                                       age=9),
                         new("PASSED", item="c-1-1", age=1)])

    assert [words(row).split(" ")[4] for row in site.get("/").section("waiting").findall(".//tbody/tr")] == ["b-1-1",
                                                                                                             "a-1-1"]
