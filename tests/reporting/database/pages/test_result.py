"""The result page has every field, the lines that matter, and its neighbours in time."""
from __future__ import annotations

from reporting.database.records import GroupChange
from reporting.database.storage import Storage
from tests.reporting.database.pages.parsed import Site, new, words


def test_it_has_every_field(site: Site, storage: Storage) -> None:
    run = GroupChange("run-1", "dist.rpmlint for Koji build xchat-0.5-1.fc20")
    storage.add_results([new("FAILED", note="2 errors", ref_url="https://logs.example.org/1", group=run, arch="x86_64",
                             issue_url="https://bugs.example.org/5", odd="a,b")])

    page = site.get("/results/1")

    assert page.title == "Failed: dist.rpmlint on xchat-0.5-1.fc20 · Checkotron"
    fields = {words(row[0]): row[1] for row in page.section("fields").findall(".//tr")}
    assert {name: words(cell) for name, cell in fields.items() if name != "submit_time"} == {
        "outcome": "FAILED", "testcase": "dist.rpmlint", "ref_url": "https://logs.example.org/1",
        "group": "dist.rpmlint for Koji build xchat-0.5-1.fc20", "arch": "x86_64", "issue_url": "https://bugs.example.org/5",
        "item": "xchat-0.5-1.fc20", "odd": "a,b", "type": "koji_build"}
    assert page.links()["https://bugs.example.org/5"] == "https://bugs.example.org/5"
    assert page.links()["x86_64"].endswith("/results?arch=x86_64")
    assert page.links()["a,b"].endswith("/results?odd:like=a_b")  # the API splits at commas
    assert page.links()["Open the log"] == "https://logs.example.org/1"


def test_the_lines_that_matter_stand_out(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", output="x: W: small\nx: E: bad thing\n")])

    page = site.get("/results/1")

    assert [words(mark) for mark in page.all(".//mark")] == ["x: E: bad thing"]
    assert "What it printed" in page.main


def test_of_a_long_text_the_lines_that_matter_come_first_and_the_rest_is_folded_away(site: Site,
                                                                                     storage: Storage) -> None:
    storage.add_results([new("FAILED", output="\n".join(["fine"] * 99 + ["E: bad thing"]))])

    page = site.get("/results/1")

    shown = page.one(".//section[@aria-labelledby='output-1']/pre")
    assert words(shown) == "100 E: bad thing"
    assert words(page.one(".//section[@aria-labelledby='output-1']/details/summary")) == "All 100 lines"


def test_neighbours_are_the_same_testcase_on_the_builds_around_it(site: Site, storage: Storage) -> None:
    storage.add_results([
        new("PASSED", item="xchat-0.5-1.fc20", arch="x86_64", age=9), new("FAILED", item="xchat-0.5-1.fc20",
                                                                          arch="aarch64", age=9),
        new("FAILED", item="xchat-0.5-10.fc20", arch="x86_64", age=7), new("FAILED", item="xchat-0.5-9.fc20",
                                                                           arch="x86_64", age=8),
        new("PASSED", item="xchat-0.5-9.fc21", arch="x86_64"), new("PASSED", "dist.abi", item="xchat-0.5-9.fc20",
                                                                   arch="x86_64")])

    page = site.get("/results/4")

    assert [words(row) for row in page.section("neighbours").findall(".//tbody/tr")] == [
        "✗Failed result 3 xchat-0.5-10.fc20 7 min ago", "✗Failed result 4 xchat-0.5-9.fc20 this build 8 min ago",
        "✓Passed result 1 xchat-0.5-1.fc20 9 min ago"]


def test_a_replaced_result_says_so_and_names_the_newer(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", age=5), new("PASSED", age=1)])

    page = site.get("/results/1")

    assert "A newer result replaces this one: ✓Passed result 2, 1 min ago." in page.main
    assert "replaces" not in site.get("/results/2").main
    assert [words(row) for row in page.section("reruns").findall(".//tbody/tr")] == [
        "✓Passed result 2 1 min ago", "✗Failed result 1 5 min ago this result"]


def test_the_other_results_of_its_run_stand_beside_it(site: Site, storage: Storage) -> None:
    run = GroupChange("run-1")
    storage.add_results([new("FAILED", group=run), new("PASSED", "dist.rpmlint.a", group=run, age=2),
                         new("FAILED", "dist.rpmlint.b", group=run, age=2), new("PASSED", "dist.abi")])

    assert [words(row) for row in site.get("/results/1").section("run").findall(".//tbody/tr")] == [
        "✗Failed result 3 dist.rpmlint.b xchat-0.5-1.fc20 2 min ago",
        "✓Passed result 2 dist.rpmlint.a xchat-0.5-1.fc20 2 min ago"]


def test_a_result_without_item_is_shown_too(site: Site, storage: Storage) -> None:
    site.server.post("/results", {"outcome": "PASSED", "testcase": "bare"})

    assert site.get("/results/1").title == "Passed: bare on no item · Checkotron"


def test_what_does_not_exist_is_not_found_in_words(site: Site) -> None:
    for number in ("99", "abc", "9" * 30, "-1"):
        assert "There is no result with the number" in site.get(f"/results/{number}", status=404).main
