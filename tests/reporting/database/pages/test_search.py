"""Search: every filter of the API, counts, shareable addresses, and the doors that lead there."""
from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from reporting.database.storage import Storage
from tests.reporting.database.pages.parsed import Page, Site, new, words


def _ids(page: Page) -> list[int]:
    return [int(link.get("href",
                         "").rpartition("/")[2]) for link in page.all(".//table/tbody/tr/td[@class='outcome']/a")]


@pytest.fixture
def filled(site: Site, storage: Storage) -> Site:
    storage.add_results([
        new("PASSED", item="xchat-0.5-1.fc20", arch="x86_64", age=50), new("FAILED", item="xchat-0.5-2.fc20",
                                                                           arch="aarch64", age=40),
        new("CRASHED", "dist.abi", item="gcc-13-1.fc20", age=30), new("INFO", "dist.abi", item="gcc-13-2.fc20",
                                                                      scenario="uefi", age=20),
        new("FAILED", "dist.abi", item="Fedora-1", item_type="compose", age=10)])
    return site


@pytest.mark.parametrize("query", [
    "", "outcome=FAILED", "outcome=CRASHED,INFO", "testcases=dist.abi", "testcases:like=*lint", "item=gcc-13-1.fc20",
    "item:like=xchat*",
    "type=compose", "scenario=uefi", "arch=x86_64&outcome=PASSED", "scenario:like=u*", "since=2020-01-01",
    "since=2020-01-01,2020-01-02",
    "_sort=asc:submit_time", "limit=2&page=1", "item=a&item=gcc-13-1.fc20",
])
def test_every_filter_of_the_api_gives_the_same_results(filled: Site, query: str) -> None:
    assert _ids(filled.get(f"/results?{query}")) == filled.server.ids(f"/results?{query}")


@pytest.mark.parametrize(("query", "ids"), [
    ("scenario:has=yes", [4]), ("arch:has=no", [5, 4, 3]), ("arch:not=x86_64", [5, 4, 3, 2]),
    ("item:not_like=gcc*,xchat*", [5]), ("type=koji_build&item:not=gcc-13-1.fc20,gcc-13-2.fc20&outcome=FAILED", [2]),
    ("scenario:has=no&testcases=dist.abi", [5, 3]),
])
def test_a_page_asks_what_v2_cannot_and_leads_to_the_same_as_json(filled: Site, query: str, ids: list[int]) -> None:
    page = filled.get(f"/results?{query}")

    address = page.links()["This search as JSON"]
    assert _ids(page) == ids
    assert [row["id"] for row in filled.server.session.get(address, timeout=30).json()["data"]] == ids
    assert urlsplit(address).path == "/api/extra/results"


def test_the_form_asks_for_what_is_not_there(filled: Site) -> None:
    page = filled.get("/search?key=arch&how=has_not&value=&key=item&how=not_like&value=gcc*")

    assert parse_qsl(urlsplit(page.answer.url).query) == [("arch:has", "no"), ("item:not_like", "gcc*")]
    assert _ids(page) == [5]
    assert [words(part) for part in page.all(".//ul[@class='asked']/li")] == ["arch is not there ×",
                                                                              "item not like gcc* ×"]
    chosen = [option.get("value") for option in page.all(".//select/option[@selected]")]
    assert chosen == ["has_not", "not_like", "is", "is"]


def test_has_that_is_neither_yes_nor_no_is_refused(filled: Site) -> None:
    assert "scenario:has is perhaps: must be yes or no." in filled.get("/results?scenario:has=perhaps", status=400).main


def test_it_counts_by_outcome_and_each_count_leads_there(filled: Site) -> None:
    page = filled.get("/results?testcases=dist.abi")

    assert words(page.one(".//h2")) == "3 results"
    assert [words(share) for share in page.all(".//ul[@class='shares']/li")] == ["✗ 1 failed", "‼ 1 crashed",
                                                                                 "i 1 info"]
    crashed = page.links()["‼ 1 crashed"]
    assert parse_qsl(urlsplit(crashed).query) == [("testcases", "dist.abi"), ("outcome", "CRASHED")]
    assert words(filled.get(crashed).one(".//h2")) == "1 of 3 results"


def test_what_was_asked_is_shown_and_each_part_can_be_taken_away(filled: Site) -> None:
    page = filled.get("/results?item:like=gcc*&outcome=INFO")

    assert page.title == "Results: item like gcc*, outcome INFO · Checkotron"
    assert [words(part) for part in page.all(".//ul[@class='asked']/li")] == ["item like gcc* ×", "outcome INFO ×"]
    without = page.all(".//ul[@class='asked']/li/a")[0].get("href", "")
    assert urlsplit(without).query == "outcome=INFO"


