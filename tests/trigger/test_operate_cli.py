"""The operator's commands on a state folder: status, pause, retrigger, cancel, parked, rules."""

# ruff: noqa: E501 (rules and messages as a user writes and reads them)
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from checks.addresses import Addresses, read_addresses, write_addresses
from tests.support.door import FakeDoor, running_door, token_file
from tests.support.serving import serving
from tests.trigger.samples import koji_build, line, tag_message
from trigger.cli import trigger
from trigger.held import HeldJobs
from trigger.journal import Journal
from trigger.parked import ParkedMessages, new_parked

RULES = """\
- {name: lint, when: {message_type: KojiBuildPackageCompleted}, do: [{check: rpmlint}, {check: other, arches: [x86_64]}]}
- {name: deps, when: {message_type: KojiTagChanged}, do: [{check: deps, delay: 900}]}
"""


class Operator:
    """Runs commands as a person would, on one state folder."""

    def __init__(self, folder: Path, door: FakeDoor) -> None:
        self.folder, self.door = folder, door
        self.state = folder / "state"
        self.state.mkdir()
        self.rules = folder / "rules.yml"
        self.rules.write_text(RULES)
        write_addresses(self.state, Addresses(door_url=door.url, door_token_file=str(token_file(folder))))

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(trigger, [str(part) for part in arguments], env={"CHECKOTRON_STATE": str(self.state)})

    def replay(self, *messages: Any) -> Result:
        file = self.folder / "m.jsonl"
        file.write_text("\n".join(line(message) for message in messages))
        return self.run("replay", "--rules", self.rules, file)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with running_door() as door:
        yield Operator(tmp_path, door)


def test_status_says_what_there_is(operator: Operator) -> None:
    operator.replay(koji_build())
    ParkedMessages(operator.state).add(new_parked("unreadable", "is not JSON", "a.b", None, b"{"))
    done = operator.run("status")
    data = json.loads(operator.run("status", "--json").stdout)

    assert done.exit_code == 0
    assert "master:  3 jobs wait, takes more" in done.stdout
    assert "parked:  1 unreadable  (`checkotron trigger parked list`)" in done.stdout
    assert "  lint: 2 scheduled" in done.stdout
    assert data["rules"] == {"lint": {"scheduled": 2}}
    assert data["door"] == {"pending": 3, "accepting": True}
    assert {one["job"] for one in data["newest"]} == {
        "rpmlint-koji_build-xchat-0.5-1.fc36",
        "other-koji_build-xchat-0.5-1.fc36-x86_64",
    }


def test_status_without_a_master_or_a_broker_says_so(operator: Operator) -> None:
    operator.door.close()
    done = operator.run("status", "--bus", "amqp://guest:guest@127.0.0.1:9/")

    assert done.exit_code == 0
    assert "master:  does not answer: Connection refused\n" in done.stdout
    assert "bus:     does not answer: Connection refused\n" in done.stdout


def test_pause_and_resume_leave_and_remove_a_mark(operator: Operator) -> None:
    operator.run("pause")
    assert (operator.state / "paused").exists()
    assert "paused: messages wait in the broker" in operator.run("status").stdout
    assert operator.run("resume").stdout == "goes on\n"
    assert operator.run("resume").stdout == "was not paused\n"


def test_a_message_that_started_jobs_is_explained_by_its_id(operator: Operator) -> None:
    operator.replay(koji_build("the-id"))
    found = json.loads(operator.run("explain", "--json", "--rules", operator.rules, "--id", "the-id").stdout)
    unknown = operator.run("explain", "--id", "nobody")

    assert (found["id"], len(found["jobs"])) == ("the-id", 2)
    assert unknown.exit_code == 2
    assert "message `nobody` is not noted in" in unknown.stderr


