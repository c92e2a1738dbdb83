"""A page as a browser reads it: parsed strictly, so that a test fails where markup is broken."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import html5lib
import requests

from reporting.database.records import GroupChange, NewResult, TestcaseChange
from reporting.database.timestamps import now_microseconds
from tests.support.database_server import DatabaseServer

MINUTE = 60_000_000


@dataclass
class Page:
    """One page. Elements are found by ElementTree's XPath."""

    answer: requests.Response
    root: Element

    @property
    def title(self) -> str:
        """What the tab says."""
        return words(self.one("./head/title"))

    @property
    def main(self) -> str:
        """The words between header and footer."""
        return words(self.one(".//main"))

    def all(self, path: str) -> list[Element]:
        """Return every element there."""
        return self.root.findall(path)

    def one(self, path: str) -> Element:
        """Return the only element there."""
        found = self.root.findall(path)
        assert len(found) == 1, (path, len(found))
        return found[0]

    def section(self, heading: str) -> Element:
        """Return the section whose heading has that id."""
        return self.one(f".//section[@aria-labelledby='{heading}']")

    def links(self) -> dict[str, str]:
        """Return the words of each link to where it leads."""
        return {words(link): link.get("href", "") for link in self.root.iter("a")}

    def rows(self, path: str = ".//main//table/tbody/tr") -> list[str]:
        """Return the words of each row."""
        return [words(row) for row in self.all(path)]


def words(element: Element) -> str:
    """Return the text below an element, each run of blanks as one."""
    return " ".join("".join(_texts(element)).split())


def _texts(element: Element) -> Iterator[str]:
    # cells and lines of a list stand apart, as they do for a reader
    apart = " " if element.tag in ("td", "th", "li", "h2", "p", "caption") else ""
    yield apart + (element.text or "")
    for child in element:
        yield from _texts(child)
        yield child.tail or ""
    yield apart


def links_of(page: Page) -> Iterator[str]:
    """Yield every address on the page."""
    for element in page.root.iter():
        for name in ("href", "src", "action", "data-suggest"):
            if element.get(name) is not None:
                yield element.get(name, "")


@dataclass
class Site:
    """The pages of a running server."""

    server: DatabaseServer

    def get(self, path: str, status: int = 200, **headers: str) -> Page:
        """Return a page; `path` may be a whole address."""
        url = path if path.startswith("http") else self.server.url + path
        answer = self.server.session.get(url, headers={"Accept": "text/html", **headers}, timeout=30)
        assert answer.status_code == status, (answer.status_code, answer.text[:2000])
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)
        for element in root.iter():
            if isinstance(element.tag, str):
                element.tag = element.tag.rpartition("}")[2]  # of what stands inside <svg>
        return Page(answer, root)


def new(outcome: str, testcase: str = "dist.rpmlint", *, item: str = "xchat-0.5-1.fc20", age: int = 0,
        note: str | None = None, ref_url: str | None = None, group: GroupChange | None = None,
        item_type: str = "koji_build", **data: str) -> NewResult:
    """Return a result of a Koji build that arrived `age` minutes ago."""
    values = {"item": (item,), "type": (item_type,), **{key: (value,) for key, value in data.items()}}
    return NewResult(outcome, TestcaseChange(testcase), (group,) if group else (), note, ref_url, values,
                     now_microseconds() - age * MINUTE)
