"""Messages of every age: their topics, envelopes and ids."""
from __future__ import annotations

import pytest

from trigger.message import BusMessage, UnreadableMessageError, make_message, message_from_dict, parse_body, split_topic


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("org.fedoraproject.prod.buildsys.tag", ("org.fedoraproject", "prod", "buildsys.tag")),
        ("org.fedoraproject.stg.buildsys.tag", ("org.fedoraproject", "stg", "buildsys.tag")),
        ("org.centos.stage.ci.pipeline.complete", ("org.centos", "stg", "ci.pipeline.complete")),
        ("io.pagure.dev.pagure.issue.new", ("io.pagure", "dev", "pagure.issue.new")),
        ("buildsys.tag", ("", "prod", "buildsys.tag")),
        ("fedoracollege.media.upload", ("", "prod", "fedoracollege.media.upload")),
        ("org.example.prod", ("", "prod", "org.example.prod")),
        ("", ("", "prod", "")),
    ],
)
def test_a_topic_has_a_prefix_or_none(topic: str, expected: tuple[str, str, str]) -> None:
    assert split_topic(topic) == expected


def test_a_message_without_an_id_is_named_by_its_content() -> None:
    one, same = BusMessage("a.b", {"x": 1, "y": 2}), BusMessage("a.b", {"y": 2, "x": 1})

    assert one.occurrence == same.occurrence
    assert one.occurrence.startswith("sha256:")
    assert BusMessage("a.b", {"x": 2}).occurrence != one.occurrence
    assert (BusMessage("a", {}, 17).occurrence, BusMessage("a", {}, "m").occurrence) == ("17", "m")


def test_lone_surrogates_have_a_digest_too() -> None:
    assert len(BusMessage("a", {"x": "\ud800"}).digest()) == 64


def test_an_old_envelope_is_taken_off() -> None:
    message = make_message("outer", {"topic": "org.fedoraproject.prod.x", "msg": {"a": 1}, "msg_id": "old"}, "new")

    assert (message.topic, message.body, message.id) == ("org.fedoraproject.prod.x", {"a": 1}, "old")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ([], "is a list; expected an object with `topic` and `body`"),
        ({"body": {}}, "`topic` is `None`; expected text of at most 255 characters"),
        ({"topic": "x" * 256, "body": {}}, "expected text of at most 255 characters"),
        ({"topic": "x", "body": "text"}, "`body` is a text; expected an object"),
        ({"topic": "x"}, "`body` is a null or missing; expected an object"),
    ],
)
def test_what_is_no_message_is_named(data: object, fault: str) -> None:
    with pytest.raises(UnreadableMessageError) as caught:
        message_from_dict(data)

    assert fault in str(caught.value)


def test_ids_of_other_types_are_none() -> None:
    assert message_from_dict({"topic": "x", "body": {}, "id": ["a"]}).id is None
    assert message_from_dict({"topic": "x", "body": {}, "id": True}).id is None
    assert message_from_dict({"topic": "x", "body": {}, "id": "x" * 300}).id is None


def test_half_a_character_becomes_a_question_mark_and_whole_ones_stay() -> None:
    """JSON can say it; a database, a terminal and the door cannot take it, and the trigger would try for ever."""
    body = parse_body(b'{"a\\udc00": ["x\\uD800y", {"b": "\\ud83d\\ude00"}], "c": 1e3, "d": "\\\\ud800"}')

    assert body == {"a?": ["x?y", {"b": "\U0001f600"}], "c": 1000.0, "d": "\\ud800"}
