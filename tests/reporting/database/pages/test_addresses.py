"""Names become URLs and come back as they were."""
from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from reporting.database.pages.addresses import Addresses, web_link
from tests.support.small_world import HOSTILE_ITEMS

_TO = Addresses("https://results.example.org/prefix")


def test_usual_names_have_readable_addresses() -> None:
    assert _TO.item("xchat-0.5-1.fc20", "koji_build") == "https://results.example.org/prefix/items/koji_build/xchat-0.5-1.fc20"
    assert _TO.testcase("dist.rpmlint") == "https://results.example.org/prefix/testcases/dist.rpmlint"
    assert _TO.group("a-b") == "https://results.example.org/prefix/groups/a-b"
    assert _TO.result(5) == "https://results.example.org/prefix/results/5"
    assert _TO.item("rpms/gcc#fe7f1a5c2b", "dist_git_commit").endswith("/items/dist_git_commit/rpms/gcc%23fe7f1a5c2b")


@pytest.mark.parametrize("item", HOSTILE_ITEMS)
def test_any_name_comes_back_from_its_address(item: str) -> None:
    parts = urlsplit(_TO.item(item, "koji_build"))

    if parts.query:
        assert parts.path == "/prefix/item"
        assert parse_qs(parts.query, keep_blank_values=True) == {"item": [item], "type": ["koji_build"]}
    else:
        assert unquote(parts.path.removeprefix("/prefix/items/koji_build/")) == item
        assert not {".", "..", ""} & set(parts.path.split("/")[1:])


def test_a_search_has_the_query_of_the_api() -> None:
    assert _TO.results(("item:like", "xchat*"), ("outcome", "FAILED,INFO")) == (
        "https://results.example.org/prefix/results?item:like=xchat*&outcome=FAILED,INFO")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//example.org", "ftp://example.org/x",
                                 "", None,
                                 "https://", "http://a b", "JavaScript:alert(1)//https://x", "https://example.org/\x01"])
def test_only_addresses_of_the_web_become_links(url: str | None) -> None:
    assert web_link(url) is None


def test_addresses_of_the_web_stay_as_they_are() -> None:
    assert web_link("https://example.org/a?b=c#d") == "https://example.org/a?b=c#d"
