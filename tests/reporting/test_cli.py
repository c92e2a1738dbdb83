"""The commands, as a person or a program uses them."""
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checks.addresses import Addresses, write_addresses
from checks.outcome import Outcome
from reporting.cli import COMMANDS, results
from tests.reporting.runs import BUILD_ID, PASSED, enqueue, make_run
from tests.support.results_server import ResultsServer, results_server

AWAY = "http://127.0.0.1:9"


@pytest.fixture
def server() -> Iterator[ResultsServer]:
    with results_server() as running:
        yield running


def call(*argv: object) -> Result:
    return CliRunner().invoke(results, [str(part) for part in argv])


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "checkotron"


def reported(server: ResultsServer, tmp_path: Path) -> None:
    run = [PASSED.with_changes(outcome=outcome, arch="x86_64") for outcome in (Outcome.PASSED, Outcome.FAILED)]
    make_run(tmp_path / "run", run)
    assert call("report", tmp_path / "run", "--to", server.url).exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    answer = call(name, "-h")

    assert answer.exit_code == 0
    assert f"checkotron results {name}" in answer.output
    assert COMMANDS[name][2] in answer.output


def test_a_run_is_reported_by_hand(server: ResultsServer, tmp_path: Path) -> None:
    make_run(tmp_path / "run")

    answer = call("report", tmp_path / "run", "--to", server.url, "--log-url", "http://logs/1/")

    assert (answer.exit_code, answer.output) == (0, f"1 of 1 result delivered to {server.url}/api/v2.0\n")
    assert [(row["groups"], row["ref_url"]) for row in server.rows] == [([BUILD_ID], "http://logs/1/")]
    assert not list(state().rglob("*.jsonl"))


def test_what_cannot_be_delivered_by_hand_is_kept_and_delivered_later(server: ResultsServer, tmp_path: Path) -> None:
    make_run(tmp_path / "run")

    answer = call("report", tmp_path / "run", "--to", AWAY)
    assert answer.exit_code == 3
    assert "cannot be reached: Connection refused" in answer.output
    assert f"try again: checkotron results deliver --queue {state()}/queue --to {AWAY}" in answer.output

    waiting = call("undelivered", "--json")
    assert json.loads(waiting.output)["why"] == "cannot be reached: Connection refused"

    later = call("deliver", "--to", server.url)
    assert (later.exit_code, later.output) == (0, "1 result delivered; 0 runs wait\n")
    assert call("undelivered").output == f"nothing waits in {state()}/queue\n"


def test_a_folder_that_is_no_run_is_the_users_mistake(tmp_path: Path) -> None:
    answer = call("report", tmp_path, "--to", "console")

    assert (answer.exit_code, answer.output) == (2, f"Error: {tmp_path}: no `execution.json`; expected the artifacts "
                                                    "folder of a finished run\n")


def test_an_unknown_destination_is_the_users_mistake(tmp_path: Path) -> None:
    make_run(tmp_path)

    answer = call("report", tmp_path, "--to", "carrier-pigeon")

    assert answer.exit_code == 2
    assert answer.output.startswith("Error: `carrier-pigeon` is no destination; expected something like http://")


def test_the_queue_is_tried_once_without_follow(tmp_path: Path) -> None:
    enqueue(tmp_path / "queue", make_run(tmp_path / "run"))

    answer = call("deliver", "--queue", tmp_path / "queue", "--to", AWAY)

    assert answer.exit_code == 3
    assert "0 results delivered; 1 run waits" in answer.output


def test_a_run_that_nobody_takes_in_is_shown(tmp_path: Path) -> None:
    enqueue(tmp_path / "queue", make_run(tmp_path / "run"))

    answer = call("undelivered", "--queue", tmp_path / "queue")

    assert BUILD_ID in answer.output
    assert "not taken in" in answer.output


def test_a_run_may_be_given_up(tmp_path: Path) -> None:
    enqueue(tmp_path / "queue", make_run(tmp_path / "run"))
    call("deliver", "--queue", tmp_path / "queue", "--to", AWAY)

    unknown = call("undelivered", "--queue", tmp_path / "queue", "--forget", "x")
    unsure = call("undelivered", "--queue", tmp_path / "queue", "--forget", BUILD_ID)
    sure = call("undelivered", "--queue", tmp_path / "queue", "--forget", BUILD_ID, "--yes")

    assert (unknown.exit_code, unsure.exit_code, sure.output) == (2, 1, f"forgotten: {BUILD_ID}\n")
    assert call("undelivered", "--queue", tmp_path / "queue").output == f"nothing waits in {tmp_path}/queue\n"


