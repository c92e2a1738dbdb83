"""What makes `checkotron run` pleasant by hand: outputs, many items, matrix, dry runs, doing it again."""
from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from checks.item import ITEM_TYPES
from checks.tap import read_tap
from tests.support.checkotron_process import ITEM, SAMPLE_CHECKS, checkotron, run_check, write_check
from tests.support.web_server import files_below, web_server

TWO = "run: {using: command, command: \"printf 'ok 1 - a\\nnot ok 2 - b\\n'\"}\n"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A check with a good and a bad result."""
    return write_check(tmp_path / "two", TWO)


def test_tap_goes_to_standard_output_and_words_to_standard_error(two: Path, tmp_path: Path) -> None:
    ran = run_check(two, tmp_path / "out", "--tap", "-")

    reading = read_tap(ran.stdout, testcase="x")
    assert [str(result.outcome) for result in reading.results] == ["PASSED", "FAILED"]
    assert reading.faults == ()
    assert "OK in" in ran.stderr


def test_junit_is_written(two: Path, tmp_path: Path) -> None:
    run_check(two, tmp_path / "out", "--junit", tmp_path / "junit.xml")

    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (suite.tag, suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("testsuite", "2", "1", "0")
    assert [case.get("classname") for case in suite] == ["scratch.two", "scratch.two"]


def test_junit_says_that_the_run_itself_broke(tmp_path: Path) -> None:
    check = write_check(tmp_path / "c", "run: {using: command, command: \"printf 'bad \\\\001 <&'; exit 127\"}\n")

    run_check(check, tmp_path / "out", "--junit", tmp_path / "junit.xml")

    error = ElementTree.parse(tmp_path / "junit.xml").getroot().find("testcase/error")
    assert error is not None
    assert error.get("type") == "check-crashed"


def test_json_has_the_report_and_the_results(two: Path, tmp_path: Path) -> None:
    answer = json.loads(run_check(two, tmp_path / "out", "--json").stdout)

    assert answer["execution"]["execution_status"] == "OK"
    assert [result["outcome"] for result in answer["results"]] == ["PASSED", "FAILED"]
    assert answer["folder"] == str(tmp_path / "out")


def test_a_reader_who_has_seen_enough_does_not_fail_the_run(two: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "checkotron", "run", two, "--item", "xchat-0.5-1.fc20", "--executor", "local",
             "--artifacts", tmp_path / "out"],
            stdout=nobody, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_quiet_says_nothing(two: Path, tmp_path: Path) -> None:
    ran = run_check(two, tmp_path / "out", "-q")

    assert (ran.stdout, ran.stderr) == ("", "")


def test_verbose_shows_what_the_check_prints(tmp_path: Path) -> None:
    check = write_check(tmp_path / "v", "actions:\n  - command: echo hello there\n  - command: {run: 'echo 1..0 > t'}\n"
                        "  - resultsdb: {file: t}\n")

    assert "hello there" in run_check(check, tmp_path / "out", "-v").stderr


def test_every_run_ends_with_the_line_that_repeats_it(two: Path, tmp_path: Path) -> None:
    ran = run_check(two, tmp_path / "out", "--arch", "x86_64")

    line = ran.stdout.rstrip().splitlines()[-1]
    assert line == (f"  once more:  checkotron run {two} --item xchat-0.5-1.fc20 --item-type koji_build --arch x86_64 "
                    "--executor local")
    assert checkotron(*line.split("checkotron ")[1].split()).returncode == 0


def test_keep_keeps_the_workspace_and_says_where(two: Path, tmp_path: Path) -> None:
    ran = run_check(two, tmp_path / "out", "--keep", CHECKOTRON_WORKSPACES=str(tmp_path / "ws"))

    (workspace,) = (tmp_path / "ws").iterdir()
    assert f"workspace:  {workspace}" in ran.stdout
    assert (workspace / "work").is_dir()


def test_a_dry_run_shows_the_plan_and_starts_nothing(tmp_path: Path) -> None:
    check = write_check(tmp_path / "plan", """\
actions:
  - {name: touch it, command: [touch, "${workdir}/${item}"], export: out}
  - {resultsdb: {results: "${out}"}}