def test_noted_messages_are_replayed_since_a_time(operator: Operator) -> None:
    operator.replay(koji_build("a"))
    again = operator.run("replay", "--rules", operator.rules, "--since", "1h", "--dry-run")
    never = operator.run("replay", "--rules", operator.rules, "--since", "2999-01-01T00:00")
    wrong = operator.run("replay", "--since", "yesterday")

    assert again.stderr == "1 message, 1 event, 2 jobs: 2 of them would be scheduled\n"
    assert never.stderr == "0 messages, 0 events, no job\n"
    assert (wrong.exit_code, "expected 2026-01-31T12:00" in wrong.stderr) == (2, True)


def test_retrigger_makes_new_runs_each_time(operator: Operator) -> None:
    operator.replay(koji_build("m"))
    first = operator.run("retrigger", "xchat-0.5-1.fc36", "--check", "rpmlint")
    second = operator.run("retrigger", "m", "--check", "rpmlint")
    everything = operator.run("retrigger", "xchat-0.5-1.fc36", "--dry-run")

    assert (first.exit_code, second.exit_code) == (0, 0)
    keys = [job["key"] for job in operator.door.jobs if job["taskname"] == "rpmlint"]
    assert keys == ["koji:primary:1874070:complete/rpmlint/noarch" + tail for tail in ("", "!again-1", "!again-2")]
    assert len({job["build_id"] for job in operator.door.jobs}) == 4
    assert len(everything.stdout.splitlines()) == 2
    assert everything.stdout.startswith("would schedule ")


def test_retrigger_and_cancel_tell_programs_the_fate_of_each_job(operator: Operator) -> None:
    operator.replay(koji_build())
    operator.door.refuse["other"] = "no builder takes it"
    tried = json.loads(operator.run("retrigger", "xchat-0.5-1.fc36", "--dry-run", "--json").stdout)["jobs"]
    done = operator.run("retrigger", "xchat-0.5-1.fc36", "--json")
    asked = operator.run("cancel", "xchat-0.5-1.fc36", "--dry-run", "--json")

    assert [one["fate"] for one in tried] == ["would be scheduled"] * 2
    jobs = json.loads(done.stdout)["jobs"]
    assert {one["check"]: one["fate"] for one in jobs} == {"rpmlint": "scheduled", "other": "refused"}
    assert {one["check"]: one.get("why", "") for one in jobs} == {"rpmlint": "", "other": "no builder takes it"}
    assert [one["build_id"] for one in tried] == [one["build_id"] for one in jobs]
    assert done.exit_code == 1
    assert [one["fate"] for one in json.loads(asked.stdout)["jobs"]] == ["would be cancelled"] * 3
    assert asked.exit_code == 0


