"""The border to the bus: whatever arrives becomes a message or a fault, never an exception."""

from __future__ import annotations

import datetime
import json
import random
from typing import Any

import pika
import pytest

import trigger.delivery as module
from tests.trigger.samples import KOJI_TOPIC, koji_body
from trigger.delivery import plain, read_delivery

BODY = json.dumps(koji_body()).encode()


def read(body: bytes = BODY, **properties: Any) -> module.Delivery:
    return read_delivery(KOJI_TOPIC, pika.BasicProperties(**properties), body)


@pytest.mark.parametrize(
    ("properties", "fault"),
    [
        ({}, ""),
        ({"headers": None, "message_id": None}, ""),
        ({"content_encoding": "UTF-8"}, ""),
        ({"content_encoding": "ascii"}, ""),
        ({"content_encoding": "bogus"}, "content encoding `bogus` is not known; expected utf-8"),
        ({"content_encoding": "zlib"}, "content encoding `zlib` is not known; expected utf-8"),
        ({"content_encoding": "utf-7"}, "content encoding `utf-7` is not known; expected utf-8"),
        ({"headers": {"fedora_messaging_schema": ["a"]}}, "schema header is a list; expected text"),
        ({"headers": {"fedora_messaging_schema": 7}}, "schema header is a int; expected text"),
        ({"headers": {"fedora_messaging_schema": "nobody.knows.it"}}, ""),
        ({"headers": {"fedora_messaging_severity": "loud"}}, ""),
    ],
)
def test_properties_of_a_delivery_are_forgiven_or_named(properties: dict[str, Any], fault: str) -> None:
    delivery = read(**properties)

    assert delivery.fault == fault
    assert (delivery.message is None) is bool(fault)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"null", "`body` is a null or missing; expected an object"),
        (b"[]", "`body` is a list; expected an object"),
        (b'{"a": Infinity}', "is not JSON: holds `Infinity`"),
        (b"{" * 5000, "is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"[" * 5000 + b"]" * 5000, "is nested deeper than 100 levels"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "is nested deeper than 100 levels"),
        (b"\xff\xfe{}", "is not UTF-8: byte `0xff` at 0"),
        (b'{"a": "' + b"x" * 9_000_000 + b'"}', "has more than 8388608 bytes"),
    ],
    ids=str,
)
def test_a_body_that_is_none_is_named(body: bytes, fault: str) -> None:
    assert read(body).fault == fault


def test_the_limit_of_depth_is_not_one_too_low() -> None:
    assert read(b'{"a":' * 100 + b"1" + b"}" * 100).fault == ""


def test_chance_bytes_never_raise() -> None:
    chance = random.Random(7)
    for _ in range(2000):
        body = bytes(chance.choice(b'{}[]":,0123 \\uabctrfn\xff\x00') for _ in range(chance.randrange(40)))
        delivery = read(body)
        assert (delivery.message is None) is bool(delivery.fault)


def test_headers_are_kept_as_json_can_hold_them() -> None:
    headers = {"when": datetime.datetime(2026, 1, 2), "deep": {"a": {"b": {"c": {"d": {"e": 1}}}}}, "list": [1, b"x"]}

    assert json.loads(json.dumps(plain(headers)))["when"] == "2026-01-02T00:00:00"
