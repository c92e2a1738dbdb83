"""Checks that do bad things on purpose, in the sandbox: each is contained, and what was contained is said."""
from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.checkotron_process import SAMPLE_CHECKS, Ran, run_check, write_check


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What came of each attempt of the hostile sample check, with a real server and a real process to aim at."""
    folder = tmp_path_factory.mktemp("hostile")
    with socket.create_server(("127.0.0.1", 0)) as server, subprocess.Popen(["sleep", "60"]) as target:
        text = (SAMPLE_CHECKS / "hostile" / "hostile.yml").read_text() + (
            f"environment: {{variables: {{HOST_PORT: '{server.getsockname()[1]}', HOST_PID: '{target.pid}'}}}}\n")
        check = write_check(folder / "hostile", text, hostile=(SAMPLE_CHECKS / "hostile" / "hostile.py").read_text())
        ran = run_check(check, folder / "out", executor="sandbox")
        assert target.poll() is None
        target.kill()
    assert ran.exit_code == 0, ran.stdout + ran.stderr
    lines = (ran.results[0].output or "").splitlines()
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize("attempt", [
    "write /usr", "write /etc", "write own check", "read shadow", "list root's home", "list homes", "net outside",
    "net loopback", "mount", "remount", "namespace", "ptrace", "kill",
])
def test_the_sandbox_refuses(attempt: str, tried: dict[str, str]) -> None:
    assert tried[attempt].startswith("refused"), tried[attempt]


def test_nothing_of_the_host_was_changed(tried: dict[str, str]) -> None:
    assert not Path("/usr/was-here").exists()
    assert not Path("/etc/was-here").exists()


def test_the_sandbox_has_no_capabilities_no_privileges_and_a_filter(tried: dict[str, str]) -> None:
    assert "CapEff:\\t0000000000000000" in tried["caps"]
    assert "NoNewPrivs:\\t1" in tried["caps"]
    assert "Seccomp:\\t2" in tried["caps"]


def test_the_sandbox_shows_only_its_own_processes(tried: dict[str, str]) -> None:
    assert int(tried["processes"]) <= 3


def test_no_credential_of_the_environment_comes_into_the_sandbox(tmp_path: Path) -> None:
    check = write_check(tmp_path / "env", "run: {using: command, command: 'env; exit 1'}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox", GITHUB_TOKEN="hunter2", DB_PASSWORD="hunter2",
                    SOMETHING="hunter2")

    assert "hunter2" not in (ran.results[0].output or "")


def test_no_credential_of_the_environment_comes_to_a_local_check(tmp_path: Path) -> None:
    check = write_check(tmp_path / "env", "run: {using: command, command: 'env; exit 1'}\n")

    ran = run_check(check, tmp_path / "out", GITHUB_TOKEN="hunter2", DB_PASSWORD="hunter2",
                    AWS_SECRET_ACCESS_KEY="hunter2")

    assert "hunter2" not in (ran.results[0].output or "")


def test_a_fork_bomb_is_held(tmp_path: Path) -> None:
    bomb = ("import os, time\n"
            "def run():\n"
            "    made = 0\n"
            "    try:\n"
            "        while True:\n"
            "            if os.fork() == 0:\n"
            "                time.sleep(60)\n"
            "            made += 1\n"
            "    except OSError as error:\n"
            "        return [{'outcome': 'INFO', 'summary': f'{made} forks, then {error.strerror}'}]\n")
    check = write_check(tmp_path / "bomb", "resources: {processes: 32}\n"
                        "run: {using: python-function, file: bomb.py}\n", bomb=bomb)
    begin = time.monotonic()

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert ran.exit_code == 0, ran.stdout + ran.stderr
    forks = int((ran.results[0].summary or "").split()[0])
    assert 0 < forks <= 48
    assert "more than 32 processes at once were refused" in ran.limits or "no control group" in ran.limits
    assert time.monotonic() - begin < 55


def test_a_file_of_ten_gigabytes_is_stopped_and_said(tmp_path: Path) -> None:
    check = write_check(tmp_path / "big", "resources: {file_size: 20 MB}\n"
                        "run: {using: command, command: 'head -c 10G /dev/zero > big; echo code $?; exit 3'}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert "code 153" in (ran.results[0].output or "")
    assert "file `big` grew to 19.1 MiB, the most that is allowed; what wrote it was ended" in ran.limits


def test_a_check_that_fills_the_disk_with_many_files_is_ended_and_said(tmp_path: Path) -> None:
    fill = "i=0; while true; do i=$((i+1)); head -c 4M /dev/zero > f$i; done"
    check = write_check(tmp_path / "fill", f"resources: {{disk: 40 MB}}\nrun: {{using: command, command: '{fill}'}}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert ran.exit_code == 1
    assert ran.report["code"] == "limit-reached"
    assert "the check wrote more than 38.1 MiB" in ran.limits


def test_a_check_that_eats_memory_is_held_and_said(tmp_path: Path) -> None:
    check = write_check(tmp_path / "eat", "resources: {memory: 200 MB}\n"
                        "run: {using: python-function, file: eat.py}\n",
                        eat="def run():\n    data = bytearray(20_000_000_000)\n    return [len(data)]\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert ran.exit_code == 1
    assert "MemoryError" in ran.report["status"] or "signal 9" in ran.report["status"] or "memory" in ran.limits


def test_a_tree_that_eats_memory_together_is_killed_and_said(tmp_path: Path) -> None:
    eat = ("def run():\n    data = bytearray(b'x') * 400_000_000\n    return [{'outcome': 'PASSED', "
           "'summary': str(len(data))}]\n")
    check = write_check(tmp_path / "eat", "resources: {memory: 200 MB}\nrun: {using: python-function, file: eat.py}\n",
                        eat=eat)

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert ran.exit_code == 1, ran.stdout


def test_a_check_that_ignores_terminate_is_killed_after_its_time(tmp_path: Path) -> None:
    check = write_check(tmp_path / "deaf", "timeout: 1\nrun: {using: command, command: \"trap '' TERM INT HUP; "
                        "while true; do sleep 1; done\"}\n")
    begin = time.monotonic()

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert ran.report["code"] == "timed-out"
    assert time.monotonic() - begin < 60


@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_links_and_pipes_among_the_artifacts_are_left_out_and_said(executor: str, tmp_path: Path) -> None:
    check = write_check(tmp_path / "links", "run: {using: command, command: 'cd $artifactsdir; "
                        "ln -s /etc/shadow shadow; ln -s /etc etc; mkfifo pipe; echo fine > good.txt; mkdir sub; "
                        "ln -s ../../../../etc/passwd "
                        "sub/up'}\n")

    ran = run_check(check, tmp_path / "out", executor=executor)

    assert ran.exit_code == 0
    assert ran.log("good.txt") == "fine\n"
    for name in ("shadow", "etc", "pipe", "sub/up"):
        assert not os.path.lexists(tmp_path / "out" / name)
        assert f"artifact `{name}` is left out" in ran.limits


def test_a_check_cannot_replace_the_files_of_the_runner(tmp_path: Path) -> None:
    check = write_check(tmp_path / "forge", "run: {using: command, command: "
                        "'for f in results.tap execution.json run.log; do echo forged > $artifactsdir/$f; done'}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert ran.report["execution_status"] == "OK"
    assert ran.results[0].testcase == "scratch.forge"
    assert ran.log("artifact-results.tap") == "forged\n"
    assert "kept as `artifact-results.tap`" in ran.limits


def test_terminal_escapes_of_a_check_do_not_reach_the_terminal(tmp_path: Path) -> None:
    check = write_check(tmp_path / "escapes", "run: {using: command, command: \"printf '\\\\033]0;owned\\\\007"
                        "\\\\033[2Jgone\\\\n'; exit 1\"}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert "\033" not in ran.stdout
    assert "gone" in ran.stdout


@pytest.mark.parametrize("name", ["dist.rpmlint", "dist.imitator.x", "scratch.imitatorx"])
def test_a_result_under_another_checks_name_is_kept_under_its_own_and_said(name: str, tmp_path: Path) -> None:
    check = write_check(tmp_path / "imitator", f"run: {{using: command, command: \"printf 'ok - fine\\n  ---\\n  "
                        f"checkname: {name}\\n  ...\\n'\"}}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert [result.testcase for result in ran.results] == ["scratch.imitator"]
    assert f"a result names the check `{name}`, which is not this one" in ran.limits


def test_a_check_that_becomes_a_daemon_does_not_outlive_its_run(tmp_path: Path) -> None:
    marker = f"{os.getpid()}77"
    check = write_check(tmp_path / "daemon", f"run: {{using: command, command: '(setsid sleep {marker} &) ; "
                        f"setsid sh -c \"sleep {marker} & sleep {marker}\" & sleep 0.2'}}\n")

    for executor in ("local", "sandbox"):
        ran: Ran = run_check(check, tmp_path / executor, executor=executor)

        assert ran.exit_code == 0
        assert subprocess.run(["pgrep", "-f", f"sleep {marker}"], capture_output=True, check=False).stdout == b""


def test_a_check_that_is_not_ours_runs_in_the_sandbox_unless_told_otherwise(tmp_path: Path) -> None:
    check = write_check(tmp_path / "other", "run: {using: command, command: 'true'}\n")

    ran = run_check(check, tmp_path / "out", executor="auto")

    assert ran.report["executor"] == "sandbox"


def test_a_check_that_is_not_ours_cannot_choose_to_run_without_a_sandbox(tmp_path: Path) -> None:
    check = write_check(tmp_path / "other", "environment: {executor: local}\nrun: {using: command, command: 'true'}\n")

    ran = run_check(check, tmp_path / "out", executor="auto")

    assert ran.exit_code == 3
    assert "asks for executor `local`, which only a check that is trusted gets" in ran.stderr


def test_a_hundred_megabytes_of_tap_are_cut_and_said(tmp_path: Path) -> None:
    check = write_check(tmp_path / "flood", "run: {using: command, command: "
                        "\"yes 'ok 1 - same' | head -c 100000000\"}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    assert (ran.exit_code, ran.report["code"]) == (1, "limit-reached")
    assert "results: more than 100000; the rest is left out" in ran.limits
    assert "stdout of `/bin/sh`: 31.4 MiB left out" in ran.limits
    assert (ran.folder / "results.tap").stat().st_size < 64 * 2**20


def test_a_hundred_megabytes_of_output_without_tap_are_cut_in_the_middle_and_the_run_goes_on(tmp_path: Path) -> None:
    check = write_check(tmp_path / "flood", "actions:\n  - command: echo first; yes | head -c 100000000; echo last\n"
                        "  - command: echo 1..0\n    export: tap\n  - resultsdb: {results: '${tap}'}\n")

    ran = run_check(check, tmp_path / "out", executor="sandbox")

    log = ran.log()
    assert ran.exit_code == 0
    assert "\nfirst\n" in log
    assert "\nlast\n" in log
    assert "bytes left out here" in log
    assert len(log) < 40 * 2**20
    assert "output of `sh`: 62.4 MiB left out" in ran.limits
