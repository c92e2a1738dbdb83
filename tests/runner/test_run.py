"""Whole runs as everybody starts them: what they leave, how they end, what they say."""
from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checks.contracts import ExecutionReport
from tests.support.checkotron_process import ITEM, SAMPLE_CHECKS, checkotron, run_check, write_check
from tests.support.package_store import add_build

FORMULA = """\
namespace: dist
desc: What a formula of 2014 looked like.
maintainer: tflink
input:
    args: koji_build, arch
environment:
    rpm:
        - rpmlint
actions:
    - name: download rpms from koji
      koji:
          action: download
          koji_build: ${koji_build}
          arch: $arch
          src: True
    - name: look at them
      python:
          file: look.py
          callable: run
          workdir: ${workdir}
          item: ${item}
      export: look_output
    - name: report results to resultsdb
      resultsdb:
          results: ${look_output}
"""
LOOK = """\
import os
def run(workdir, item):
    names = sorted(name for name in os.listdir(workdir) if name.endswith(".rpm"))
    print("looked at", names)
    return "TAP version 13\\n1..1\\nok - $CHECKNAME for Koji build %s\\n  ---\\n  item: %s\\n  type: koji_build\\n" \\
        "  outcome: PASSED\\n  summary: '%s'\\n  ...\\n" % (item, item, " ".join(names))
"""


@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_a_formula_of_2014_runs_unchanged(executor: str, tmp_path: Path) -> None:
    add_build(tmp_path / "store", ITEM)
    check = write_check(tmp_path / "rpmlook", FORMULA, look=LOOK)

    ran = run_check(check, tmp_path / "out", "--arch", "x86_64", "--koji-store", tmp_path / "store", executor=executor)

    assert ran.exit_code == 0, ran.stdout + ran.stderr
    assert [(result.testcase, str(result.outcome), result.summary) for result in ran.results] == [
        ("dist.rpmlook", "PASSED",
         "xchat-0.5-1.fc20.src.rpm xchat-0.5-1.fc20.x86_64.rpm xchat-doc-0.5-1.fc20.noarch.rpm")]
    assert "looked at ['xchat-0.5-1.fc20.src.rpm'" in ran.log()


def test_a_run_leaves_results_report_input_and_logs(tmp_path: Path) -> None:
    ran = run_check(SAMPLE_CHECKS / "passing", tmp_path / "out", "--arch", "x86_64")

    assert sorted(path.name for path in ran.folder.iterdir()) == [
        "cmd-output.log", "execution.json", "input.json", "results.tap", "run.log", "stages.log"]
    report = ExecutionReport.from_dict(ran.report)
    assert (report.execution_status, report.code, report.exit_code) == ("OK", "ok", 0)
    assert json.loads(ran.log("input.json")) == {"item": ITEM, "item_type": "koji_build", "build_id": "-1000",
                                                 "arch": "x86_64", "testcase": "scratch.passing"}
    assert [line.split()[1] for line in ran.log("stages.log").splitlines()] == [
        "fetch", "prepare", "execute", "collect", "publish", "clean_up"]
    assert all("build_id=-1000 item=xchat-0.5-1.fc20" in line for line in ran.log("run.log").splitlines())


def test_a_failed_item_is_a_successful_run(tmp_path: Path) -> None:
    ran = run_check(SAMPLE_CHECKS / "python_tap", tmp_path / "out")

    assert ran.exit_code == 0
    assert ran.report["execution_status"] == "OK"
    assert [str(result.outcome) for result in ran.results] == ["FAILED"]
    assert ran.results[0].summary == "5 ERRORS, 10 WARNINGS"
    assert "FAILED dist.python_tap for Koji build xchat-0.5-1.fc20" in ran.stdout


