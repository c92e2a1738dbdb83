"""What a wrong command line is told, before anything runs, and what a run leaves that never began."""
from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkotron_process import ITEM, checkotron, run_check, write_check

WORKS = "run: {using: command, command: 'true'}\n"


def test_an_empty_name_of_a_check_is_no_folder() -> None:
    done = checkotron("run", "", "--item", ITEM)

    assert done.returncode == 2
    assert "the check is an empty text; expected a name of the library, or a path" in done.stderr


@pytest.mark.parametrize("option", ["--junit", "--tap"])
def test_a_file_that_cannot_be_written_is_told_before_the_run(option: str, tmp_path: Path) -> None:
    ran = run_check(write_check(tmp_path / "works", WORKS), tmp_path / "out", option, tmp_path / "gone" / "x")

    assert ran.exit_code == 2
    assert f"`{option}`: no folder `{tmp_path / 'gone'}`; make it first" in ran.stderr
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "gone").exists()


def test_a_file_without_items_is_a_mistake(tmp_path: Path) -> None:
    done = checkotron("run", write_check(tmp_path / "works", WORKS), "--item-file", "/dev/null")

    assert done.returncode == 2
    assert "/dev/null: has no item; expected one a line, such as `xchat-0.5-1.fc20`" in done.stderr


@pytest.mark.parametrize(("check", "testcase"), [("./gone", "gone"), ("gone/gone.yml", "gone"), ("gone", "gone")])
def test_a_check_that_is_not_there_is_known_by_its_name_and_not_by_a_path(check: str, testcase: str, tmp_path: Path
                                                                          ) -> None:
    assert run_check(check, tmp_path / "out").report["testcase"] == testcase


def test_a_check_with_a_wrong_file_is_known_by_its_full_name(tmp_path: Path) -> None:
    check = write_check(tmp_path / "wrong", "namespace: dist\nactions: [{koij: {}}]\nbogus: 1\n")

    report = run_check(check, tmp_path / "out").report

    assert (report["testcase"], report["code"], report["exit_code"]) == ("dist.wrong", "wrong-check", 2)


@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_too_few_open_files_are_told_as_such(executor: str, tmp_path: Path) -> None:
    check = write_check(tmp_path / "works", WORKS)

    done = subprocess.run(
        [sys.executable, "-m", "checkotron", "run", str(check), "--item", ITEM, "--executor", executor, "--artifacts",
         str(tmp_path / "out")], capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (14, 14)))

    report = json.loads((tmp_path / "out" / "execution.json").read_text())
    assert (done.returncode, report["code"]) == (3, "surroundings-failed")
    assert report["status"].endswith(": Too many open files; raise the limit of open files, `ulimit -n`")
    assert report["status"].startswith("runner/")
    assert "Traceback" in (tmp_path / "out" / "run.log").read_text()


def test_a_sandbox_works_where_the_runner_itself_is_limited(tmp_path: Path) -> None:
    check = write_check(tmp_path / "works", "run: {using: command, command: 'ulimit -n'}\n")

    done = subprocess.run(
        [sys.executable, "-m", "checkotron", "run", str(check), "--item", ITEM, "--executor", "sandbox", "--artifacts",
         str(tmp_path / "out")], capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))

    assert done.returncode == 0, done.stdout
    assert "\n100\n" in (tmp_path / "out" / "cmd-output.log").read_text()


def test_what_is_known_of_the_item_and_where_the_check_is_from_goes_into_the_report(tmp_path: Path) -> None:
    check = write_check(tmp_path / "works", WORKS)

    ran = run_check(check, tmp_path / "out", "--fact", "task_id=7", "--fact", "issuer=a=b", "--check-repository",
                    "https://src.example.org/rpms/xchat", "--check-revision", "5e0ae23a")

    details = ran.report["details"]
    assert details["facts"] == {"task_id": "7", "issuer": "a=b"}
    assert details["repository"] == "https://src.example.org/rpms/xchat"
    assert details["revision"]["commit"] == "5e0ae23a"


@pytest.mark.parametrize("fact", ["task_id", "=7", "a-b=7", f"a={'x' * 1025}"])
def test_a_fact_is_a_name_and_a_value(fact: str, tmp_path: Path) -> None:
    ran = run_check(write_check(tmp_path / "works", WORKS), tmp_path / "out", "--fact", fact)

    assert ran.exit_code == 2
    assert "`--fact`: `" in ran.stderr
