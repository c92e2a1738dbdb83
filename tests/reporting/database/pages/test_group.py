"""Groups: one run of a check."""
from __future__ import annotations

from reporting.database.records import GroupChange
from reporting.database.storage import Storage
from tests.reporting.database.pages.parsed import Site, new, words

_RUN = GroupChange("11111111-2222-4333-8444-555555555555", "dist.rpmlint for Koji build xchat-0.5-1.fc20", "https://logs.example.org/run")


def test_a_run_shows_its_results_what_blocks_first(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", group=_RUN, age=3), new("FAILED", "dist.rpmlint.config", group=_RUN,
                                                               note="bad", age=2), new("FAILED")])

    page = site.get(f"/groups/{_RUN.uuid}")

    assert page.title == "Run: dist.rpmlint for Koji build xchat-0.5-1.fc20 · Checkotron"
    assert [words(row) for row in page.section("results").findall(".//tbody/tr")] == [
        "✗Failed result 2 dist.rpmlint.config xchat-0.5-1.fc20 bad 2 min ago",
        "✓Passed result 1 dist.rpmlint xchat-0.5-1.fc20 3 min ago"]
    assert page.links()["Logs and artifacts"] == "https://logs.example.org/run"
    assert page.links()["This as JSON"].endswith(f"/api/v2.0/results?groups={_RUN.uuid}")


def test_the_list_has_the_newest_first_and_filters_by_description(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", group=_RUN), new("PASSED", group=GroupChange("two", "other run"))])

    assert [row.split(" ")[0] for row in site.get("/groups").rows()] == ["other", "dist.rpmlint"]
    assert [row.split(" ")[0] for row in site.get("/groups?like=rpmlint").rows()] == ["dist.rpmlint"]
    assert [row.split(" ")[0] for row in site.get("/groups?uuid=two").rows()] == ["other"]


def test_the_list_tells_how_each_run_ended(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", group=_RUN, age=9), new("FAILED", "dist.rpmlint.x", group=_RUN, age=3),
                         new("PASSED", group=_RUN, age=2)], [GroupChange("empty", "nothing yet")])

    assert site.get("/groups").rows() == [
        "dist.rpmlint for Koji build xchat-0.5-1.fc20 1 failed2 passed 2 min ago 11111111-2222-4333-8444-555555555555 "
        "Log of dist.rpmlint for Koji build xchat-0.5-1.fc20",
        "nothing yet no results empty"]


def test_an_unknown_run_is_not_found_in_words(site: Site) -> None:
    assert "There is no run (group) nope." in site.get("/groups/nope", status=404).main
