"""Every operator of a `when`: what holds, what does not, and the sentence why not."""

from __future__ import annotations

from typing import Any

import pytest

from checks.document import load_document
from trigger.query import Condition, equalities
from trigger.query_compiler import QueryCompiler

FACTS: dict[str, Any] = {
    "item": "xchat-0.5-1.fc36",
    "name": "xchat",
    "version": "0.5",
    "release": "1.fc36",
    "epoch": None,
    "build_id": 7,
    "scratch": False,
    "builds": ("a-1-1", "b-2-2"),
    "distgit_branch": "f36",
    "branch": "f36",
    "message_type": "M",
    "environment": "prod",
    "body": {"new": 1, "tags": ["x", "y"], "update": {"builds": [{"nvr": "a-1-1"}, {"nvr": "b-2-2"}]}, "empty": None},
}


def compiled(text: str, lists: dict[str, tuple[Any, ...]] | None = None) -> Condition:
    document = load_document(text, "q")
    compiler = QueryCompiler(document, lists or {})
    condition = compiler.compile(document.data, ())
    assert [str(fault) for fault in compiler.faults] == []
    return condition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", True),
        ("{name: xchat}", True),
        ("{name: kde}", False),
        ("{name: [kde, xchat]}", True),
        ("{epoch: null}", True),
        ("{epoch: 0}", False),
        ("{build_id: 7}", True),
        ("{build_id: '7'}", False),
        ("{build_id: true}", False),
        ("{scratch: false}", True),
        ("{scratch: 0}", False),
        ("{name: {$eq: xchat}}", True),
        ("{name: {$ne: xchat}}", False),
        ("{name: {$in: [a, xchat]}}", True),
        ("{name: {$nin: [a, xchat]}}", False),
        ("{name: {$nin: [a]}}", True),
        ("{build_id: {$gt: 6, $lte: 7}}", True),
        ("{build_id: {$lt: 7}}", False),
        ("{build_id: {$gte: '1'}}", False),
        ("{scratch: {$gt: -1}}", False),
        ("{version: {$gte: '0.4'}}", True),
        ("{release: {$regex: 'fc\\d+$'}}", True),
        ("{release: {$regex: '/FC36/i'}}", True),
        ("{release: {$regex: FC36, $options: i}}", True),
        ("{release: {$regex: '^fc'}}", False),
        ("{build_id: {$regex: '7'}}", False),
        ("{release: {$not: {$regex: el}}}", True),
        ("{release: {$not: fc36}}", False),
        ("{owner: {$exists: false}}", True),
        ("{name: {$exists: true}}", True),
        ("{epoch: {$exists: true}}", False),
        ("{builds: b-2-2}", True),
        ("{builds: {$all: [a-1-1, b-2-2]}}", True),
        ("{builds: {$all: [a-1-1, c]}}", False),
        ("{builds: {$size: 2}}", True),
        ("{body.new: 1}", True),
        ("{_msg.new: 1}", True),
        ("{body.tags: y}", True),
        ("{body.update.builds.nvr: b-2-2}", True),
        ("{body.update.builds.1.nvr: b-2-2}", True),
        ("{body.update.builds.9.nvr: b-2-2}", False),
        ("{body.missing.deep: null}", True),
        ("{body.missing: x}", False),
        ("{branch: '${distgit_branch}'}", True),
        ("{branch: '${release}'}", False),
        ("{epoch: '${owner}'}", False),
        ("{name: {$in: '${critpath}'}}", True),
        ("{name: '${critpath}'}", True),
        ("{$or: [{name: kde}, {version: '0.5'}]}", True),
        ("{$or: [{name: kde}, {version: '1'}]}", False),
        ("{$and: [{name: xchat}, {version: '0.5'}]}", True),
        ("{$nor: [{name: kde}, {version: '1'}]}", True),
        ("{$not: {name: xchat}}", False),
        ("{$comment: why not, name: xchat}", True),
    ],
)
def test_an_operator_holds_or_not(text: str, expected: bool) -> None:
    assert compiled(text, {"critpath": ("kernel", "xchat")}).holds(FACTS) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{name: kde}", "`name` is `xchat`, asked is `kde`"),
        ("{owner: me}", "`owner` is not known, asked is `me`"),
        ("{name: {$in: [a, b]}}", "`name` is `xchat`, asked is one of `a`, `b`"),
        (
            "{name: {$in: [a, b, c, d, e, f, g]}}",
            "`name` is `xchat`, asked is one of `a`, `b`, `c`, `d`, `e` and 2 more",
        ),
        ("{name: {$regex: ^k}}", "`name` is `xchat`, asked is a match of `^k`"),
        ("{name: {$not: {$regex: x}}}", "`name` is `xchat`, which `$not` excludes"),
        ("{$or: [{name: a}, {name: b}]}", "none of: `name` is `xchat`, asked is `a` | `name` is `xchat`, asked is `b`"),
        ("{$nor: [{name: a}, {name: xchat}]}", "what `$nor` excludes is the case (its part 2)"),
        ("{name: kde, version: '1'}", "`name` is `xchat`, asked is `kde`; `version` is `0.5`, asked is `1`"),
    ],
)
def test_what_does_not_hold_says_why(text: str, expected: str) -> None:
    assert compiled(text).why_not(FACTS) == expected


def test_only_equalities_that_must_hold_can_be_looked_up() -> None:
    condition = compiled(
        "{message_type: M, name: {$in: [a, b]}, release: {$regex: x}, $or: [{version: '1'}], epoch: null}"
    )

    assert equalities(condition) == {("message_type",): {"M"}, ("name",): {"a", "b"}}


def test_a_hostile_text_is_matched_only_at_its_beginning() -> None:
    condition = compiled("{name: {$regex: 'z$'}}")

    assert not condition.holds({"name": "a" * 1_000_000 + "z"})
