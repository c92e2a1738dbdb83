"""From a test line with its block to a Result, and between a Result and a dictionary (JSON lines)."""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.contracts import ContractError
from checks.item import ITEM_LIMIT, ITEM_TYPES, Item, ItemError, parse_item, shown
from checks.outcome import Outcome, OutcomeError, parse_outcome, worst_of
from checks.result import RESERVED_KEYS, Result
from checks.tap.block import Value, printable
from checks.tap.line import Point
from checks.tap.reading import TapLimits

#: Called with a message, and True where it is only a warning.
Tell = Callable[[str, bool], None]

_TYPE_OF_WORDING = {kind.wording.lower(): kind.name for kind in ITEM_TYPES.values()}
_SENTENCE = re.compile(r".* for (" + "|".join(map(re.escape, _TYPE_OF_WORDING)) + r") (\S+)", re.IGNORECASE)
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
#: Of a description that stands in for the summary.
_DESCRIPTION_CHARACTERS = 500
#: Read here and never extra data: the reserved keys, and `note`, which later ResultYAML calls the summary.
_OWN_KEYS = RESERVED_KEYS | {"note"}


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a stream before it is read; fills in what a check left out."""

    testcase: str
    item: Item | None = None
    arch: str | None = None


def result_of(point: Point, context: Context, limits: TapLimits, tell: Tell) -> Result | None:
    """Return the result, None where nothing says which item it is about. Every doubt is told."""
    block = point.block or {}
    item, item_type = _item(point, block, context, tell)
    if item is None:
        tell(f"`{shown(point.wording)}` says no item; expected a YAML block with `item` and `type`", False)
        return None
    extra = _extra(block, limits, tell)
    arch = block.get("arch", context.arch)
    if isinstance(arch, list):
        words = tuple(_flat(word) for word in arch)
        arch = words[0] if len(words) == 1 else None
        if len(words) > 1:
            extra["arch"] = words
    summary = _text(block, "summary", tell) or _text(block, "note", tell)
    if summary is None and point.directive:
        summary = f"{'skipped' if point.directive == 'SKIP' else 'to do'}: {point.reason or 'no reason given'}"
    if point.unread_block is not None:
        summary = "the details of this result cannot be read"
    result = Result(
        item=item, item_type=item_type, outcome=_outcome(point, block, tell),
        testcase=_text(block, "checkname", tell) or context.testcase, summary=summary,
        output=point.unread_block or _output(block.get("details"), tell), arch=None if arch is None else _flat(arch),
        artifact=_text(block, "artifact", tell), log_url=_text(block, "log_url", tell), extra=extra,
    )
    said = " ".join(point.description.split())
    if summary is None and said and not _SENTENCE.fullmatch(said) and said != " ".join(result.sentence.split()):
        # plain TAP, as of bats or prove: the description is all that tells one test from the next
        return result.with_changes(summary=shown(said, _DESCRIPTION_CHARACTERS))
    return result


def result_to_dict(result: Result) -> dict[str, Any]:
    """Return the result as plain data, without what it does not say."""
    data: dict[str, Any] = {"item": result.item, "item_type": result.item_type, "outcome": str(result.outcome),
                            "testcase": result.testcase}
    for key in ("summary", "output", "arch", "artifact", "log_url"):
        if (value := getattr(result, key)) is not None:
            data[key] = value
    if result.extra:
        data["extra"] = {key: list(values) for key, values in result.extra.items()}
    return data


def result_from_dict(data: object) -> Result:
    """Return the result of that plain data. Raises ContractError: every fault at once."""
    if not isinstance(data, Mapping):
        raise ContractError("result", [f"expected an object, got {type(data).__name__}"])
    faults = [f"`{key}` is `{shown(data.get(key))}`; expected text"
              for key in ("item", "item_type", "outcome", "testcase") if not isinstance(data.get(key), str)]
    optional = {key: data.get(key) for key in ("summary", "output", "arch", "artifact", "log_url")}
    faults += [f"`{key}` is `{shown(value)}`; expected text or nothing"
               for key, value in optional.items() if not isinstance(value, str | None)]
    extra = data.get("extra") or {}
    if not isinstance(extra, Mapping) or not all(
            isinstance(key, str) and isinstance(values, list) and all(isinstance(value, str) for value in values)
            for key, values in extra.items()):
        faults.append("`extra` is not an object of lists of text")
    outcome = Outcome.NEEDS_INSPECTION
    try:
        outcome = parse_outcome(data.get("outcome"))
    except OutcomeError as error:
        faults.append(f"`outcome`: {error}")
    if faults:
        raise ContractError("result", faults)
    return Result(item=data["item"], item_type=data["item_type"], outcome=outcome, testcase=data["testcase"],
                  extra={key: tuple(values) for key, values in extra.items()}, **optional)


def _item(point: Point, block: Mapping[str, Value], context: Context, tell: Tell) -> tuple[str | None, str]:
    """From the block, else from the sentence of the test line, else the item of the run."""
    item, item_type = _text(block, "item", tell), _text(block, "type", tell)
    if item is None:
        if spoken := _SENTENCE.fullmatch(point.description):
            item, item_type = spoken.group(2), item_type or _TYPE_OF_WORDING[spoken.group(1).lower()]
        elif context.item:
            return context.item.item, item_type or context.item.item_type
        return item, item_type or ""
    if item_type is None:
        item_type = context.item.item_type if context.item else "koji_build"
        if not context.item or context.item.item != item:
            tell(f"item `{shown(item)}` has no `type`; taken as {item_type}", True)
    if len(item) > ITEM_LIMIT:
        tell(f"item `{shown(item)}` has {len(item)} characters; cut to {ITEM_LIMIT}", False)
        return item[:ITEM_LIMIT], item_type
    try:
        parse_item(item, item_type)
    except ItemError as error:
        tell(str(error), True)
    return item, item_type


def _outcome(point: Point, block: Mapping[str, Value], tell: Tell) -> Outcome:
    said = block.get("outcome")
    if said is None:
        if point.unread_block is not None:
            return Outcome.NEEDS_INSPECTION if point.ok else Outcome.FAILED
        if point.directive == "SKIP" or (point.directive == "TODO" and not point.ok):
            return Outcome.INFO
        return Outcome.PASSED if point.ok else Outcome.FAILED
    outcome = _OUTCOMES.get(said) if isinstance(said, str) else None
    if outcome is None:
        try:
            outcome = parse_outcome(said)
        except OutcomeError as error:
            tell(f"{error}; taken as NEEDS_INSPECTION", False)
            return Outcome.NEEDS_INSPECTION
    if outcome.is_ok == point.ok or point.directive:
        return outcome
    tell(f"`{shown(point.wording)}` stands above outcome {outcome}; the worse of the two counts", True)
    return worst_of((outcome, Outcome.PASSED if point.ok else Outcome.FAILED)) or outcome


def _output(details: Value, tell: Tell) -> str | None:
    """`details.output`; other details are kept as a line each below it, so that nothing is lost."""
    if details is None or isinstance(details, str):
        return details.rstrip("\n") if details else None
    if isinstance(details, list):
        return "\n".join(_flat(part) for part in details) or None
    output = details.get("output")
    if isinstance(output, list):
        output = "\n".join(_flat(line) for line in output)
    lines = [] if output is None else [_flat(output).rstrip("\n")]
    lines += [f"{key}: {_flat(value)}" for key, value in details.items() if key != "output"]
    return "\n".join(lines) or None


def _extra(block: Mapping[str, Value], limits: TapLimits, tell: Tell) -> dict[str, tuple[str, ...]]:
    extra: dict[str, tuple[str, ...]] = {}
    if not _OWN_KEYS.issuperset(block):
        left_out = []
        for key, value in block.items():
            if key in _OWN_KEYS or value is None:
                continue
            name = key.replace(":", "_")
            if name != key:
                tell(f"key `{shown(key)}` has a colon, which results databases refuse; "
                     f"renamed to `{shown(name)}`", True)
            if len(extra) >= limits.extra_keys:
                left_out.append(name)
            elif isinstance(value, list):
                extra[name] = tuple(_flat(part) for part in value)
            else:
                extra[name] = (_flat(value),)
        if left_out:
            tell(f"more than {limits.extra_keys} extra keys; {len(left_out)} are left out, "
                 f"the first is `{shown(left_out[0])}`", False)
    if "_internal" in block:
        tell("key `_internal` is not for checks; left out", True)
    return extra


def _text(block: Mapping[str, Value], key: str, tell: Tell) -> str | None:
    value = block.get(key)
    if value is None or isinstance(value, str):
        return value.strip() or None if value else None
    tell(f"`{key}` is a {'list' if isinstance(value, list) else 'mapping'}; expected text", False)
    return _flat(value)


def _flat(value: Value) -> str:
    """Lists and mappings within values are kept as JSON, never as Python's notation."""
    if isinstance(value, str):
        return value
    return "" if value is None else printable(json.dumps(value, ensure_ascii=False))
