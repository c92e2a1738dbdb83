"""How a consumer stands, told to the commands beside it: its rules, their faults, whether it runs."""
from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner, Result

from tests.trigger.samples import koji_build, line
from trigger.cli import trigger
from trigger.standing import FILE_NAME, Standing, StandingFile, is_running, read_standing, told

NONE: tuple[str, ...] = ()


def standing_file(state: Path, rules: Path | None = None, faults: tuple[str, ...] = NONE) -> StandingFile:
    return StandingFile(state, Standing(1, str(rules) if rules else None, environments=("stg",)), lambda: (2, faults))


def run(state: Path, *words: object) -> Result:
    return CliRunner().invoke(trigger, [*map(str, words), "--state", str(state)])


def test_a_consumer_is_seen_while_it_runs_and_remembered_afterwards(tmp_path: Path) -> None:
    file = standing_file(tmp_path)
    before = is_running(tmp_path)

    file.update()
    during = is_running(tmp_path)
    del file

    assert (before, during, is_running(tmp_path)) == (False, True, False)
    assert read_standing(tmp_path) == Standing(1, environments=("stg",), rules_in_force=2)


def test_a_change_is_written_within_a_round(tmp_path: Path) -> None:
    faults: list[str] = []
    file, stopped = StandingFile(tmp_path, Standing(1), lambda: (1, tuple(faults))), threading.Event()
    file.update()

    faults.append("rules.yml:2: not valid YAML")
    file.waits_for = "the broker"
    stopped.set()
    file.run(stopped)

    assert read_standing(tmp_path) == Standing(1, rules_in_force=1, faults=("rules.yml:2: not valid YAML",),
                                               waits_for="the broker")


def test_what_cannot_be_read_is_no_standing(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", "{\"pid\": 1, \"checks\""):
        (tmp_path / FILE_NAME).write_text(text)

        assert read_standing(tmp_path) is None


def test_people_are_told_that_a_changed_file_is_not_in_force() -> None:
    broken = Standing(1, "/r.yml", rules_in_force=3, faults=("/r.yml:2: not \x1b valid",))

    assert told(broken, runs=True) == [
        "trigger: listens; 3 rules of /r.yml",
        "the changed rules file has faults, so the rules before it stay in force:", "  /r.yml:2: not \\x1b valid"]
    assert told(replace(broken, faults=(), waits_for="the broker"), runs=True) == [
        "trigger: waits for the broker; 3 rules of /r.yml"]
    assert told(broken, runs=False) == ["trigger: does not run; messages wait in the broker"]


def test_status_says_it(tmp_path: Path) -> None:
    nobody = run(tmp_path, "status").stdout
    file = standing_file(tmp_path, faults=("rules.yml:2: broken",))
    file.update()
    shown, data = run(tmp_path, "status").stdout, json.loads(run(tmp_path, "status", "--json").stdout)

    assert "trigger: none has listened here yet" in nobody
    assert "so the rules before it stay in force:\n  rules.yml:2: broken\n" in shown
    assert data["consumer"]["runs"] is True
    assert data["consumer"]["faults"] == ["rules.yml:2: broken"]


def test_other_commands_go_by_the_options_of_the_consumer(tmp_path: Path) -> None:
    rules, message = tmp_path / "rules.yml", tmp_path / "message.json"
    rules.write_text("- {name: of the consumer, when: {}, do: [{check: rpmlint}]}")
    stg = line(koji_build()).replace("org.fedoraproject.prod", "org.fedoraproject.stg")
    message.write_text(stg)
    file = standing_file(tmp_path, rules)
    file.update()

    as_it = run(tmp_path, "explain", message).stdout
    otherwise = run(tmp_path, "explain", "--environment", "prod", message).stdout

    assert "(of the consumer): applies" in as_it
    assert "(of the consumer): does not apply" in otherwise


def test_a_folder_that_is_not_there_is_not_made_by_a_slip(tmp_path: Path) -> None:
    for words in (("pause",), ("resume",), ("status",), ("retrigger", "x"), ("cancel", "x"), ("parked", "list"),
                  ("parked", "drop", "--all"), ("parked", "replay", "--all")):
        slip = tmp_path / "slip"
        done = run(slip, *words)

        assert (done.exit_code, done.stderr) == (2, f"{slip}: no such state folder; name it with --state\n")
        assert not slip.exists()


def test_new_rules_are_tried_with_the_checks_of_the_consumer(tmp_path: Path) -> None:
    (tmp_path / "checks" / "mine").mkdir(parents=True)
    (tmp_path / "checks" / "mine" / "mine.yml").write_text(
        "name: mine\ninput: {item_type: bodhi_update}\nrun: {using: command, command: ['true']}\n")
    (tmp_path / "new.yml").write_text("- {name: new, when: {}, do: [{check: mine}]}")
    (tmp_path / "message.json").write_text(line(koji_build()))
    StandingFile(tmp_path, Standing(1, checks=(str(tmp_path / "checks"),)), lambda: (1, ())).update()

    for words in (("rules", "test"), ("explain",)):
        done = run(tmp_path, *words, "--rules", tmp_path / "new.yml", tmp_path / "message.json")

        # a check that is known does not run on what it does not take
        assert done.exit_code == 0
        assert "start 0 jobs" in done.stdout or "-> " not in done.stdout