""")

    ran = run_check(check, tmp_path / "out", "--dry-run")

    assert ran.exit_code == 0
    assert ran.stdout.splitlines()[7:] == [
        " 1. touch it (command)", "      touch WORKDIR/xchat-0.5-1.fc20", "      export: out",
        " 2. resultsdb (resultsdb)", "      results: ${out}"]
    assert not (tmp_path / "out").exists()


def test_a_dry_run_of_a_wrong_check_tells_the_faults(tmp_path: Path) -> None:
    ran = run_check(write_check(tmp_path / "w", "actions: [{nonono: {}}]\n"), tmp_path / "out", "--dry-run")

    assert ran.exit_code == 2
    assert "unknown directive `nonono`" in ran.stderr


def test_many_items_run_side_by_side_and_each_has_its_folder(two: Path, tmp_path: Path) -> None:
    (tmp_path / "items").write_text("a-1-1\nb-1-1 koji_build x86_64\n\n# not this\n"
                                    '{"item": "FEDORA-2026-04459ef8cf", "item_type": "bodhi_update"}\nbad one\na-1-1\n')

    done = checkotron("run", two, "--item-file", tmp_path / "items", "-j", "3", "--artifacts", tmp_path / "out",
                      "--executor", "local")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "FEDORA-2026-04459ef8cf", "a-1-1", "a-1-1-2", "b-1-1-x86_64", "bad"]
    assert done.returncode == 2
    assert "[5/5]" in done.stdout
    assert "4 of 5 runs worked" in done.stdout
    assert json.loads((tmp_path / "out" / "b-1-1-x86_64" / "execution.json").read_text())["arch"] == "x86_64"


@pytest.mark.parametrize(("text", "words"), [
    ("a b c d\n", "items:1: `a b c d` has more than an item, a type and an arch"),
    ('a-1-1\n{"it": 1}\n', "items:2: has no `item`"), ("{\n", "items:1: not valid JSON")])
def test_a_wrong_item_file_is_told_with_its_line(two: Path, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "items").write_text(text)

    done = checkotron("run", two, "--item-file", tmp_path / "items", "--artifacts", tmp_path / "out")

    assert done.returncode == 2
    assert words in done.stderr


def test_item_and_item_file_do_not_go_together(two: Path, tmp_path: Path) -> None:
    done = checkotron("run", two, "--item", ITEM, "--item-file", tmp_path / "items")

    assert done.returncode == 2
    assert "do not go together" in done.stderr


def test_a_matrix_runs_once_for_each_arch_and_one_folder_has_it_all(tmp_path: Path) -> None:
    check = write_check(tmp_path / "mx", "matrix: {arch: [x86_64, aarch64]}\nrun: {using: command, command: "
                        "'test $arch = x86_64'}\n")

    whole, one = run_check(check, tmp_path / "out"), run_check(check, tmp_path / "one", "--arch", "x86_64")

    assert whole.exit_code == 0
    assert [(result.arch, str(result.outcome)) for result in whole.results] == [
        ("aarch64", "FAILED"), ("x86_64", "PASSED")]
    assert whole.report["details"]["matrix"] == {"aarch64": "ok", "x86_64": "ok"}
    assert [result.arch for result in one.results] == ["x86_64"]


def test_a_part_of_a_matrix_that_breaks_makes_the_whole_not_ok(tmp_path: Path) -> None:
    check = write_check(tmp_path / "mx", "matrix: {arch: [x86_64, aarch64]}\nrun: {using: command, command: "
                        "'test $arch = x86_64 || kill -9 $$'}\n")

    ran = run_check(check, tmp_path / "out")

    assert ran.exit_code == 1
    assert ran.report["status"].startswith("aarch64: ")
    assert [result.arch for result in ran.results] == ["x86_64"]


def test_a_run_is_reproduced_from_its_folder_its_log_url_and_its_result_url(two: Path, tmp_path: Path) -> None:
    run_check(two, tmp_path / "web" / "logs" / "x", "--arch", "x86_64")
    (tmp_path / "web" / "api" / "v2.0" / "results").mkdir(parents=True)
    with web_server(files_below(tmp_path / "web", "")) as server:
        row = json.dumps({"ref_url": f"{server.url}/logs/x/"})
        (tmp_path / "web" / "api" / "v2.0" / "results" / "17").write_text(row)
        for what in (tmp_path / "web" / "logs" / "x", f"{server.url}/logs/x/", f"{server.url}/logs/x/results.tap",
                     f"{server.url}/api/v2.0/results/17"):
            again = checkotron("reproduce", what, "--artifacts", tmp_path / "again")

            assert again.returncode == 0, again.stderr
            assert "again: scratch.two on xchat-0.5-1.fc20 (koji_build), x86_64; then: OK (ok)" in again.stderr
            assert json.loads((tmp_path / "again" / "execution.json").read_text())["executor"] == "local"


def test_a_result_whose_log_is_gone_is_reproduced_from_what_it_says(two: Path, tmp_path: Path) -> None:
    row = {"ref_url": "http://127.0.0.1:9/gone", "testcase": {"name": "scratch.two"},
           "data": {"item": [ITEM], "type": ["koji_build"], "arch": ["x86_64"]}}
    (tmp_path / "web" / "results").mkdir(parents=True)
    (tmp_path / "web" / "results" / "3").write_text(json.dumps(row))
    with web_server(files_below(tmp_path / "web", "")) as server:
        again = checkotron("reproduce", f"{server.url}/results/3", "--artifacts", tmp_path / "again",
                           CHECKOTRON_CHECKS=str(two.parent))

    assert again.returncode == 0, again.stderr
    assert json.loads((tmp_path / "again" / "execution.json").read_text())["arch"] == "x86_64"


def test_a_check_that_has_changed_since_is_not_passed_off_as_the_same(two: Path, tmp_path: Path) -> None:
    run_check(two, tmp_path / "out")
    (two / "new.py").write_text("x = 1\n")

    refused = checkotron("reproduce", tmp_path / "out")
    allowed = checkotron("reproduce", tmp_path / "out", "--any-revision", "--artifacts", tmp_path / "again")

    assert refused.returncode == 2
    assert "check `two` has changed since that run" in refused.stderr
    assert allowed.returncode == 0


@pytest.mark.parametrize(("what", "words"), [
    ("nonono", "is no folder of a run, no build id and no URL"),
    ("11111111-1111-4111-8111-111111111111", "nothing runs with this state folder"),
    ("http://127.0.0.1:9/x", "no answer")])
def test_what_cannot_be_reproduced_is_told(what: str, words: str) -> None:
    done = checkotron("reproduce", what)

    assert done.returncode == 2
    assert words in done.stderr


def test_results_go_to_a_database_by_reporting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner starts reporting as a process of its own, and ends with 3 where it fails."""
    ran = run_check(SAMPLE_CHECKS / "passing", tmp_path / "out", "--report", "http://127.0.0.1:9")

    assert ran.exit_code == 3
    assert ran.report["execution_status"] == "OK"