def test_a_query_prints_a_table(server: ResultsServer, tmp_path: Path) -> None:
    reported(server, tmp_path)

    lines = call("query", "--item", "xchat-0.5-1.fc20", "--url", server.url).output.splitlines()

    assert lines[0].split() == ["Time", "(UTC)", "Outcome", "Testcase", "Item", "Note"]
    assert lines[2].split()[2:] == ["FAILED", "dist.rpmlint", "(x86_64)", "xchat-0.5-1.fc20",
                                    "5", "errors,", "10", "warnings"]
    assert lines[-2:] == [f"2 results of {server.url}/api/v2.0", f"newest: {server.url}/api/v2.0/results/2"]


def test_a_query_for_programs_gives_one_object_a_line(server: ResultsServer, tmp_path: Path) -> None:
    reported(server, tmp_path)

    rows = [json.loads(line) for line in call("query", "--json", "--url", server.url).output.splitlines()]

    assert [row["outcome"] for row in rows] == ["FAILED", "PASSED"]


def test_every_question_reaches_the_database_as_it_should(server: ResultsServer) -> None:
    call("query", "--url", server.url, "--item", "a-1-1", "--item-type", "koji_build", "--testcase", "dist.a",
         "--testcase", "dist.b*", "--outcome", "FAILED", "--outcome", "INFO", "--arch", "noarch",
         "--build-id", BUILD_ID, "--data", "scenario=kde", "--since", "2026-11-21T10:00:00+02:00", "--limit", "5")

    (_, path, _), = server.requests
    assert path == (
        "/api/v2.0/results?item=a-1-1&testcases=dist.a&testcases%3Alike=dist.b%2A&outcome=FAILED%2CINFO&type=koji_build"
        f"&arch=noarch&groups={BUILD_ID}&scenario=kde&since=2026-11-21T08%3A00%3A00.000000&limit=5&page=0")


def test_nothing_found_says_where(server: ResultsServer) -> None:
    assert call("query", "--url", server.url).output == f"no results in {server.url}/api/v2.0\n"


def test_the_database_that_runs_here_is_asked_by_itself(server: ResultsServer) -> None:
    state().mkdir(parents=True)
    write_addresses(state(), Addresses(results_url=server.url))

    assert call("query").output == f"no results in {server.url}/api/v2.0\n"


def test_without_a_database_it_says_what_to_do() -> None:
    answer = call("query")

    assert answer.exit_code == 2
    assert "start it with `checkotron up" in answer.output
    assert "--url URL" in answer.output


@pytest.mark.parametrize(("argv", "said"), [
    (("--since", "yesterday"), "--since `yesterday` is neither a date such as 2026-11-21T10:00 nor an age"),
    (("--data", "x"), "--data `x`: expected KEY=VALUE"),
    (("--latest",), "--latest of everything is the whole database; name an item or a testcase"),
])
def test_a_wrong_question_is_the_users_mistake(argv: tuple[str, ...], said: str) -> None:
    answer = call("query", "--url", AWAY, *argv)

    assert answer.exit_code == 2
    assert said in answer.output


def test_a_database_that_is_away_is_not_the_users_mistake() -> None:
    answer = call("query", "--url", AWAY)

    assert (answer.exit_code, answer.output) == (
        3, f"Error: {AWAY}/api/v2.0: cannot be reached: Connection refused; try again, or name another: --url URL\n")


def test_what_strangers_wrote_cannot_move_the_cursor(server: ResultsServer, tmp_path: Path) -> None:
    reported(server, tmp_path)
    server.rows[0]["note"] = "\x1b[2J\x1b]0;owned\x07"

    output = call("query", "--url", server.url).output

    assert "\x1b" not in output
    assert "\\x1b[2J" in output


def test_help_is_quick_and_imports_no_http() -> None:
    code = ("import sys; from reporting.cli import results; results.main(['-h'], standalone_mode=False); "
            "print(sorted({'requests', 'rich', 'yaml', 'sqlite3', 'uvicorn'} & set(sys.modules)))")

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
