"""A publisher's schema says what it thinks of a message, and costs no event."""
from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

import trigger.publisher_schema as module
from trigger.delivery import read_delivery
from trigger.publisher_schema import PublisherSchemas

NAME = "strict.v1"


class Entry:
    """An entry point of a package of schemas."""

    def __init__(self, schema: dict[str, Any] | None) -> None:
        self.schema = schema

    def load(self) -> Any:
        if self.schema is None:
            raise ModuleNotFoundError("No module named `copr_common`")
        return SimpleNamespace(body_schema=self.schema)


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_entries", {
        NAME: Entry({"type": "object", "required": ["tag"]}), "broken.v1": Entry(None)})


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str, str]]:
    return [(record.levelno, record.getMessage(), getattr(record, "why", "")) for record in caplog.records]


def test_a_message_that_does_not_meet_its_schema_is_used_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "trigger.publisher_schema")
    schemas = PublisherSchemas()

    for body in ({"tag": "f36"}, {}, {}):
        schemas.look(NAME, body, "m")

    words = "a message does not meet its publisher's schema and is used all the same"
    assert said(caplog) == [(logging.WARNING, words, "'tag' is a required property"),
                            (logging.DEBUG, words, "'tag' is a required property")]


def test_a_broken_package_hurts_no_message_of_its_own_and_of_others(caplog: pytest.LogCaptureFixture) -> None:
    schemas = PublisherSchemas()

    for name in ("broken.v1", "broken.v1", "nobody.knows.it", NAME):
        schemas.look(name, {"tag": "f36"}, "m")

    assert said(caplog) == [(
        logging.WARNING, "the package of a publisher's schema is broken, its messages are used without it",
        "ModuleNotFoundError: No module named `copr_common`")]


@pytest.mark.parametrize("schema", [NAME, "broken.v1", "nobody.knows.it", "base.message"])
def test_the_same_message_comes_out_whatever_is_installed(schema: str) -> None:
    properties = SimpleNamespace(headers={"fedora_messaging_schema": schema}, content_encoding="utf-8", message_id="m")

    delivery = read_delivery("org.fedoraproject.prod.buildsys.tag", properties, json.dumps({"name": "x"}).encode())

    assert (delivery.fault, delivery.message and delivery.message.body) == ("", {"name": "x"})