def test_retrigger_ends_where_the_master_is_away(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trigger.operate_cli._PATIENCE_SECONDS", 0.1)
    operator.replay(koji_build())
    operator.door.close()
    done = operator.run("retrigger", "xchat-0.5-1.fc36")

    assert done.exit_code == 1
    first, second = done.stderr.splitlines()
    assert f"not scheduled: the door {operator.door.url}: Connection refused; say it again when" in first
    assert second.endswith("not scheduled: the master is away; say it again when the master is back")
    operator.door.open()
    assert operator.run("retrigger", "xchat-0.5-1.fc36").stdout.count("scheduled ") == 2


def test_retrigger_of_something_unknown_says_what_was_expected(operator: Operator) -> None:
    done = operator.run("retrigger", "nothing-1-1")

    assert done.exit_code == 2
    assert "no job is known for `nothing-1-1`; expected an item, a build id or a message id" in done.stderr


def test_retrigger_of_the_failed_asks_the_results_database(operator: Operator) -> None:
    operator.replay(koji_build())
    good = next(job["build_id"] for job in operator.door.jobs if job["taskname"] == "rpmlint")
    with serving(lambda path: {"data": [{"outcome": "PASSED"}] if good in path else []}) as url:
        done = operator.run("retrigger", "xchat-0.5-1.fc36", "--failed", "--results", url)

    assert done.exit_code == 0
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["other-koji_build-xchat-0.5-1.fc36-x86_64"]


def test_retrigger_of_the_failed_leaves_out_what_is_under_way(operator: Operator) -> None:
    operator.replay(koji_build())
    busy = next(job["key"] for job in operator.door.jobs if job["taskname"] == "rpmlint").replace(":", "%3A").replace("/", "%2F")
    with (serving(lambda path: {"data": []}) as results,
          serving(lambda path: {"buildsets": [{"bsid": 7}] if busy in path else []}) as buildbot):
        known = read_addresses(operator.state)
        write_addresses(operator.state, replace(known, buildbot_url=buildbot))
        done = operator.run("retrigger", "xchat-0.5-1.fc36", "--failed", "--results", results)

    said = [line.partition(" (")[0] for line in done.stdout.splitlines()]
    assert said == ["rpmlint-koji_build-xchat-0.5-1.fc36: is under way",
                    "scheduled other-koji_build-xchat-0.5-1.fc36-x86_64"]


def test_cancel_takes_a_job_that_waits_here(operator: Operator) -> None:
    from tests.trigger.planning import plan_of
    from trigger.job_plan import JobPlan
    from trigger.keeper import Keeper

    message = tag_message()
    plan: JobPlan = plan_of(RULES, message).plans[0]
    Keeper(Journal(operator.state), HeldJobs(operator.state)).keeps(plan, message)
    done = operator.run("cancel", "f36-updates-pending")

    assert done.stdout == "deps-koji_tag-f36-updates-pending: waited here, cancelled\n"
    assert list(HeldJobs(operator.state).all()) == []


def test_cancel_stops_builds_and_requests_by_buildbots_rest(operator: Operator) -> None:
    operator.replay(koji_build())
    asked: list[str] = []

    def answer(path: str) -> dict[str, Any]:
        asked.append(path)
        return {
            "buildsets": [{"bsid": 7}],
            "buildrequests": [{"buildrequestid": 8}],
            "builds": [{"buildid": 9}] if len([one for one in asked if "/builds?" in one]) == 1 else [],
        }

    (operator.folder / "password").write_text("secret")
    with serving(answer) as url:
        done = operator.run(
            "cancel", "xchat-0.5-1.fc36", "--buildbot", url, "--password-file", operator.folder / "password"
        )

    assert done.exit_code == 0, done.stderr
    assert [one.split("?")[0] for one in asked if one.startswith("POST")] == [
        "POST /api/v2/builds/9",
        "POST /api/v2/buildrequests/8",
    ]
    assert done.stdout.count(": cancelled\n") == 2


def test_cancel_of_what_has_ended_or_was_never_there_does_nothing(operator: Operator) -> None:
    operator.replay(koji_build())
    (operator.folder / "password").write_text("secret")
    nothing: dict[str, Any] = {"buildsets": [], "buildrequests": [], "builds": []}
    asked: list[str] = []

    def answer(path: str) -> dict[str, Any]:
        asked.append(path)
        return nothing

    with serving(answer) as url:
        options = ("--buildbot", url, "--password-file", operator.folder / "password")
        ended = operator.run("cancel", "xchat-0.5-1.fc36", *options)
        again = operator.run("cancel", "xchat-0.5-1.fc36", *options)

    assert ended.exit_code == again.exit_code == 0
    assert ended.stdout == again.stdout
    assert ended.stdout.endswith(": has ended before\n")
    assert not [one for one in asked if one.startswith("POST")]


def test_cancel_without_the_right_says_what_to_do(operator: Operator) -> None:
    operator.replay(koji_build())
    done = operator.run("cancel", "xchat-0.5-1.fc36", "--buildbot", "http://127.0.0.1:9")

    assert done.exit_code == 1
    assert "admin.password: cannot be read" in done.stderr


def test_parked_messages_are_listed_and_dropped(operator: Operator) -> None:
    store = ParkedMessages(operator.state)
    store.add(new_parked("unreadable", "is not JSON: line 1", "a.b", "m1", b"{"))
    store.add(new_parked("refused", "no builder", "a.c", "m2", b"{}"))
    listed = operator.run("parked", "list")
    objects = [json.loads(text) for text in operator.run("parked", "list", "--json").stdout.splitlines()]

    assert "is not JSON: line 1" in listed.stdout
    assert [(one["kind"], one["id"], one["bytes"]) for one in objects] == [
        ("unreadable", "m1", 1),
        ("refused", "m2", 2),
    ]
    assert operator.run("parked", "drop").exit_code == 2
    assert operator.run("parked", "drop", "nobody").exit_code == 2
    assert operator.run("parked", "drop", objects[0]["name"]).exit_code == 0
    assert store.names() == [objects[1]["name"]]
    assert operator.run("parked", "drop", "--all").exit_code == 0
    assert operator.run("parked", "list").stderr == "nothing is parked\n"


def test_a_parked_message_that_is_still_wrong_stays(operator: Operator) -> None:
    ParkedMessages(operator.state).add(new_parked("unreadable", "is not JSON", "a.b", "m1", b"{"))
    done = operator.run("parked", "replay", "--all", "--rules", operator.rules)

    assert done.exit_code == 1
    assert "is not JSON" in done.stderr
    assert len(ParkedMessages(operator.state).names()) == 1


def test_only_so_many_unreadable_messages_are_kept(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trigger.parked.UNREADABLE_LIMIT", 3)
    store = ParkedMessages(operator.state)
    store.add(new_parked("refused", "x", "a", "kept", b"{}"))
    for number in range(6):
        store.add(new_parked("unreadable", "x", "a", str(number), b"{"))

    assert sorted(name.partition("-")[0] for name in store.names()) == [
        "refused",
        "unreadable",
        "unreadable",
        "unreadable",
    ]


def test_status_says_why_jobs_wait_at_the_master(operator: Operator) -> None:
    why = "local-1, local-2: the last attempt failed; the next one starts in "
    operator.door.waiting = [{"reasons": [f"{why}{seconds} s"]} for seconds in (7, 8)] + [{"reasons": ["big: busy"]}]

    done = operator.run("status")

    assert f"  2 jobs: {why}7 s\n  1 job: big: busy\n" in done.stdout


def test_rules_are_checked_and_compared_on_stored_messages(operator: Operator) -> None:
    new = operator.folder / "new.yml"
    new.write_text("- {name: lint, when: {name: xchat}, do: [{check: rpmlint}, {check: fresh}]}")
    file = operator.folder / "m.jsonl"
    file.write_text(
        "\n".join((line(koji_build("a", build_id=1)), line(koji_build("b", build_id=1)), line(tag_message())))
    )
    checked = operator.run("rules", "check", operator.rules)
    compared = operator.run("rules", "test", "--rules", new, "--against", operator.rules, "--json", file)
    shown = operator.run("rules", "test", "--rules", new, "--against", operator.rules, file)
    alone = operator.run("rules", "test", "--rules", operator.rules, file)
    data = json.loads(compared.stdout)

    assert checked.stdout == f"{operator.rules}: 2 rules, no fault\n"
    assert (compared.exit_code, alone.exit_code) == (1, 0)
    assert (data["messages"], data["jobs"]) == (3, 4)
    assert sorted(job["taskname"] for job in data["added"]) == ["fresh", "fresh", "rpmlint"]
    assert sorted(job["taskname"] for job in data["gone"]) == ["deps", "other"]
    assert "3 jobs more, 2 jobs fewer" in shown.stdout
    assert operator.run("rules", "check", operator.folder / "nothing.yml").exit_code == 2


def test_cancel_can_schedule_the_same_jobs_anew(operator: Operator) -> None:
    operator.replay(koji_build())
    (operator.folder / "password").write_text("secret")
    found = {"buildsets": [{"bsid": 7}], "buildrequests": [{"buildrequestid": 8}], "builds": []}
    with serving(lambda path: found) as url:
        done = operator.run("cancel", "xchat-0.5-1.fc36", "--check", "rpmlint", "--requeue", "--buildbot", url,
                            "--password-file", operator.folder / "password")

    assert done.exit_code == 0, done.stderr
    assert [job["key"].rpartition("/")[2] for job in operator.door.jobs] == ["noarch", "x86_64", "noarch!again-1"]
