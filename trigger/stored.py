"""
Messages kept in files: one JSON object, JSON lines, a list, a datagrepper page (`raw_messages`), or a folder of these;
packed with gzip or not; pipes, too, which are read once.

A line that cannot be read does not hide the others: it comes out as a
BrokenMessage with its place, and the caller decides.
"""
from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from trigger.message import SIZE_LIMIT, BusMessage, UnreadableMessageError, message_from_dict, parse_body

#: Bytes of a file that holds one JSON value over many lines; JSON lines may be of any length.
WHOLE_FILE_LIMIT = 64 * 1024 * 1024
#: What a folder is searched for, packed (.gz) or not.
SUFFIXES = (".json", ".jsonl", ".ndjson")
#: How a packed file begins.
_GZIP = b"\x1f\x8b"


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
        yield from _of_file(sys.stdin.buffer, "-", pages)
        return
    if path.is_dir():
        inner = sorted(part for part in path.iterdir()
                       if Path(part.name.removesuffix(".gz")).suffix in SUFFIXES and part.is_file())
        if not inner:
            yield BrokenMessage(str(path), f"no file ending in {', '.join(SUFFIXES)} is there")
        for part in inner:
            yield from _of_path(part, pages)
        return
    try:
        with path.open("rb") as file:
            yield from _of_file(file, str(path), pages)
    except OSError as error:
        yield BrokenMessage(str(path), f"cannot be read: {error.strerror}")


def _of_file(file: IO[bytes], name: str, pages: _Pages) -> Iterator[BusMessage | BrokenMessage]:
    """Read a file, or a pipe, which can be read only once; unpack it where it is packed."""
    peekable = file if hasattr(file, "peek") else io.BufferedReader(file)  # type: ignore[type-var]
    is_packed = peekable.peek(2)[:2] == _GZIP
    try:
        yield from _of_stream(gzip.GzipFile(fileobj=peekable) if is_packed else peekable, name, pages)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        yield BrokenMessage(name, f"is packed with gzip and broken: {error}; what came before was read")


def _of_stream(file: Any, name: str, pages: _Pages) -> Iterator[BusMessage | BrokenMessage]:
    """Read line by line where the first line is a whole value, else the whole as one value, if it is not too long."""
    number = 1
    first = file.readline(SIZE_LIMIT + 1)
    while first and not first.strip():
        number += 1
        first = file.readline(SIZE_LIMIT + 1)
    if not first:
        yield BrokenMessage(name, "is empty")
        return
    if not _is_value(first):
        first += file.read(WHOLE_FILE_LIMIT + 1 - len(first))
        if len(first) <= WHOLE_FILE_LIMIT:
            try:
                data = parse_body(first, WHOLE_FILE_LIMIT)
            except UnreadableMessageError:
                pass
            else:
                yield from _of_value(data, name, pages)
                return
    for offset, line in enumerate(_lines(first, file)):
        yield from _of_line(line, f"{name}:{number + offset}", pages)


def _lines(head: bytes, file: Any) -> Iterator[bytes]:
    """Yield the lines of what was read already and of the rest; of one that is too long only its beginning."""
    read = io.BytesIO(head)
    while True:
        line = read.readline(SIZE_LIMIT + 1)
        if not line.endswith(b"\n"):
            line += file.readline(SIZE_LIMIT + 1 - len(line)) if len(line) <= SIZE_LIMIT else b""
        if not line:
            return
        yield line
        while len(line) > SIZE_LIMIT and not line.endswith(b"\n"):
            line = read.readline(SIZE_LIMIT + 1) or file.readline(SIZE_LIMIT + 1)


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
