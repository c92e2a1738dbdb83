"""
Where each page lives: names become URLs here and nowhere else.

A name that is a clean path (no empty, `.` or `..` part, nothing a proxy or
browser rewrites) gets a readable path; every other one goes into the query,
where any text survives. Both lead to the same page.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from reporting.urls import is_web_address

_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.+~^:@=,#-]+", re.ASCII)
_PATH_LIMIT = 200
#: Characters that mean themselves in a path: RFC 3986, 3.3.
_SAFE_IN_PATH = "/+:@=,~"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses below one base URL, `https://results.example.org/prefix`."""

    base_url: str

    def front(self) -> str:
        """The front page."""
        return f"{self.base_url}/"

    def result(self, result_id: int) -> str:
        """One result."""
        return f"{self.base_url}/results/{result_id}"

    def item(self, item: str, item_type: str | None = None) -> str:
        """Everything known of one item."""
        if item_type and _is_clean(item_type) and "/" not in item_type and _is_clean(item):
            return f"{self.base_url}/items/{_path(item_type)}/{_path(item)}"
        return self._with("/item", [("item", item), *([("type", item_type)] if item_type else [])])

    def testcase(self, name: str) -> str:
        """One testcase."""
        if _is_clean(name):
            return f"{self.base_url}/testcases/{_path(name)}"
        return self._with("/testcase", [("name", name)])

    def group(self, uuid: str) -> str:
        """One group."""
        if _is_clean(uuid) and "/" not in uuid:
            return f"{self.base_url}/groups/{_path(uuid)}"
        return self._with("/group", [("uuid", uuid)])

    def results(self, *pairs: tuple[str, str]) -> str:
        """The results that pass these filters of the API."""
        return self._with("/results", pairs)

    def feed(self, *pairs: tuple[str, str]) -> str:
        """The same as an Atom feed."""
        return self._with("/results.atom", pairs)

    def page(self, path: str) -> str:
        """A page without parameters, `/groups`."""
        return self.base_url + path

    def static(self, name: str) -> str:
        """A file of ours; its address changes with what is in it."""
        from reporting.database.pages.static import version_of

        return f"{self.base_url}/static/{name}?v={version_of(name)}"

    def api(self, path: str, *pairs: tuple[str, str]) -> str:
        """The same as JSON."""
        return self._with(f"/api/v2.0{path}", pairs)

    def extra(self, *pairs: tuple[str, str]) -> str:
        """The same as JSON, where v2.0 cannot ask it."""
        return self._with("/api/extra/results", pairs)

    def _with(self, path: str, pairs: Iterable[tuple[str, str]]) -> str:
        query = urlencode(list(pairs), errors="replace", safe=":*,", quote_via=quote)
        return f"{self.base_url}{path}?{query}" if query else f"{self.base_url}{path}"


def exactly(key: str, value: str) -> tuple[str, str]:
    """
    Return the filter of the API that asks for this value.

    The API splits values at commas and strips names of testcases: where that would change the value, a
    pattern's `_` (any one character) stands for what would be lost.
    """
    stripped = value.strip()
    if "," not in value and (key != "testcases" or stripped == value):
        return key, value
    start = value.index(stripped)
    end = len(value) - start - len(stripped)
    return f"{key}:like", "_" * start + stripped.replace(",", "_") + "_" * end


def web_link(url: str | None) -> str | None:
    """Return the URL where it may become a link: http and https only."""
    return url if url and is_web_address(url) else None


def _is_clean(text: str) -> bool:
    return len(text) <= _PATH_LIMIT and all(_PART.fullmatch(part) for part in text.split("/"))


def _path(text: str) -> str:
    return quote(text, safe=_SAFE_IN_PATH)
