"""Names contain anything: nothing is injected, every address comes back, and nobody else's host is called."""
from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from reporting.database.storage import Storage
from tests.reporting.database.pages.parsed import Page, Site, links_of, new
from tests.support.small_world import HOSTILE_ITEMS, fill

_OWN_ELEMENTS = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "form", "label", "input", "kbd",
    "button", "main", "h1",
    "h2", "p", "span", "b", "bdi", "ul", "ol", "li", "div", "section", "table", "caption", "thead", "tbody", "tr",
    "th", "td", "time", "code",
    "pre", "mark", "details", "summary", "fieldset", "legend", "select", "option", "svg", "g", "rect", "line", "text",
    "desc", "defs", "pattern",
    "polyline", "circle", "figure", "figcaption", "footer"}


def _assert_harmless(site: Site, page: Page) -> None:
    assert {element.tag for element in page.root.iter()} <= _OWN_ELEMENTS
    names = {name for element in page.root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    scripts = [script.get("src", "").split("?")[0] for script in page.all(".//script")]
    assert scripts == [f"{site.server.url}/static/pages.js"]
    for address in links_of(page):
        assert address.startswith(("http://", "https://", "#")), address


@pytest.mark.parametrize("item", HOSTILE_ITEMS)
def test_an_item_of_any_name_has_a_page_whose_links_lead_back_to_it(site: Site, storage: Storage, item: str) -> None:
    storage.add_results([new("FAILED", f"t {item}", item=item, note=item, ref_url=item, scenario=item[:50], key=item)])
    listed = site.get("/results")
    ways = {urlsplit(link.get("href", "")).path: link.get("href",
                                                          "") for link in listed.all(".//table//td[@class='name']/a")}

    pages = [listed, site.get("/"), site.get("/results/1"), *(site.get(way) for way in ways.values())]
    pages += [site.get(page.links()["This as JSON"].replace("/api/v2.0", "")) for page in pages[3:]]

    assert len(ways) == 2
    for page in pages:
        _assert_harmless(site, page)
    assert all("result 1" in page.main.lower() for page in pages)


def test_a_whole_world_of_odd_names_is_harmless_on_every_page(site: Site, storage: Storage) -> None:
    fill(storage)

    for path in ("/", "/results?testcases:like=odd*", "/testcases?like=odd", "/testcases/odd.names", "/groups",
                 "/groups?like=<b>"):
        _assert_harmless(site, site.get(path))


@pytest.mark.parametrize("path", [
    "/results?%3Cscript%3E=%3Cimg%20src%3Dx%3E", "/results?outcome=%22%3E%3Cb%3E", "/testcases/%3Cb%3E",
    "/items/%3Cb%3E/%22x", "/groups?like=%22%3E",
    "/results?item:like=%E2%80%AE", "/item?item=%0d%0aSet-Cookie:x", "/results?k=%ff%fe", "/search?find=%3Cb%3E",
    "/testcase?name=%22%27%3E",
    "/results?a%00b=1", "/groups/%2e%2e%2f", "/results/%3Cb%3E", "/%3Cscript%3E",
    "/results?" + "&".join(["a=b"] * 1100), "/results?since=%3Cb%3E",
])
def test_a_hostile_address_is_answered_with_a_harmless_page(site: Site, path: str) -> None:
    answer = site.server.session.get(site.server.url + path, headers={"Accept": "text/html"}, timeout=30)

    assert answer.status_code in (200, 400, 404)
    _assert_harmless(site, site.get(path, status=answer.status_code))


def test_no_page_calls_a_foreign_host_and_the_policy_says_so(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED")])

    for path in ("/", "/results", "/results/1", "/testcases/dist.rpmlint", "/items/koji_build/xchat-0.5-1.fc20"):
        page = site.get(path)
        assert all(address.startswith((site.server.url, "#")) for address in links_of(page))
        policy = page.answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in policy
        assert page.answer.headers["X-Content-Type-Options"] == "nosniff"


def test_behind_a_proxy_every_link_stays_below_its_prefix(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED")])
    headers = {"X-Forwarded-Host": "results.example.org", "X-Forwarded-Scheme": "https", "X-Script-Name": "/prefix"}

    for path in ("/", "/results?outcome=FAILED", "/results/1", "/testcases", "/items/koji_build/xchat-0.5-1.fc20",
                 "/groups"):
        page = site.get(path, **headers)
        assert all(address.startswith(("https://results.example.org/prefix", "#")) for address in links_of(page))