@pytest.mark.parametrize(("name", "text", "files", "code", "words"), [
    ("crashing", "run: {using: python-function, file: c.py}\n", {"c": "def run():\n    raise ValueError('boom')\n"},
     "check-crashed", "ValueError: boom (c.py:2)"),
    ("syntax", "run: {using: python-function, file: c.py}\n", {"c": "def run(:\n"}, "check-crashed", "SyntaxError"),
    ("nofunction", "run: {using: python-function, file: c.py}\n", {"c": "x = 1\n"}, "check-crashed", "has no `run`"),
    ("arguments", "run: {using: python-function, file: c.py, arguments: {a: 1}}\n",
     {"c": "def go(b): pass\nglobals()['run'] = go\n"}, "check-crashed", "the function takes: b"),
    ("exits", "run: {using: python-function, file: c.py}\n", {"c": "import os\ndef run(): os._exit(0)\n"},
     "check-crashed", "ended with exit code 0 without an answer"),
    ("segfault", "run: {using: python-function, file: c.py}\n",
     {"c": "import os, signal\ndef run(): os.kill(os.getpid(), signal.SIGSEGV)\n"}, "check-crashed", "signal 11"),
    ("sysexit", "run: {using: python-function, file: c.py}\n", {"c": "import sys\ndef run(): sys.exit(3)\n"},
     "check-crashed", "it called sys.exit(3)"),
    ("strange", "run: {using: python-function, file: c.py}\n", {"c": "def run(): return object()\n"},
     "check-crashed", "returned a object, which cannot be passed on"),
    ("silent", "actions: [{command: [echo, hello]}]\n", {}, "no-results", "gave no results"),
    ("nothing", "run: {using: python-function, file: c.py}\n", {"c": "def run(): pass\n"}, "bad-results", "is empty"),
    ("prose", "run: {using: python-function, file: c.py}\n", {"c": "def run(): return 'all is well'\n"}, "bad-results",
     "is neither TAP nor `results:`; it begins with `all is well`"),
    ("short", "run: {using: command, command: 'echo 1..3; echo ok 1'}\n", {}, "bad-results",
     "the plan promises 3 tests, 1 came"),
    ("bail", "run: {using: command, command: 'echo ok 1; echo Bail out! no disk'}\n", {}, "check-crashed",
     "the check bailed out: no disk"),
    ("hanging", "timeout: 1\nrun: {using: command, command: sleep 60}\n", {}, "timed-out", "its time"),
    ("quiet", "silence_timeout: 1\nrun: {using: command, command: sleep 60}\n", {}, "timed-out", "printed nothing"),
    ("nocommand", "run: {using: command, command: [nonono]}\n", {}, "command-not-found", "`nonono` cannot be started"),
    ("noshellcommand", "run: {using: command, command: nonono -x}\n", {}, "check-crashed", "exit code 127"),
    ("failing", "actions: [{command: [sh, -c, exit 3]}, {dummy: {}}]\n", {}, "check-crashed", "ended with exit code 3"),
    ("dummyfail", "actions: [{dummy: {result: FAIL, msg: told so}}]\n", {}, "check-crashed", "told so"),
    ("taplies", "run: {using: command, command: 'echo ok 1; exit 3'}\n", {}, "check-crashed",
     "its TAP says nothing of a failure"),
])
@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_a_broken_check_is_not_ok_and_says_why(name: str, text: str, files: dict[str, str], code: str, words: str,
                                               executor: str, tmp_path: Path) -> None:
    check = write_check(tmp_path / name, text, **files)

    ran = run_check(check, tmp_path / "out", executor=executor)

    assert ran.exit_code == 1, ran.stdout + ran.stderr
    assert (ran.report["execution_status"], ran.report["code"]) == ("NOT_OK", code)
    assert words in ran.report["status"]
    assert "NOT_OK" in ran.stdout
    assert "Traceback (most recent call last)" not in ran.stderr
    assert ran.log("results.tap").startswith("TAP version 13\n")
    assert ran.log("stages.log").splitlines()[-1].split()[1] == "clean_up"


