"""The testcase page: history as a plot, what fails now, what is flaky."""
from __future__ import annotations

from reporting.database.storage import Storage
from tests.reporting.database.pages.parsed import Site, new, words

_DAY = 1440


def test_the_plot_has_the_outcomes_of_each_day_in_words_too(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", age=3 * _DAY), new("PASSED", age=3 * _DAY), new("PASSED", age=3 * _DAY),
                         new("CRASHED", age=10), new("PASSED", age=70 * _DAY)])

    page = site.get("/testcases/dist.rpmlint")

    assert [row.split(" ", 1)[1] for row in page.rows(".//section[@aria-labelledby='days']//tbody/tr")] == [
        "1 crashed", "1 failed, 2 passed"]
    bars = page.all(".//section[@aria-labelledby='days']//svg/g/rect")
    assert sorted(bar.get("class", "") for bar in bars if "fill" in bar.get("class", "")) == ["fill-bad",
                                                                                              "fill-broken", "fill-ok"]
    assert len(page.all(".//section[@aria-labelledby='days']//svg/g")) == 60


def test_an_old_testcase_shows_the_days_up_to_its_newest_result(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", age=400 * _DAY), new("PASSED", age=403 * _DAY)])

    page = site.get("/testcases/dist.rpmlint")

    assert words(page.section("days").findall("h2")[0]) == "The 60 days up to its newest result"
    assert [row.split(" ", 1)[1] for row in page.rows(".//section[@aria-labelledby='days']//tbody/tr")] == [
        "1 failed", "1 passed"]


def test_results_of_tomorrow_do_not_break_the_plot(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", age=-3 * _DAY), new("PASSED")])

    page = site.get("/testcases/dist.rpmlint")

    assert [row.split(" ", 1)[1] for row in page.rows(".//section[@aria-labelledby='days']//tbody/tr")] == ["1 passed"]


def test_bars_are_as_high_as_their_numbers(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", age=3 * _DAY), *(new("PASSED", age=3 * _DAY) for _ in range(3))])

    heights = {bar.get("class"): float(bar.get("height", "0"))
               for bar in site.get("/testcases/dist.rpmlint").all(".//svg/g/rect") if bar.get("class") != "pointer"}

    assert heights["fill-ok"] == 3 * heights["fill-bad"] > 0


def test_run_times_are_plotted_where_they_are_known(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", age=day * _DAY, duration_seconds="30", item=f"a-1-{day}") for day in (1, 2, 3)])

    page = site.get("/testcases/dist.rpmlint")

    assert len(page.all(".//svg/circle")) == 3
    assert next(words(title) for title in page.all(".//svg/circle/title")).endswith(": 30 s")


def test_failing_now_and_flaky_are_listed(site: Site, storage: Storage) -> None:
    storage.add_results([
        new("PASSED", item="a-1-1", age=9), new("FAILED", item="a-1-1", age=8, note="broke"), new("FAILED",
                                                                                                  item="b-1-1", age=7),
        new("PASSED", item="b-1-1", age=6), new("PASSED", item="c-1-1", age=5)])

    page = site.get("/testcases/dist.rpmlint")

    assert page.title == "dist.rpmlint: 1 item failing · Checkotron"
    assert [words(row) for row in page.section("failing").findall(".//tbody/tr")] == [
        "✗Failed result 2 a-1-1 broke 8 min ago"]
    assert [[words(cell) for cell in row][:2] for row in page.section("flaky").findall(".//tbody/tr")] == [
        ["b-1-1", "1×"], ["a-1-1", "1×"]]


def test_a_testcase_without_results_says_so(site: Site) -> None:
    site.server.post("/testcases", {"name": "new/one", "ref_url": "https://docs.example.org"})

    page = site.get("/testcases/new/one")

    assert "It has no results yet." in page.main
    assert site.get("/testcases").rows() == ["new/one none yet What it checks: new/one"]
    assert page.links()["what it checks"] == "https://docs.example.org"


def test_an_unknown_testcase_is_not_found_in_words(site: Site) -> None:
    assert "Nothing has reported as dist.nope yet." in site.get("/testcases/dist.nope", status=404).main


def test_the_list_filters_by_a_part_of_the_name_and_has_the_newest_result_of_each(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", "dist.rpmlint", age=3), new("PASSED", "dist.rpmlint", age=2), new("PASSED",
                                                                                                         "dist.abi",
                                                                                                         age=1)])

    assert page_rows(site, "/testcases") == ["dist.abi ✓Passed result 3 xchat-0.5-1.fc20 1 min ago",
                                             "dist.rpmlint ✓Passed result 2 xchat-0.5-1.fc20 2 min ago"]
    assert page_rows(site, "/testcases?like=LINT") == []
    assert page_rows(site, "/testcases?like=lint") == ["dist.rpmlint ✓Passed result 2 xchat-0.5-1.fc20 2 min ago"]


def page_rows(site: Site, path: str) -> list[str]:
    return site.get(path).rows()


def test_the_list_has_pages(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", f"t.{number:03d}") for number in range(60)])

    first = site.get("/testcases")
    second = site.get(first.links()["Older →"])

    assert (len(first.rows()), len(second.rows())) == (50, 10)
