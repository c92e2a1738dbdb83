"""What an action returned, as results: TAP, a list of dictionaries, or `results:` in YAML as later formulas had it."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from checks.contracts import CheckInput
from checks.document import DocumentError, load_document
from checks.item import Item, ItemError, parse_item, shown
from checks.kind import type_word
from checks.outcome import OutcomeError, parse_outcome
from checks.result import RESERVED_KEYS, Result
from checks.tap import TapFault, TapLimits, TapReader
from runner.captured import Captured, CapturedError
from runner.directive import DirectiveError

#: How a text begins that is TAP: a version, a plan, a test line, perhaps after comments and blank lines.
_TAP_START = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:TAP version \d+|1\.\.\d+|(?:not )?ok\b|Bail out!)")
#: The same in YAML, or in JSON, which is YAML.
_RESULT_YAML_START = re.compile(rb"""(?:[ \t]*(?:#[^\n]*|---[ \t]*)?\r?\n)*(?:\{\s*)?["']?results["']?[ \t]*:""")
#: Bytes of a text that are looked at to tell what it is.
_START_BYTES = 65536


class VerdictError(Exception):
    """Raised when a value cannot be read as results; the text says what is wrong with it."""


class Verdicts:
    """Iterates over the results in a value; `faults` is complete after the last one."""

    def __init__(self, value: Any, check: CheckInput, limits: TapLimits) -> None:
        self._value, self._check, self._limits = value, check, limits
        self.faults: tuple[TapFault, ...] = ()
        #: The reason after `Bail out!`.
        self.bail_out: str | None = None

    def __iter__(self) -> Iterator[Result]:
        value = self._value
        if isinstance(value, Mapping) and "results" in value:
            value = value["results"] or []
        if isinstance(value, Result):
            yield value
        elif isinstance(value, Mapping):
            yield result_from_mapping(value, self._check)
        elif isinstance(value, (list, tuple)):
            for index, part in enumerate(value):
                yield part if isinstance(part, Result) else _from_list(part, index, self._check)
        elif isinstance(value, (str, bytes, Captured, Path)):
            yield from self._from_text(value)
        else:
            raise VerdictError(f"got {type_word(value)}; expected TAP or a list of results")

    def _from_text(self, value: str | bytes | Captured | Path) -> Iterator[Result]:
        start = _start_of(value)
        if _RESULT_YAML_START.match(start):
            yield from self._from_yaml(value)
            return
        if not start.strip():
            raise VerdictError("is empty; expected TAP. A check with nothing to say prints `1..0`")
        if not _TAP_START.match(start):
            begin = shown(start[:60].decode("utf-8", "replace"))
            raise VerdictError(f"is neither TAP nor `results:`; it begins with `{begin}`")
        if isinstance(value, Path):
            value = Captured(value)
        if isinstance(value, Captured):
            with value.open() as file:
                yield from self._read(file)
        else:
            yield from self._read(value)

    def _read(self, source: Any) -> Iterator[Result]:
        check = self._check
        reader = TapReader(source, testcase=check.testcase, item=Item(check.item, check.item_type), arch=check.arch,
                           limits=self._limits)
        yield from reader
        reading = reader.reading(())
        self.faults, self.bail_out = reading.faults, reading.bail_out

    def _from_yaml(self, value: str | bytes | Captured | Path) -> Iterator[Result]:
        try:
            text = value.text() if isinstance(value, Captured) else value.read_bytes() \
                if isinstance(value, Path) else value
            data = load_document(text, "results").data
        except (DocumentError, CapturedError, OSError) as error:
            raise VerdictError(str(error)) from None
        yield from Verdicts(data, self._check, self._limits)


def looks_like_results(value: Any) -> bool:
    """True where a value that nobody sent out by name is meant as results."""
    if isinstance(value, (str, bytes, Captured)):
        start = _start_of(value)
        return bool(_TAP_START.match(start) or _RESULT_YAML_START.match(start))
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(part, Result) or (isinstance(part, Mapping) and "outcome" in part)
                                   for part in value)
    return isinstance(value, Result) or (isinstance(value, Mapping) and ("outcome" in value or "results" in value))


def tell_faults(verdicts: Verdicts, note: Callable[[str, Any], None]) -> None:
    """Note every fault of a TAP stream; raise DirectiveError where one of them costs a result."""
    for fault in verdicts.faults:
        note("tap_faults", str(fault))
    if verdicts.bail_out is not None:
        raise DirectiveError(f"the check bailed out: {verdicts.bail_out or 'no reason given'}", "check-crashed")
    lost = [fault for fault in verdicts.faults if not fault.is_warning]
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        raise DirectiveError(f"its TAP cannot be read whole: {lost[0]}{more}", "bad-results")


def result_from_mapping(data: Mapping[str, Any], check: CheckInput) -> Result:
    """
    Return the result of a dictionary with the keys of the seed's YAML block.

    The item of the run stands in where it names none. Raises VerdictError.
    """
    item, item_type = data.get("item") or check.item, data.get("type") or data.get("item_type") or check.item_type
    try:
        parsed = parse_item(item, item_type)
        outcome = parse_outcome(data["outcome"])
    except KeyError:
        keys = ", ".join(shown(key, 30) for key in data) or "nothing"
        raise VerdictError(f"has no `outcome`; it has {keys}") from None
    except (ItemError, OutcomeError) as error:
        raise VerdictError(str(error)) from None
    details = data.get("details")
    output = details.get("output") if isinstance(details, Mapping) else details
    own = RESERVED_KEYS | {"item_type", "testcase", "note", "output", "extra"}
    extra = {key: part for key, part in data.items() if key not in own} | dict(data.get("extra") or {})
    arch = data.get("arch") or check.arch
    if isinstance(arch, (list, tuple)):
        extra["arch"], arch = arch, arch[0] if len(arch) == 1 else None
    return Result(
        item=parsed.item, item_type=parsed.item_type, outcome=outcome,
        testcase=str(data.get("checkname") or data.get("testcase") or check.testcase),
        summary=_text(data.get("summary") or data.get("note")), output=_text(data.get("output") or output),
        arch=_text(arch), artifact=_text(data.get("artifact")), log_url=_text(data.get("log_url")),
        extra={str(key): _texts(part) for key, part in extra.items() if part is not None})


def _from_list(part: Any, index: int, check: CheckInput) -> Result:
    if not isinstance(part, Mapping):
        raise VerdictError(f"entry {index} is {type_word(part)}; expected a result: a mapping with `outcome`")
    try:
        return result_from_mapping(part, check)
    except VerdictError as error:
        raise VerdictError(f"entry {index} {error}") from None


def _start_of(value: str | bytes | Captured | Path) -> bytes:
    if isinstance(value, (Captured, Path)):
        try:
            with (value if isinstance(value, Captured) else Captured(value)).open() as file:
                return file.read(_START_BYTES)
        except CapturedError as error:
            raise VerdictError(str(error)) from None
    head = value[:_START_BYTES]
    return head if isinstance(head, bytes) else head.encode("utf-8", "replace")


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return "\n".join(str(part) for part in value)
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(part) for part in value) if isinstance(value, (list, tuple)) else (str(value),)
