"""What goes wrong is a page in words for people, and stays what it was for programs."""
from __future__ import annotations

from tests.reporting.database.pages.parsed import Site


def test_an_unknown_address_is_a_page_for_a_browser_and_json_for_a_program(site: Site) -> None:
    assert site.get("/no/such/page", status=404).title == "Not here · Checkotron"
    assert site.server.session.get(f"{site.server.url}/no/such/page", timeout=30).json() == {"message": "Not found"}


def test_the_api_answers_in_its_own_way_whoever_asks(site: Site) -> None:
    answer = site.server.session.get(f"{site.server.url}/api/v2.0/results/99", headers={"Accept": "text/html"},
                                     timeout=30)

    assert (answer.status_code, answer.json()) == (404, {"message": "Result not found"})


def test_a_wrong_method_is_a_page_that_names_the_right_one(site: Site) -> None:
    answer = site.server.session.post(f"{site.server.url}/results", headers={"Accept": "text/html"}, timeout=30)

    assert answer.status_code == 405
    assert "Not possible here" in answer.text
    assert "GET" in answer.headers["Allow"]


def test_our_files_are_kept_by_browsers_while_they_stay_the_same(site: Site) -> None:
    style = site.get("/").one(".//link[@rel='stylesheet']").get("href", "")

    answer = site.server.session.get(style, timeout=30)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in site.server.session.get(style.split("?")[0], timeout=30).headers["Cache-Control"]
    assert site.server.session.get(f"{site.server.url}/static/../template.py", timeout=30).status_code == 404