def test_completion_offers_options_and_commands() -> None:
    done = checkotron(_CHECKOTRON_COMPLETE="bash_complete", COMP_WORDS="checkotron run --exec", COMP_CWORD="2")

    assert "plain,--executor" in done.stdout


def test_a_terminal_shows_the_action_that_runs_and_for_how_long(tmp_path: Path) -> None:
    check = write_check(tmp_path / "slow", "actions:\n  - {name: wait a moment, command: sleep 2.5}\n"
                        "  - {command: echo 1..0, export: t}\n  - {resultsdb: {results: '${t}'}}\n")

    text = _on_a_terminal([sys.executable, "-m", "checkotron", "run", str(check), "--item", ITEM, "--executor", "local",
                           "--artifacts", str(tmp_path / "out")])

    assert re.search(r"1/3 wait a moment.*1 s", text)
    assert "OK in" in text


def test_a_shell_opens_where_a_run_failed(tmp_path: Path) -> None:
    check = write_check(tmp_path / "fails", "actions:\n  - command: 'echo found > here; exit 3'\n")

    text = _on_a_terminal([sys.executable, "-m", "checkotron", "run", str(check), "--item", ITEM, "--executor", "local",
                           "--shell-on-failure", "--artifacts", str(tmp_path / "out")], b"cat here; exit\n")

    assert "the run failed; this shell is in its workspace" in text
    assert "found" in text


def _on_a_terminal(argv: list[str], typed: bytes = b"", seconds: float = 60) -> str:
    """Run a program on a terminal of its own, type something after a while, and return what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", SHELL="/bin/sh", COLUMNS="80")
        os.execv(argv[0], argv)
    shown = b""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            if typed and b"leave it with" in shown:
                os.write(terminal, typed)
                typed = b""
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(terminal)
    os.waitpid(pid, 0)
    return shown.decode("utf-8", "replace")


def test_the_help_has_an_example_of_every_item_type_and_every_exit_code() -> None:
    text = checkotron("run", "--help").stdout

    for kind in ITEM_TYPES.values():
        assert re.search(rf"{kind.name} +{re.escape(kind.example)}", text)
    for code in ("0", "1", "2", "3", "70", "130"):
        assert re.search(rf"^    {code} ", text, re.MULTILINE)


def test_many_runs_that_are_stopped_stop_all_and_leave_their_reports(tmp_path: Path) -> None:
    check = write_check(tmp_path / "slow", f"run: {{using: command, command: 'sleep 4{os.getpid()}'}}\n")
    (tmp_path / "items").write_text("".join(f"a-{number}-1\n" for number in range(9)))
    with subprocess.Popen([sys.executable, "-m", "checkotron", "run", str(check), "--item-file",
                           str(tmp_path / "items"), "-j", "2", "--artifacts", str(tmp_path / "out"), "--executor",
                           "local"], stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(list((tmp_path / "out").glob("*/cmd-output.log"))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.terminate()
        assert process.wait(timeout=60) == 143

    reports = [json.loads(path.read_text()) for path in (tmp_path / "out").glob("*/execution.json")]
    assert [report["code"] for report in reports] == ["aborted", "aborted"]
    assert subprocess.run(["pgrep", "-f", f"sleep 4{os.getpid()}"], capture_output=True, check=False).stdout == b""