def test_a_tool_that_is_not_there_is_the_machines_fault_and_not_the_checks(tmp_path: Path) -> None:
    check = write_check(tmp_path / "needs", "environment: {tools: [sh, zzz-tool]}\n"
                        "run: {using: command, command: [zzz-tool]}\n")

    ran = run_check(check, tmp_path / "out")

    assert ran.exit_code == 3
    assert ran.report["code"] == "tool-missing"
    assert "`zzz-tool`; `checkotron checks doctor needs`" in ran.report["status"]
    assert ran.results == ()


@pytest.mark.parametrize(("text", "words"), [
    ("actions: [{koij: {action: download}}]\n", "actions[0].koij: unknown directive `koij`; did you mean `koji`?"),
    ("actions: [{koji: {action: downlod}}]\n", "actions[0].koji.action: `downlod` is not allowed here; did you mean"),
    ("actions: [{command: ['echo', '${iten}']}]\n", "unknown variable `iten`; did you mean `item`?"),
    ("actions: [{python: {file: nothing.py}}]\n", "`nothing.py` is not in the check's folder"),
    ("input: {item_type: bodhi_update}\nactions: [{dummy: {}}]\n", "takes `bodhi_update`, not `koji_build`"),
    ("input: {args: [koji_build, distro]}\nactions: [{dummy: {}}]\n", "`distro` is needed by the check"),
    ("actions: [{dummy: {}, export: 7x}]\n", "expected a variable's name"),
    ("nothing: here\n", "unknown key `nothing`"),
    ("actions: [\n", "not valid YAML"),
])
def test_a_wrong_check_file_runs_nothing_and_exits_2(text: str, words: str, tmp_path: Path) -> None:
    check = write_check(tmp_path / "wrong", text)

    ran = run_check(check, tmp_path / "out")

    assert ran.exit_code == 2
    assert words in ran.report["status"]
    assert words.split("`")[0] in ran.stdout + ran.stderr
    assert (ran.report["code"], ran.report["exit_code"]) == ("wrong-check", 2)
    assert ran.results == ()
    assert not (ran.folder / "cmd-output.log").exists()


