"""The item page answers at a glance: what blocks, what changed, where the log is, how to run it again."""
from __future__ import annotations

from reporting.database.records import GroupChange
from reporting.database.storage import Storage
from tests.reporting.database.pages.parsed import Site, new, words

_ITEM = "/items/koji_build/xchat-0.5-2.fc20"
_NEW, _OLD = "xchat-0.5-2.fc20", "xchat-0.5-1.fc20"


def test_it_says_first_what_blocks(site: Site, storage: Storage) -> None:
    storage.add_results([
        new("FAILED", item=_NEW, arch="x86_64", note="2 errors", ref_url="https://logs.example.org/1"),
        new("PASSED", item=_NEW, arch="aarch64"), new("CRASHED", "dist.abi", item=_NEW), new("RUNNING",
                                                                                             "dist.license",
                                                                                             item=_NEW)])

    page = site.get(_ITEM)

    assert page.title == "xchat-0.5-2.fc20: 2 block · Checkotron"
    assert "Blocked by 2 of 4 results; 1 without a verdict yet" in page.main
    blocks = page.section("blocks")
    assert [words(line) for line in blocks.findall("ul/li")] == [
        "✗Failed result 1 dist.rpmlint x86_64 now Log of dist.rpmlint 2 errors Run it again "
        "checkotron run rpmlint --item xchat-0.5-2.fc20 --item-type koji_build --arch x86_64",
        "‼Crashed result 3 dist.abi now The check itself broke: this says nothing about the item. Run it again; if it "
        "breaks again, tell those who keep the check. Run it again "
        "checkotron run abi --item xchat-0.5-2.fc20 --item-type koji_build"]
    assert page.links()["Log of dist.rpmlint"] == "https://logs.example.org/1"


def test_an_item_of_very_many_testcases_shows_the_first_that_block_and_folds_the_rest(site: Site,
                                                                                      storage: Storage) -> None:
    storage.add_results([new("CRASHED" if number < 12 else "PASSED", f"many.t{number:03}", item=_NEW)
                         for number in range(100)])

    page = site.get(_ITEM)

    blocks = page.section("blocks")
    assert words(blocks.find("h2")) == "What blocks it 12"
    assert len(blocks.findall("ul/li")) == 8
    assert words(blocks.find("details/summary")) == "4 more that block"
    assert len(blocks.findall("details/ul/li")) == 4
    assert page.main.count("The check itself broke") == 1
    checks = page.section("checks")
    assert len(checks.findall("div/table/tbody/tr")) == 40
    assert words(checks.find("details/summary")) == "60 more testcases, none of them blocks"
    assert len(checks.findall("details/div/table/tbody/tr")) == 60


