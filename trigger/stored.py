"""
Messages kept in files: one JSON object, JSON lines, a list, a datagrepper page (`raw_messages`), or a folder of these.

A line that cannot be read does not hide the others: it comes out as a
BrokenMessage with its place, and the caller decides.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trigger.message import SIZE_LIMIT, BusMessage, UnreadableMessageError, message_from_dict, parse_body

#: Bytes of a file that holds one JSON value over many lines; JSON lines may be of any length.
WHOLE_FILE_LIMIT = 64 * 1024 * 1024
#: What a folder is searched for.
SUFFIXES = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class BrokenMessage:
    """Something in a file that is no message."""

    #: `messages.jsonl:17`
    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


class _Pages:
    """Pages of datagrepper that were seen: a dump may lack some, and its messages would be missed in silence."""

    def __init__(self) -> None:
        #: (pages in all, messages in all) -> numbers seen, and where the first lay.
        self._seen: dict[tuple[int, int], tuple[set[int], str]] = {}

    def note(self, data: Mapping[str, Any], place: str) -> None:
        asked = data.get("arguments")
        numbers = [data.get("pages"), data.get("total"), asked.get("page") if isinstance(asked, dict) else None]
        pages, total, page = (one if isinstance(one, int) else 0 for one in numbers)
        if pages > 1 and page > 0:
            self._seen.setdefault((pages, total), (set(), place))[0].add(page)

    def gaps(self) -> Iterator[BrokenMessage]:
        for (pages, total), (seen, place) in self._seen.items():
            missing = [str(number) for number in range(1, min(pages, 10_000) + 1) if number not in seen]
            if missing:
                more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
                yield BrokenMessage(place, f"one of {pages} pages ({total} messages); page {', '.join(missing[:10])}"
                                           f"{more} is not here, and its messages are missed")


def stored_messages(*paths: Path) -> Iterator[BusMessage | BrokenMessage]:
    """Yield what is in files, in folders (by name, not below), or on standard input for `-`; at the end what lacks."""
    pages = _Pages()
    for path in paths:
        yield from _of_path(path, pages)
    yield from pages.gaps()


def _of_path(path: Path, pages: _Pages) -> Iterator[BusMessage | BrokenMessage]:
    if str(path) == "-":
        yield from _of_text(sys.stdin.buffer.read(), "-", pages)
        return
    if path.is_dir():
        inner = sorted(part for part in path.iterdir() if part.suffix in SUFFIXES and part.is_file())
        if not inner:
            yield BrokenMessage(str(path), f"no file ending in {', '.join(SUFFIXES)} is there")
        for part in inner:
            yield from _of_path(part, pages)
        return
    try:
        yield from _of_file(path, pages)
    except OSError as error:
        yield BrokenMessage(str(path), f"cannot be read: {error.strerror}")


def _of_file(path: Path, pages: _Pages) -> Iterator[BusMessage | BrokenMessage]:
    """Read line by line where the first line is a whole value, else the file as one value."""
    with path.open("rb") as file:
        first = file.readline(SIZE_LIMIT + 1)
        while first and not first.strip():
            first = file.readline(SIZE_LIMIT + 1)
    if not first:
        yield BrokenMessage(str(path), "is empty")
        return
    if _is_value(first):
        yield from _of_lines(path, pages)
        return
    if path.stat().st_size <= WHOLE_FILE_LIMIT:
        try:
            data = parse_body(path.read_bytes(), WHOLE_FILE_LIMIT)
        except UnreadableMessageError:
            pass
        else:
            yield from _of_value(data, str(path), pages)
            return
    yield from _of_lines(path, pages)


def _of_text(text: bytes, name: str, pages: _Pages) -> Iterator[BusMessage | BrokenMessage]:
    try:
        data = parse_body(text, WHOLE_FILE_LIMIT)
    except UnreadableMessageError:
        for number, line in enumerate(text.splitlines(), 1):
            yield from _of_line(line, f"{name}:{number}", pages)
        return
    yield from _of_value(data, name, pages)


def _of_lines(path: Path, pages: _Pages) -> Iterator[BusMessage | BrokenMessage]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(SIZE_LIMIT + 1):
            number += 1
            whole = line
            while len(line) > SIZE_LIMIT and not line.endswith(b"\n"):
                line = file.readline(SIZE_LIMIT + 1)
            yield from _of_line(whole, f"{path}:{number}", pages)


def _of_line(line: bytes, place: str, pages: _Pages) -> Iterator[BusMessage | BrokenMessage]:
    if not line.strip():
        return
    try:
        data = parse_body(line)
    except UnreadableMessageError as error:
        yield BrokenMessage(place, str(error))
        return
    yield from _of_value(data, place, pages)


def _of_value(data: Any, place: str, pages: _Pages) -> Iterator[BusMessage | BrokenMessage]:
    """Yield the messages of a value: one object, a list of them, or a page of datagrepper."""
    if isinstance(data, dict) and isinstance(data.get("raw_messages"), list):
        pages.note(data, place)
        data = data["raw_messages"]
    if isinstance(data, list):
        if not data:
            yield BrokenMessage(place, "holds an empty list")
        for index, part in enumerate(data):
            yield _message(part, f"{place}[{index}]")
        return
    yield _message(data, place)


def _message(data: Any, place: str) -> BusMessage | BrokenMessage:
    try:
        return message_from_dict(data, place)
    except UnreadableMessageError as error:
        return BrokenMessage(place, str(error))


def _is_value(line: bytes) -> bool:
    try:
        parse_body(line)
    except UnreadableMessageError:
        return False
    return True