@pytest.mark.parametrize(("arguments", "words"), [
    (["--item", "x; rm -rf /"], "`x; rm -rf /` is not a Koji build; expected something like `xchat-0.5-1.fc20`"),
    (["--item", "../../etc/passwd"], "is not a Koji build"),
    (["--item", ITEM, "--item-type", "koji_buld"], "unknown item type `koji_buld`; did you mean `koji_build`?"),
    ([], "`--item` is missing; say which koji_build to check, such as `--item xchat-0.5-1.fc20`"),
    (["--item", ITEM, "--build-id", "../x"], "build id `../x` is neither a UUID nor -1000"),
    (["--item", "x" * 600], "has 600 characters; at most 512 are allowed"),
])
def test_a_wrong_command_line_exits_2_and_leaves_a_report(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = checkotron("run", SAMPLE_CHECKS / "passing", "--artifacts", tmp_path / "out", *arguments)

    assert done.returncode == 2
    assert words in done.stderr
    assert json.loads((tmp_path / "out" / "execution.json").read_text())["code"] == "wrong-check"
    assert (tmp_path / "out" / "results.tap").read_text() == "TAP version 13\n1..0\n"


def test_a_build_that_is_not_there_exits_3(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()

    ran = run_check("rpmlint", tmp_path / "out", "--koji-store", tmp_path / "store")

    assert ran.exit_code == 3
    assert ran.report["code"] == "no-such-build"
    assert "build `xchat-0.5-1.fc20` is not in" in ran.report["status"]


def test_a_bug_of_the_runner_exits_70_with_its_traceback(tmp_path: Path) -> None:
    broken = ("import sys, runner.stages as stages\n"
              "def collect(state): raise ZeroDivisionError('never here')\n"
              "stages.collect = collect\nimport checkotron\nsys.argv[0] = 'checkotron'\ncheckotron.main()\n")

    done = subprocess.run([sys.executable, "-c", broken, "run", str(SAMPLE_CHECKS / "passing"), "--item", ITEM,
                           "--artifacts", str(tmp_path / "out")], capture_output=True, text=True, check=False)

    report = json.loads((tmp_path / "out" / "execution.json").read_text())
    assert done.returncode == 70
    assert (report["code"], report["exit_code"]) == ("bug", 70)
    assert "ZeroDivisionError: never here" in done.stderr
    assert "Traceback" in (tmp_path / "out" / "run.log").read_text()


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_a_run_that_is_stopped_cleans_up_and_says_so(number: signal.Signals, exit_code: int, executor: str,
                                                     tmp_path: Path) -> None:
    check = write_check(tmp_path / "long", "run: {using: command, command: 'echo half > $artifactsdir/half; "
                        f"sleep 9{os.getpid()}'}}\n")
    out = tmp_path / "out"
    with subprocess.Popen([sys.executable, "-m", "checkotron", "run", str(check), "--item", ITEM, "--artifacts",
                           str(out), "--executor", executor], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "CHECKOTRON_WORKSPACES": str(_open_folder(tmp_path))}) as process:
        _wait_for(lambda: any((tmp_path / "ws").glob("*/artifacts/half")))
        process.send_signal(number)
        begin = time.monotonic()
        process.communicate(timeout=60)

    report = json.loads((out / "execution.json").read_text())
    assert process.returncode == exit_code
    assert time.monotonic() - begin < 40
    assert (report["code"], report["status"]) == ("aborted", f"stopped by {number.name}")
    assert (out / "half").read_text() == "half\n"
    assert "aborted: True" in (out / "cmd-output.log").read_text()
    assert list((tmp_path / "ws").iterdir()) == []
    assert subprocess.run(["pgrep", "-f", f"sleep 9{os.getpid()}"], capture_output=True, check=False).stdout == b""


def test_the_workspace_is_removed_also_after_a_crash(tmp_path: Path) -> None:
    check = write_check(tmp_path / "c", "actions:\n  - command: 'mkdir -p a/b; chmod 0 a; exit 3'\n")

    run_check(check, tmp_path / "out", CHECKOTRON_WORKSPACES=str(_open_folder(tmp_path)))

    assert list((tmp_path / "ws").iterdir()) == []


def test_cleaning_actions_run_after_a_failure_and_the_first_failure_is_told(tmp_path: Path) -> None:
    check = write_check(tmp_path / "tidy", """\
actions:
  - {name: first, command: "exit 3"}
  - {name: never, command: "echo never"}
  - {name: tidy, command: "echo tidied", always: true}
""")

    ran = run_check(check, tmp_path / "out")

    assert "action `first` (command)" in ran.report["status"]
    assert [action["name"] for action in ran.report["details"]["actions"]] == ["first", "tidy"]


def test_an_action_that_may_fail_does_not_end_the_run(tmp_path: Path) -> None:
    check = write_check(tmp_path / "may", """\
actions:
  - {command: "exit 3", ignore_failure: true}
  - {command: {run: "exit 4", ignore_return: true}}
  - {shell: [{ignorereturn: ["exit 5", [sh, -c, exit 6]]}, "echo 1..0 > tap"]}
  - {resultsdb: {file: tap}}
""")

    assert run_check(check, tmp_path / "out").exit_code == 0


def test_an_action_has_a_time_of_its_own(tmp_path: Path) -> None:
    check = write_check(tmp_path / "slow", "actions:\n  - {command: sleep 60, timeout: 0.3}\n")

    status = run_check(check, tmp_path / "out").report["status"]

    assert re.search(r"was stopped after \d+\.\d s: its time of 0\.3 s was used up", status), status


def test_a_value_is_never_read_as_shell_code(tmp_path: Path) -> None:
    check = write_check(tmp_path / "evil", """\
actions:
  - {command: "printf '%s' '; touch pwned; $(touch pwned2)'", export: evil}
  - {command: "echo got ${evil}; ls; echo 1..0 > tap"}
  - {resultsdb: {file: tap}}
""")

    ran = run_check(check, tmp_path / "out")

    assert ran.exit_code == 0
    assert "got ; touch pwned; $(touch pwned2)" in ran.log()
    assert "\npwned" not in ran.log()


def test_by_hand_the_exitcode_directive_decides_and_in_production_never(tmp_path: Path) -> None:
    check = write_check(tmp_path / "code", """\
actions:
  - {command: "printf 'ok 1\\nnot ok 2\\nok 3\\n'", export: tap}
  - {resultsdb: {results: "${tap}"}}
  - {exitcode: {result_worst: "${tap}"}}
  - {exitcode: {result_last: "${tap}"}}
""")
    build_id = "11111111-1111-4111-8111-111111111111"

    assert run_check(check, tmp_path / "out").exit_code == 100
    assert run_check(check, tmp_path / "out", "--build-id", build_id).exit_code == 0
    assert run_check(SAMPLE_CHECKS / "python_tap", tmp_path / "out", "--exit-by-outcome").exit_code == 100


def test_a_full_disk_is_not_the_checks_fault(tmp_path: Path) -> None:
    check = write_check(tmp_path / "p", "run: {using: command, command: 'true'}\n")
    done = checkotron("run", check, "--item", ITEM, "--executor", "local", "--artifacts", "/dev/full/x")

    assert done.returncode == 3


def test_a_run_works_without_a_home_or_a_terminal(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "checkotron", "run", str(SAMPLE_CHECKS / "passing"), "--item", ITEM,
                           "--artifacts", str(tmp_path / "out")], capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL)

    assert done.returncode == 0, done.stderr


