"""Messages in files of every kind: none is missed because of how they are kept."""
from __future__ import annotations

import gzip
import json
import os
import threading
from pathlib import Path

from click.testing import CliRunner

from tests.trigger.samples import koji_build, line
from trigger.cli import trigger
from trigger.stored import BrokenMessage, stored_messages

LINES = "\n".join(line(koji_build(f"m{number}")) for number in range(3)) + "\n"


def found(*paths: Path) -> list[str]:
    return [str(one) if isinstance(one, BrokenMessage) else f"{one.place} {one.id}" for one in stored_messages(*paths)]


def test_a_pipe_is_read_from_its_first_message_on(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_text, args=("\n" + LINES,))
    writing.start()

    messages = found(pipe)
    writing.join()

    assert messages == [f"{pipe}:2 m0", f"{pipe}:3 m1", f"{pipe}:4 m2"]


def test_a_packed_file_is_read_as_it_is_and_in_a_folder(tmp_path: Path) -> None:
    packed = tmp_path / "dump.jsonl.gz"
    packed.write_bytes(gzip.compress(LINES.encode()))

    assert found(packed) == found(tmp_path) == [f"{packed}:1 m0", f"{packed}:2 m1", f"{packed}:3 m2"]


def test_a_packed_file_that_is_cut_says_so_after_what_can_be_read(tmp_path: Path) -> None:
    packed = tmp_path / "dump.gz"
    many = "\n".join(line(koji_build(f"m{os.urandom(40).hex()}")) for _ in range(500))
    packed.write_bytes(gzip.compress(many.encode())[:-3000])

    messages = found(packed)

    assert len(messages) > 100
    assert messages[-1].startswith(f"{packed}: is packed with gzip and broken: ")
    assert messages[-1].endswith("; what came before was read")


def test_one_value_over_many_lines_is_read_whole_and_lines_after_a_broken_one_too(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.json", tmp_path / "broken.jsonl"
    whole.write_text(json.dumps([json.loads(text) for text in LINES.splitlines()], indent=1))
    broken.write_text("{\n" + LINES)

    assert found(whole) == [f"{whole}[0] m0", f"{whole}[1] m1", f"{whole}[2] m2"]
    assert [text.partition(" ")[0] for text in found(broken)] == [f"{broken}:1:", *(f"{broken}:{n}" for n in (2, 3, 4))]


def test_what_a_message_holds_cannot_steer_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"topic": "a.b.\x1b[31mred", "id": "x", "body": {"name": "\x1b[2J"}}))

    done = CliRunner().invoke(trigger, ["explain", str(tmp_path / "m.json")], color=True)

    assert "topic `" in done.stdout
    assert "\\x1b[31mred` is none of those that are read" in done.stdout
    assert "\x1b[31m" not in done.stdout
