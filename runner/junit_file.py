"""
Reads JUnit XML, in all the dialects that test tools write, from a stranger.

defusedxml keeps entities and document types out; the file is read as a stream
and held to a size, a depth and a count, so nothing of it decides how much
memory it costs.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from checks.item import shown
from checks.quantity import show_bytes
from runner.aggregation import ERROR, FAILED, PASSED, SKIPPED, Case

SIZE_LIMIT_BYTES = 64 * 1024 * 1024
DEPTH_LIMIT = 64
CASES_LIMIT = 100_000
#: Characters kept of what one test said.
_TEXT_LIMIT = 8192
#: Elements that say how a test ended, the worst first; `rerunFailure` and the like are about earlier tries.
_ENDINGS = (("error", ERROR), ("failure", FAILED), ("skipped", SKIPPED))


class JunitError(Exception):
    """Raised when the file cannot be read as JUnit XML; the text says why."""


def read_junit(file: BinaryIO) -> Iterator[Case]:
    """Give the tests of the file, in its order. Raises JunitError, after the tests before the fault."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException, ElementTree

    try:
        events = ElementTree.iterparse(_Limited(file), events=("start", "end"), forbid_dtd=True)
        yield from _cases(events)
    except DefusedXmlException:
        raise JunitError("declares a document type or entities; JUnit XML has neither") from None
    except ParseError as error:
        raise JunitError(f"is no XML: {error}") from None
    except (LookupError, ValueError) as error:
        raise JunitError(f"is in an encoding that cannot be read: {shown(str(error))}") from None


class _Limited:
    """A file that ends with an error where it is too large."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = SIZE_LIMIT_BYTES

    def read(self, size: int = -1) -> bytes:
        """Return the next piece."""
        data = self._file.read(min(size, 65536) if size >= 0 else 65536)
        self._left -= len(data)
        if self._left < 0:
            raise JunitError(f"is larger than {show_bytes(SIZE_LIMIT_BYTES)}")
        return data


def _cases(events: Any) -> Iterator[Case]:
    depth = count = 0
    suites: list[Any] = []
    for what, element in events:
        tag = _tag(element)
        if what == "start":
            depth += 1
            if depth == 1 and tag not in ("testsuites", "testsuite"):
                raise JunitError(f"is not JUnit XML: it begins with `{shown(tag, 40)}`; "
                                 "expected `testsuites` or `testsuite`")
            if depth > DEPTH_LIMIT:
                raise JunitError(f"has more than {DEPTH_LIMIT} elements within each other")
            suites.append(element)
            continue
        depth -= 1
        suites.pop()
        if tag == "testcase":
            count += 1
            if count > CASES_LIMIT:
                raise JunitError(f"has more than {CASES_LIMIT} tests")
            yield _case(element)
        if suites and tag in ("testcase", "testsuite", "properties", "system-out", "system-err") \
                and _tag(suites[-1]) != "testcase":
            # what has been read is forgotten: the parser would keep the whole file
            suites[-1].remove(element)


def _case(element: Any) -> Case:
    name = ".".join(filter(None, (element.get("classname"), element.get("name")))) or "unnamed"
    found = {_tag(child): child for child in reversed(element)}
    for tag, word in _ENDINGS:
        if tag in found:
            message = found[tag].get("message") or found[tag].get("type") or ""
            text = (found[tag].text or "").strip()
            first = next((line.strip() for line in (message or text).splitlines() if line.strip()), "")
            return Case(shown(name, 300), word, shown(first, 300), _plain(text or message))
    if element.get("status", "").lower() in ("notrun", "disabled", "skipped"):
        return Case(shown(name, 300), SKIPPED)
    return Case(shown(name, 300), PASSED)


def _plain(text: str) -> str:
    """Return the text without what a terminal would obey, cut to what one result may say."""
    kept = text[:_TEXT_LIMIT] + ("\n..." if len(text) > _TEXT_LIMIT else "")
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in kept)


def _tag(element: Any) -> str:
    """Return the tag without its namespace."""
    return str(element.tag).rpartition("}")[2]