def _open_folder(tmp_path: Path) -> Path:
    """A folder that the sandbox's user may enter."""
    folder = tmp_path / "ws"
    folder.mkdir(exist_ok=True)
    for part in (folder, *folder.parents):
        if str(part).startswith(os.environ.get("TMPDIR", "/tmp")) and part != Path("/tmp"):
            part.chmod(part.stat().st_mode | 0o011)
    return folder


def _wait_for(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.02)


def test_a_download_that_hangs_is_aborted_at_once(tmp_path: Path) -> None:
    """A server that takes the connection and says nothing: neither the time of the run nor a signal waits for it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        store = f"http://127.0.0.1:{server.getsockname()[1]}/packages"
        begin = time.monotonic()
        check = write_check(tmp_path / "hangs", "timeout: 1\nactions:\n"
                            "  - koji: {action: download, koji_build: $item}\n")
        ran = run_check(check, tmp_path / "out", "--koji-store", store)
        assert (ran.exit_code, ran.report["code"]) == (1, "timed-out")
        assert time.monotonic() - begin < 60

        with subprocess.Popen([sys.executable, "-m", "checkotron", "run", "rpmlint", "--item", ITEM, "--koji-store",
                               store, "--artifacts", str(tmp_path / "two")], stdout=subprocess.DEVNULL) as process:
            _wait_for(lambda: "action starts" in _text(tmp_path / "two" / "run.log"))
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    assert process.returncode == 143
    assert json.loads((tmp_path / "two" / "execution.json").read_text())["code"] == "aborted"


def test_a_script_runs_by_its_own_first_line(tmp_path: Path) -> None:
    check = write_check(tmp_path / "script", """\
actions:
  - command: |
      #!/usr/bin/python3
      import os
      print("ok 1 -", os.environ["item"], os.environ["arch"])
    export: tap
  - resultsdb: {results: "${tap}"}
