"""Output held to limits, and the layout of the command log."""
from __future__ import annotations

import io
from pathlib import Path

import pytest

from runner.command import Command, CommandResult
from runner.command_log import CMD_LOG_FILENAME, CMD_LOG_SEPARATOR, CommandLog
from runner.limits import Limits, LimitsReached
from runner.mask import Mask
from runner.output import Capture, HeadAndTail


@pytest.mark.parametrize("piece", [1, 3, 7, 1000])
def test_head_and_tail_are_kept_and_the_middle_is_counted(piece: int) -> None:
    file = io.BytesIO()
    data = bytes(range(97, 123)) * 2
    keeper = HeadAndTail(file, 5, 4)

    for start in range(0, len(data), piece):
        keeper.write(data[start:start + piece])
    keeper.finish()

    assert file.getvalue() == b"abcde\n[... 43 bytes left out here ...]\nwxyz"
    assert (keeper.total, keeper.dropped) == (52, 43)


def test_what_fits_is_kept_whole() -> None:
    file = io.BytesIO()
    keeper = HeadAndTail(file, 5, 4)

    keeper.write(b"abcdefghi")
    keeper.finish()
    keeper.finish()

    assert file.getvalue() == b"abcdefghi"
    assert keeper.dropped == 0


def test_a_capture_takes_what_fits_and_counts_the_rest(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "out", 5)

    capture.write(b"abc")
    capture.write(b"defg")
    capture.close()

    assert (tmp_path / "out").read_bytes() == b"abcde"
    assert (capture.size, capture.dropped) == (5, 2)


def test_the_log_of_a_command_has_the_layout_of_the_seed(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "a.rpm").touch()
    (work / "sub").mkdir()
    log = CommandLog(tmp_path / CMD_LOG_FILENAME, Limits(), LimitsReached())
    command = Command(("rpmlint", "a b.rpm"), work)

    log.begin(command).write(b"a.rpm: W: strange\n")
    log.end(command, CommandResult(64, "exited", 1.0))
    log.close()

    assert (tmp_path / "cmd-output.log").read_text() == (
        "cmd: rpmlint 'a b.rpm'\noutput (contains stdout and stderr):\na.rpm: W: strange\n\naborted: False\n"
        "returncode: 64\n\nFiles in working directory:\na.rpm\nsub/\n--------------------\n")
    assert CMD_LOG_SEPARATOR == "-" * 20


def test_a_captured_stdout_stands_after_the_commands_part(tmp_path: Path) -> None:
    log = CommandLog(tmp_path / "log", Limits(), LimitsReached())
    (tmp_path / "empty").mkdir()
    command = Command(("lintian",), tmp_path / "empty", capture_stdout=tmp_path / "captured")
    (tmp_path / "captured").write_text("E: bad")

    log.begin(command).write(b"warning\n")
    log.end(command, CommandResult(None, "aborted", 1.0))
    log.close()

    assert (tmp_path / "log").read_text() == (
        "cmd: lintian\noutput (contains stderr only, stdout was captured):\nwarning\n\naborted: True\n"
        "returncode: None\n\nFiles in working directory:\n--------------------\nE: bad\n--------------------\n")


def test_a_second_command_is_appended_and_the_head_is_shared(tmp_path: Path) -> None:
    reached = LimitsReached()
    log = CommandLog(tmp_path / "log", Limits(log_head_bytes=100_000, log_tail_bytes=10), reached)
    for _ in range(2):
        command = Command(("yes",), tmp_path)
        log.begin(command).write(b"y" * 100_000)
        log.end(command, CommandResult(0, "exited", 1.0))
    log.close()

    text = (tmp_path / "log").read_text()
    assert text.count("cmd: yes") == 2
    assert "bytes left out here" in text
    assert reached.sentences == ["cmd-output.log, output of `yes`: 33.6 KiB left out"]


@pytest.mark.parametrize("piece", [1, 2, 5, 100])
def test_a_secret_is_hidden_wherever_the_pieces_end(piece: int) -> None:
    seen: list[bytes] = []
    take, finish = Mask([b"hunter2\n", b"multi\nline2\n"]).stream(seen.append)
    text = b"my password is hunter2, yes hunter2! line2 stays? ok"

    for start in range(0, len(text), piece):
        take(text[start:start + piece])
    finish()

    assert b"".join(seen) == b"my password is ***, yes ***! *** stays? ok"
