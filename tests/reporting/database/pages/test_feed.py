"""An Atom feed for any search (RFC 4287)."""
from __future__ import annotations

from xml.etree import ElementTree

from reporting.database.storage import Storage
from tests.reporting.database.pages.parsed import Site, new

_ATOM = "{http://www.w3.org/2005/Atom}"


def _feed(site: Site, path: str) -> ElementTree.Element:
    answer = site.server.session.get(site.server.url + path, timeout=30)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)


def test_a_search_is_a_feed_of_its_newest_results(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED", age=9), new("FAILED", note="a < b", ref_url="https://logs.example.org/2",
                                                   arch="x86_64", age=1)])

    feed = _feed(site, "/results.atom?testcases=dist.rpmlint&outcome=FAILED")

    assert feed.findtext(f"{_ATOM}title") == "Results: testcase dist.rpmlint, outcome FAILED"
    entry = feed.find(f"{_ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{_ATOM}title") == "Failed: dist.rpmlint on xchat-0.5-1.fc20 (x86_64)"
    assert entry.findtext(f"{_ATOM}summary") == "a < b"
    assert entry.findtext(f"{_ATOM}id") == f"{site.server.url}/results/2"
    assert [(link.get("rel"), link.get("href")) for link in entry.findall(f"{_ATOM}link")] == [
        ("alternate", f"{site.server.url}/results/2"), ("related", "https://logs.example.org/2")]
    assert len(feed.findall(f"{_ATOM}entry")) == 1
    for name in ("id", "updated", "author"):
        assert feed.find(f"{_ATOM}{name}") is not None


def test_what_xml_cannot_carry_does_not_break_the_feed(site: Site, storage: Storage) -> None:
    storage.add_results([new("FAILED", note="a\x01b\x0b]]>\ufffe<x>&amp;", item="\x1b[31m")])

    feed = _feed(site, "/results.atom")

    assert feed.findtext(f"{_ATOM}entry/{_ATOM}summary") == "a\\x01b\\x0b]]>\ufffd<x>&amp;"


def test_an_empty_feed_is_a_feed(site: Site) -> None:
    assert _feed(site, "/results.atom?item=none").findall(f"{_ATOM}entry") == []


def test_every_page_with_results_names_its_feed(site: Site, storage: Storage) -> None:
    storage.add_results([new("PASSED")])

    for path in ("/", "/results?outcome=PASSED", "/items/koji_build/xchat-0.5-1.fc20", "/testcases/dist.rpmlint"):
        link = site.get(path).one(".//link[@rel='alternate']")
        assert len(_feed(site, link.get("href", "").removeprefix(site.server.url)).findall(f"{_ATOM}entry")) == 1