""")

    for executor in ("local", "sandbox"):
        assert run_check(check, tmp_path / executor, executor=executor).results[0].summary == "xchat-0.5-1.fc20 noarch"


def test_a_folder_with_too_much_in_it_is_not_copied_into_a_sandbox(tmp_path: Path) -> None:
    check = write_check(tmp_path / "home", "run: {using: command, command: 'true'}\n")
    with open(check / "big", "wb") as file:
        file.truncate(300 * 2**20)

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert (ran.exit_code, ran.report["code"]) == (3, "no-workspace")
    assert "give the check a folder of its own" in ran.report["status"]


def test_a_check_is_told_where_it_comes_from(tmp_path: Path) -> None:
    check = write_check(tmp_path / "r" / "env", "run: {using: command, command: 'env; exit 1'}\n")
    for argv in (["init", "-q"], ["add", "."], ["remote", "add", "origin", "https://example.org/r.git"],
                 ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "x"]):
        subprocess.run(["git", *argv], cwd=tmp_path / "r", check=True)

    output = run_check(check, tmp_path / "out", "--arch", "x86_64").results[0].output or ""

    for line in ("CHECK_REPOSITORY=https://example.org/r.git", "CHECK_REV=", "ITEM=xchat-0.5-1.fc20", "ARCH=x86_64",
                 "ITEM_TYPE=koji_build", "BUILD_ID=-1000", "TESTCASE=scratch.env", "WORKDIR=", "ARTIFACTSDIR=",
                 "CHECKDIR="):
        assert f"\n{line}" in f"\n{output}"


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_cleaning_actions_run_after_a_stop_and_after_the_time(tmp_path: Path) -> None:
    text = """\
timeout: {timeout}
actions:
  - {{name: long, command: sleep 60}}
  - {{name: tidy, command: "echo tidied > $artifactsdir/tidy", always: true}}
"""
    timed = run_check(write_check(tmp_path / "timed", text.format(timeout=1)), tmp_path / "out")
    check = write_check(tmp_path / "stopped", text.format(timeout=60))
    with subprocess.Popen([sys.executable, "-m", "checkotron", "run", str(check), "--item", ITEM, "--executor", "local",
                           "--artifacts", str(tmp_path / "two")], stdout=subprocess.DEVNULL) as process:
        _wait_for(lambda: "sleep 60" in _text(tmp_path / "two" / "cmd-output.log"))
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)

    assert (timed.report["code"], timed.log("tidy")) == ("timed-out", "tidied\n")
    assert (process.returncode, (tmp_path / "two" / "tidy").read_text()) == (143, "tidied\n")


def test_a_private_folder_for_temporary_files_does_not_keep_the_sandbox_from_working(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    ran = run_check(SAMPLE_CHECKS / "passing", tmp_path / "out", executor="sandbox", TMPDIR=str(private))

    assert ran.exit_code == 0, ran.stdout + ran.stderr


def test_root_is_refused_before_anything_runs_where_the_executor_cannot(tmp_path: Path) -> None:
    check = write_check(tmp_path / "root", "actions:\n  - command: 'touch $artifactsdir/ran'\n"
                        "  - command: {run: [id], as_root: true}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert ran.exit_code == 2
    assert "actions[1].command.as_root: executor `sandbox` cannot run commands as root" in ran.report["status"]
    assert not (ran.folder / "ran").exists()


@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_a_program_of_the_check_is_found_in_its_folder(executor: str, tmp_path: Path) -> None:
    check = write_check(tmp_path / "own", "run: {using: command, command: [./look.sh, $item]}\n")
    (check / "look.sh").write_text("#!/bin/sh\necho ok 1 - looked at $1\n")
    (check / "look.sh").chmod(0o755)

    assert run_check(check, tmp_path / "out", executor=executor).results[0].summary == f"looked at {ITEM}"


def test_a_shell_that_does_not_find_a_program_of_the_check_is_told_where_it_is(tmp_path: Path) -> None:
    check = write_check(tmp_path / "own", "run: {using: command, command: ./look.sh}\n")

    assert "the check's own files are in $CHECKDIR" in run_check(check, tmp_path / "out").report["status"]
