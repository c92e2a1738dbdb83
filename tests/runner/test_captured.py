"""Captured output: as a parameter of later actions, and opened with care."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.captured import TEXT_LIMIT_BYTES, Captured, CapturedError
from runner.directive import ParametersError
from runner.directives.dummy import Dummy
from runner.directives.koji import Koji
from runner.directives.resultsdb import Resultsdb
from tests.support.checkotron_process import run_check, write_check


def captured(tmp_path: Path, text: str) -> Captured:
    path = tmp_path / "captured"
    path.write_text(text)
    return Captured(path)


def test_output_is_a_text_where_a_text_is_expected(tmp_path: Path) -> None:
    output = captured(tmp_path, "x86_64\n")

    given = Koji({"action": "download", "koji_build": output, "arch": [output, "noarch"]}).parameters

    assert (given["koji_build"], given["arch"]) == ("x86_64", ("x86_64", "noarch"))


def test_output_stays_a_file_where_anything_is_taken(tmp_path: Path) -> None:
    output = captured(tmp_path, "1..0\n")

    assert Resultsdb({"results": output}).parameters["results"] is output


def test_output_is_held_to_the_rules_of_the_parameter(tmp_path: Path) -> None:
    with pytest.raises(ParametersError, match="`nonono` is not allowed here"):
        Koji({"action": captured(tmp_path, "nonono"), "koji_build": "xchat-0.5-1.fc20"})


def test_output_too_large_for_a_text_is_a_fault_of_that_parameter(tmp_path: Path) -> None:
    with pytest.raises(ParametersError, match="msg: the captured output is larger than"):
        Dummy({"msg": captured(tmp_path, "x" * (TEXT_LIMIT_BYTES + 1))})


def test_a_whole_value_in_a_check_can_be_what_a_command_printed(tmp_path: Path) -> None:
    check = write_check(tmp_path / "pass-on", """\
actions:
  - {command: "echo said", export: said}
  - {command: [printf, "%s|", "${said}", "so: ${said}"]}
  - {command: "printf 'TAP version 13\\n1..0\\n' > said", export: nothing}
  - {resultsdb: {file: "${said}"}}
""")

    ran = run_check(check, tmp_path / "out")

    assert ran.exit_code == 0, ran.report["status"]
    assert "said|so: said|" in ran.log()


def test_a_folder_in_place_of_the_output_is_refused_and_leaves_nothing_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))

    with pytest.raises(CapturedError, match="no plain file"):
        Captured(tmp_path).open()

    assert len(os.listdir("/proc/self/fd")) == before
