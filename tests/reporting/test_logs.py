import logging

import pytest

from reporting.logs import FieldsFormatter


def line(message: str, **fields: object) -> str:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", "created": 0.0, **fields})
    return FieldsFormatter().format(record).partition(" ")[2]


def test_fields_stand_behind_the_sentence() -> None:
    assert line("result delivered", build_id="1", why="two words", number=3) == (
        'INFO result delivered build_id=1 why="two words" number=3')


@pytest.mark.parametrize("hostile", ["a\nERROR forged", "\x1b[2J", "x" * 10_000])
def test_nobody_writes_lines_of_his_own(hostile: str) -> None:
    written = line("result delivered", why=hostile)

    assert "\n" not in written
    assert "\x1b" not in written
    assert len(written) < 700