def test_a_namesake_of_another_type_is_told(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", item=_NEW), new("FAILED", item=_NEW, item_type="bodhi_update")])

    page = site.get(_ITEM)

    assert "the same name has results as bodhi_update" in page.main
    assert "Blocked by 1 of 1 result" in site.get(page.links()["bodhi_update"]).main


def test_only_the_newest_result_of_a_place_counts(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", item=_NEW, age=5), new("PASSED", item=_NEW)])

    page = site.get(_ITEM)

    assert page.title == "xchat-0.5-2.fc20: nothing blocks · Checkotron"
    assert "Nothing blocks: the only result is good" in page.main
    assert "turned 1×" in page.main


def test_a_running_test_is_no_failure_and_no_pass(site: Site, storage: Storage) -> None:
    storage.add_results([new("RUNNING", item=_NEW), new("PASSED", "dist.abi", item=_NEW)])

    page = site.get(_ITEM)

    assert "Nothing blocks so far; 1 of 2 results without a verdict yet" in page.main


def test_the_table_has_testcases_by_architecture_and_scenario(site: Site, storage: Storage) -> None:
    storage.add_results([
        new("PASSED", item=_NEW, arch="x86_64"), new("INFO", item=_NEW, arch="aarch64"),
        new("FAILED", "update.boot", item=_NEW, arch="x86_64", scenario="uefi"),
        new("PASSED", "update.boot", item=_NEW, arch="x86_64", scenario="bios")])

    page = site.get(_ITEM)

    table = page.section("checks").find(".//table")
    assert table is not None
    assert [words(cell) for cell in table.findall("thead/tr/th")] == ["Testcase", "aarch64", "x86_64", "Note", "When",
                                                                      "Log"]
    assert [[words(cell) for cell in row][:3] for row in table.findall("tbody/tr")] == [
        ["update.boot uefi", "–", "✗Failed update.boot x86_64"], ["dist.rpmlint", "iInfo dist.rpmlint aarch64",
                                                                  "✓Passed dist.rpmlint x86_64"],
        ["update.boot bios", "–", "✓Passed update.boot x86_64"]]


def test_it_is_compared_with_the_next_lower_build_and_says_which(site: Site, storage: Storage) -> None:
    storage.add_results([
        new("FAILED", item=_OLD, age=9), new("PASSED", "dist.abi", item=_OLD, age=9), new("PASSED", "dist.gone",
                                                                                          item=_OLD, age=9),
        # tested later, yet of another stream and of another package
        new("FAILED", "dist.abi", item="xchat-0.5-1.fc21", age=1), new("FAILED", "dist.abi",
                                                                       item="xchat-gnome-0.5-1.fc20", age=1),
        new("PASSED", item=_NEW), new("FAILED", "dist.abi", item=_NEW), new("PASSED", "dist.license", item=_NEW)])

    page = site.get(_ITEM)

    answer = words(page.one(".//div[@class='answer blocked']"))
    assert ("Against xchat-0.5-1.fc20: 1 newly failing 1 fixed 1 not run before 1 has no result now "
            "the next lower build of xchat for fc20, by version") in answer
    lines = {words(row[0]): words(row[1]) for row in page.section("checks").findall(".//tbody/tr")}
    assert lines == {"dist.abi": "✗Failed dist.abi was passed", "dist.gone": "no result; was passed",
                     "dist.license": "✓Passed dist.license not run before",
                     "dist.rpmlint": "✓Passed dist.rpmlint was failed"}


def test_where_the_stream_has_no_lower_build_another_one_stands_in_and_it_says_so(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", item="xchat-0.4-1.fc19"), new("PASSED", item=_NEW)])

    assert ("Against xchat-0.4-1.fc19: 1 unchanged no earlier build for fc20 has results: this is the next lower one "
            "of any release, by version") in site.get(_ITEM).main


def test_the_first_build_is_compared_with_nothing(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", item=_NEW)])

    assert "No earlier build of xchat has results, so there is nothing to compare with." in site.get(_ITEM).main


def test_an_older_build_points_to_the_newest(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", item=_NEW), new("PASSED", item="xchat-0.5-10.fc20"), new("PASSED",
                                                                                                item="xchat-0.5-9.fc20")])

    page = site.get(_ITEM)

    assert page.links()["a newer build has results: xchat-0.5-10.fc20"].endswith("/items/koji_build/xchat-0.5-10.fc20")


def test_the_command_names_the_check_of_the_run_and_not_its_part(site: Site, storage: Storage) -> None:
    run = GroupChange("run-1", "dist.python-versions for Koji build xchat-0.5-2.fc20")
    storage.add_results([new("FAILED", "dist.python-versions.naming", item=_NEW, group=run)])

    assert "checkotron run python-versions --item xchat-0.5-2.fc20 --item-type koji_build" in site.get(_ITEM).main


def test_a_result_of_another_system_gets_no_command(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", "update.base_selinux", item=_NEW), new("FAILED", item="$(reboot)-1-1")])

    assert "checkotron run" not in site.get(_ITEM).main
    assert "checkotron run" not in site.get("/item?type=koji_build&item=$(reboot)-1-1").main


def test_an_unknown_item_is_not_found_in_words_and_names_builds_that_are(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", item=_OLD)])

    page = site.get("/items/koji_build/xchat-0.6-1.fc20", status=404)

    assert page.title == "No results for this item · Checkotron"
    assert ("There is no result for the Koji build xchat-0.6-1.fc20. Either nothing has run on it yet, or its name "
            "is misspelled.") in page.main
    assert page.links()["xchat-0.5-1.fc20"].endswith("/items/koji_build/xchat-0.5-1.fc20")


def test_an_address_without_an_item_says_what_was_expected(site: Site) -> None:
    assert "Expected something like /items/koji_build/xchat-0.5-1.fc20" in site.get("/item", status=400).main


def test_the_same_item_of_two_types_is_shown_by_type(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", item=_NEW), new("FAILED", item=_NEW, item_type="brew-build")])

    assert "Nothing blocks" in site.get(_ITEM).main
    assert words(site.get(f"/item?item={_NEW}").one(".//p[@class='kind']")) == "item · types: brew-build koji_build"
