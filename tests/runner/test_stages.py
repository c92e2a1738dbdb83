"""The stages: what a command finds, and that a result names a file as it is kept."""
from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from runner.stages import RunState
from tests.support.checkotron_process import run_check, write_check

TAP = """\
import os
def run(artifactsdir):
    for name in ({names}):
        os.makedirs(os.path.dirname(os.path.join(artifactsdir, name)), exist_ok=True)
        open(os.path.join(artifactsdir, name), "w").write("mine")
    return [{{"outcome": "PASSED", "artifact": name}} for name in ({named})]
"""


@pytest.mark.parametrize("actions", [
    "run: {using: python-function, file: v.py}\n",
    "actions:\n  - {python: {file: v.py}, export: r}\n  - {resultsdb: {results: '${r}'}}\n"])
def test_a_result_names_the_file_as_it_is_kept(actions: str, tmp_path: Path) -> None:
    names = "'junit.xml', 'check/log', './plain.log', 'sub/re\x1bd.log'"
    check = write_check(tmp_path / "names", actions, v=TAP.format(names=names, named=f"{names}, 'cmd-output.log'"))

    ran = run_check(check, tmp_path / "out")

    named = [result.artifact for result in ran.results]
    assert named == ["artifact-junit.xml", "artifact-check/log", "plain.log", "sub/re_x1bd.log", "cmd-output.log"]
    assert all((tmp_path / "out" / str(name)).is_file() for name in named)
    assert (tmp_path / "out" / str(named[0])).read_text() == "mine"


@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_a_check_that_its_image_carries_is_not_brought_along(executor: str, tmp_path: Path) -> None:
    text = "run: {using: command, command: 'ls -A \"$CHECKDIR\" | wc -l', checkout: %s}\n"
    check = write_check(tmp_path / "carried", text % "false", script="")
    brought = write_check(tmp_path / "brought", text % "true", script="")

    carried = run_check(check, tmp_path / "out1", executor=executor)
    usual = run_check(brought, tmp_path / "out2", executor=executor)

    assert carried.exit_code == 0, carried.report["status"]
    assert "\n0\n" in carried.log()
    assert "\n2\n" in usual.log()


def test_facts_that_were_given_go_before_those_that_were_found() -> None:
    nothing = cast(Any, None)
    state = RunState(nothing, nothing, nothing, nothing, 0.0)

    state.note("facts", {"task_id": "7", "issuer": "given"})
    state.note("facts", {"issuer": "found", "scratch": "false"})

    assert state.details["facts"] == {"task_id": "7", "issuer": "given", "scratch": "false"}
