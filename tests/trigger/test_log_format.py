"""Log lines: the sentence, then the fields; nothing that a message brings along steers a terminal."""
from __future__ import annotations

import json
import logging

from trigger.log_format import JsonFormatter, TextFormatter


def record(**fields: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": "job scheduled", "levelname": "INFO", "created": 0.0, **fields})


def test_fields_follow_the_sentence_and_are_quoted_where_they_must_be() -> None:
    line = TextFormatter().format(record(build_id="8903", why="two words", seconds=1.5, nothing=None))

    assert line.endswith(' INFO job scheduled build_id=8903 why="two words" seconds=1.5')


def test_what_a_message_holds_cannot_steer_a_terminal() -> None:
    line = TextFormatter().format(record(message_id="\x1b[2Jid", why="a\nINFO a line of its own"))

    assert line.endswith(r'message_id=\x1b[2Jid why="a\\nINFO a line of its own"')


def test_machines_get_every_field_as_it_is() -> None:
    data = json.loads(JsonFormatter().format(record(message_id="\x1b[2Jid", seconds=1)))

    assert (data["message"], data["message_id"], data["seconds"]) == ("job scheduled", "\x1b[2Jid", 1)