def test_the_form_leads_to_an_address_that_is_the_apis_query(filled: Site) -> None:
    form = ("/search?item=gcc&testcase=abi&type=koji_build&outcome=INFO&first_day=2020-01-01&last_day="
            "&key=scenario&how=like&value=u*")

    page = filled.get(form)

    query = urlsplit(page.answer.url).query
    assert parse_qsl(query) == [
        ("item:like", "gcc*"), ("testcases:like", "*abi*"), ("type", "koji_build"), ("outcome", "INFO"),
        ("since", "2020-01-01T00:00:00"), ("scenario:like", "u*")]
    assert _ids(page) == filled.server.ids(f"/results?{query}") == [4]
    assert page.links()["This search as JSON"].partition("?")[2] == query


def test_the_form_is_filled_with_what_was_asked(filled: Site) -> None:
    page = filled.get("/results?item:like=gcc*&outcome=INFO&scenario=uefi"
                      "&since=2020-01-01T00:00:00,2030-01-01T23:59:59")

    fields = page.all(".//form[@class='search']//input")
    filled_in = {field.get("id"): field.get("value") for field in fields if field.get("value")}
    assert filled_in["item"] == "gcc"
    assert (filled_in["first_day"], filled_in["last_day"]) == ("2020-01-01", "2030-01-01")
    assert (filled_in["key-1"], filled_in["value-1"]) == ("scenario", "uefi")
    assert [box.get("value") for box in page.all(".//input[@name='outcome'][@checked]")] == ["INFO"]
    assert page.one(".//form[@class='search']/details").get("open") is not None


def test_the_form_offers_every_configured_outcome(site: Site) -> None:
    assert [box.get("value") for box in site.get("/results").all(".//input[@name='outcome']")] == [
        "PASSED", "INFO", "FAILED", "NEEDS_INSPECTION", "CRASHED", "ABORTED", "QUEUED", "RUNNING", "ERROR"]


@pytest.mark.parametrize(("typed", "path"), [
    ("xchat-0.5-1.fc20", "/items/koji_build/xchat-0.5-1.fc20"), ("dist.abi", "/testcases/dist.abi"),
    ("xch", "/results?item:like=xch*"), ("*-2.fc20", "/results?item:like=*-2.fc20"), ("", "/results"),
])
def test_the_quick_search_leads_to_the_thing_itself_where_there_is_one(filled: Site, typed: str, path: str) -> None:
    answer = filled.server.session.get(f"{filled.server.url}/search", params={"find": typed}, allow_redirects=False,
                                       timeout=30)

    assert (answer.status_code, answer.headers["Location"]) == (303, filled.server.url + path)


def test_pages_lead_to_each_other(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", item=f"a-1-{number}", age=number) for number in range(120)])

    first = site.get("/results?item:like=a*")
    second = site.get(first.links()["Older →"])
    third = site.get(second.links()["Older →"])

    assert _ids(first) + _ids(second) + _ids(third) == list(range(1, 121))
    assert "Older →" not in third.links()
    assert _ids(site.get(second.links()["← Newer"])) == _ids(first)


def test_nothing_found_is_said_in_words(site: Site) -> None:
    assert "Nothing passes all of these filters." in site.get("/results?item=x&outcome=INFO").main


def test_a_wrong_filter_says_what_is_wrong_with_it(site: Site) -> None:
    page = site.get("/results?outcome=GREAT&since=yesterday&limit=x", status=400)

    assert [words(text) for text in page.all(".//p[@class='problem']")] == [
        "limit is x: input should be a valid integer, unable to parse string as an integer.",
        "since is yesterday: must be in ISO8601 format.",
        "outcome is GREAT: must be one of: PASSED, INFO, FAILED, NEEDS_INSPECTION, CRASHED, ABORTED, QUEUED, "
        "RUNNING, ERROR."]


@pytest.mark.parametrize(("field", "text", "values"), [
    ("item", "xchat", ["xchat-0.5-1.fc20", "xchat-0.5-2.fc20"]), ("testcase", "lint", ["dist.rpmlint"]),
    ("key", "s", ["scenario"]), ("key", "", ["arch", "item", "scenario", "type"]), ("scenario", "u", ["uefi"]),
    ("item", "zzz", []), ("nokey", "x", []),
    ("item", "-13-", ["gcc-13-1.fc20", "gcc-13-2.fc20"]), ("item", "13-2", ["gcc-13-2.fc20"]), ("item", "3-", []),
    ("type", "_build", ["koji_build"]), ("anything", "abi", ["dist.abi"]), ("anything", "nt-", []),
    ("anything", "xchat-0.5-2", ["xchat-0.5-2.fc20"]),
])
def test_typing_is_completed(filled: Site, field: str, text: str, values: list[str]) -> None:
    answer = filled.server.session.get(f"{filled.server.url}/suggest", params={"field": field, "text": text},
                                       timeout=30)

    assert answer.json() == {"values": values}
