"""Links: quoting of names, pages, IRIs."""
from __future__ import annotations

import pytest

from reporting.database.exchange import Request
from reporting.database.links import group_results_href, page_links, quoted


def request(query: str, path: str = "/api/v2.0/results") -> Request:
    return Request("GET", path, query, {}, b"", "http://h", path)


@pytest.mark.parametrize(("name", "expected"), [
    ("tc.ü?#%&+c", "tc.%C3%BC%3F%23%25&+c"),
    ("a/b c", "a/b%20c"),
    ("&+:@!$'()*,;=~", "&+:@!$'()*,;=~"),
    ('"<>[]^`{|}\\', "%22%3C%3E%5B%5D%5E%60%7B%7C%7D%5C"),
])
def test_names_are_quoted_as_the_original_does(name: str, expected: str) -> None:
    assert quoted(name) == expected


def test_a_uuid_in_a_query_is_quoted_as_in_a_form() -> None:
    assert group_results_href("http://h", "a b&c/ü") == "http://h/api/v2.0/results?groups=a+b%26c/%C3%BC"


@pytest.mark.parametrize(("query", "following"), [
    ("", "?page=1"),
    ("item=a", "?item=a&page=1"),
    ("page=0&item=a", "?page=1&item=a"),
    ("page=0&page=7", "?page=1&page=7"),
    ("homepage=3", "?homepage=3&page=1"),
    ("callback=x", "?page=1"),
    ("callback=x&item=a", "?item=a&page=1"),
    ("item=a&callback=x", "?item=a&page=1"),
    ("page=0&callback=x", "?page=1&"),
    ("&", "?&page=1"),
    ("item=a&&arch=b&", "?item=a&arch=b&page=1"),
    ("page=0&arch=b&", "?page=1&arch=b&"),
    ("%70age=0", "?page=1"),
    ("item=%C3%BC%26%3D%2B%23%20%25%2C%3A", "?item=ü%26%3D%2B%23%20%25,:&page=1"),
    ("item=%FF%C3", "?item=%FF%C3&page=1"),
    ("item=%F0%9F%98%80%c3%bc", "?item=😀ü&page=1"),
    ("item=%00%7F%22", '?item=%00%7F"&page=1'),
])
def test_a_link_is_the_requests_own_url_with_another_page(query: str, following: str) -> None:
    assert page_links(request(query), 0, has_next=True) == (None, f"http://h/api/v2.0/results{following}")


def test_a_path_becomes_an_iri_too() -> None:
    previous, following = page_links(request("page=3", "/api/v2.0/testcases/%C3%BC%2Fa%20b/results"), 3, False)

    assert previous == "http://h/api/v2.0/testcases/ü%2Fa%20b/results?page=2"
    assert following is None
