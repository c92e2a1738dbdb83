"""What an operator does with a running system, and what rules do there; one system for all of it."""
from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.checkotron_process import checkotron
from tests.support.git_server import commit, git_server
from tests.support.rabbitmq import RabbitMQ, fresh_vhost, publish
from tests.support.whole_system import Options, WholeSystem, wait_for, whole_system
from tests.trigger.samples import tag_message

#: Ten journeys on one system: more than `make test` has time for.
pytestmark = pytest.mark.full

CHECK = """\
namespace: {namespace}
description: Made by a test.
maintainer: tests
run:
  using: command
  command: {command}
"""
PASSES = r'[printf, "TAP version 13\\n1..1\\nok 1 - all\\n"]'
COMMANDS = {"quick": PASSES, "fails": PASSES.replace("\\nok", "\\nnot ok"), "waits": "[sleep, '600']", "needy": PASSES,
            "limited": PASSES, "claims": PASSES}
RULES = """\
limits: {{launches: 5, window: 20 s}}
rules:
  - {{name: again, when: {{name: again}}, do: [{{check: quick}}, {{check: fails}}]}}
  - {{name: waits, when: {{name: {{$in: [stuck-1, stuck-2, stuck-3]}}}}, do: [{{check: waits}}]}}
  - {{name: burst, when: {{message_type: KojiTagChanged}}, do: [{{check: quick, delay: 10}}]}}
  - {{name: needs, when: {{name: needs}}, do: [{{check: quick}}, {{check: needy, needs: [quick]}}]}}
  - {{name: once, when: {{name: once}}, do: [{{check: quick, once: item}}]}}
  - {{name: limited, when: {{name: {{$regex: ^limited-}}}}, do: [{{check: limited}}]}}
  - {{name: claims, when: {{name: claims}}, do: [{{check: claims}}]}}
  - {{name: steady, when: {{name: {{$in: [steady-1, steady-2]}}}}, do: [{{check: quick}}]}}
  - {{name: its own, when: {{name: its-own}}, do: [{{discover: {{repo: "{url}/${{name}}", branch: main}}}}]}}
"""


@dataclass
class Operated:
    """The system, and what an operator has at hand."""

    system: WholeSystem
    rules: Path
    junit: Path

    def run(self, *words: object) -> str:
        """Run a command of the trigger as a person would; return what it printed."""
        done = checkotron("trigger", *words, "--state", self.system.state)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def outcomes(self, item: str) -> Counter[str]:
        """Return how many results of each kind an item has: `dist.quick PASSED`."""
        return Counter(f"{row['testcase']['name']} {row['outcome']}" for row in self.system.results(item))

    def comes_to(self, item: str, **expected: int) -> None:
        """Wait until an item has these results, and no others; `quick_PASSED=2`."""
        wanted = Counter({f"dist.{name.replace('_', ' ')}": count for name, count in expected.items()})
        wait_for(lambda: self.outcomes(item) == wanted, 90, f"{item}: {dict(wanted)}")


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory, rabbitmq: RabbitMQ) -> Iterator[Operated]:
    folder = tmp_path_factory.mktemp("operating")
    for name, command in COMMANDS.items():
        (folder / "checks" / name).mkdir(parents=True)
        (folder / "checks" / name / f"{name}.yml").write_text(
            f"name: {name}\n" + CHECK.format(namespace="closed" if name == "claims" else "dist", command=command))
    commit(folder / "repositories" / "its-own", {
        "tests/tests.yml": "name: tests\n" + CHECK.format(namespace="scratch", command=PASSES)})
    (folder / "namespaces.yml").write_text("allowed: {closed: ['https://example.org/'], dist: [library]}\n")
    with ExitStack() as stack:
        url = stack.enter_context(git_server(folder / "repositories")).url
        bus = stack.enter_context(fresh_vhost(rabbitmq))
        (folder / "rules.yml").write_text(RULES.format(url=url))
        options = Options(
            bus, folder / "rules.yml", checks=(folder / "checks",),
            more=("--namespaces", str(folder / "namespaces.yml"), "--to", f"junit:{folder / 'junit'}"),
            environment={"CHECKOTRON_TRUSTED": str(folder / "checks")}, settings={"repository_prefixes": [url]})
        system = stack.enter_context(whole_system(folder / "system", options))
        yield Operated(system, folder / "rules.yml", folder / "junit")


def test_jobs_run_again_whole_one_check_and_those_that_failed(operated: Operated) -> None:
    item = "again-0.5-1.fc36"
    operated.system.publish("again")
    operated.comes_to(item, quick_PASSED=1, fails_FAILED=1)

    operated.run("retrigger", item)
    operated.comes_to(item, quick_PASSED=2, fails_FAILED=2)
    operated.run("retrigger", item, "--check", "quick")
    operated.comes_to(item, quick_PASSED=3, fails_FAILED=2)
    said = operated.run("retrigger", item, "--failed")
    operated.comes_to(item, quick_PASSED=3, fails_FAILED=3)

    assert [line.split()[:2] for line in said.splitlines()] == [["scheduled", f"fails-koji_build-{item}"]]


def test_a_burst_of_events_becomes_one_job_and_a_pause_lets_them_wait(operated: Operated) -> None:
    operated.run("pause")
    for number in range(5):
        message = tag_message("f36-burst", f"burst-{number}", build_id=100 + number)
        publish(operated.system.bus or "", message.topic, json.dumps(message.body).encode(), message_id=str(message.id),
                headers={"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20})
    assert "paused: messages wait in the broker" in operated.run("status")

    operated.run("resume")
    operated.comes_to("f36-burst", quick_PASSED=1)
    status = json.loads(operated.run("status", "--json"))

    assert status["rules"]["burst"] == {"merged": 4, "scheduled": 1}
    operated.comes_to("f36-burst", quick_PASSED=1)


def test_a_check_that_needs_another_runs_after_it(operated: Operated) -> None:
    operated.system.publish("needs")
    operated.comes_to("needs-0.5-1.fc36", quick_PASSED=1, needy_PASSED=1)

    rows = {row["testcase"]["name"]: row for row in operated.system.results("needs-0.5-1.fc36")}
    started = operated.system.report(rows["dist.needy"])["started"]
    assert operated.system.report(rows["dist.quick"])["ended"] <= started


def test_more_than_the_limit_of_a_check_wait_for_their_turn(operated: Operated) -> None:
    operated.run("pause")
    for number in range(6):
        operated.system.publish(f"limited-{number}")

    operated.run("resume")
    held = wait_for(lambda: json.loads(operated.run("status", "--json"))["held"], 60, "the sixth waits")
    for number in range(6):
        operated.comes_to(f"limited-{number}-0.5-1.fc36", limited_PASSED=1)

    assert [one["rule"] for one in held] == ["limited"]


def test_once_an_item_is_once_whatever_happens_to_it_later(operated: Operated) -> None:
    operated.system.publish("once", "once-1", build_id=1)
    operated.comes_to("once-0.5-1.fc36", quick_PASSED=1)

    operated.system.publish("once", "once-2", build_id=2)
    operated.system.publish("steady-1")
    operated.comes_to("steady-1-0.5-1.fc36", quick_PASSED=1)

    operated.comes_to("once-0.5-1.fc36", quick_PASSED=1)


def test_a_check_that_lives_in_a_repository_is_found_and_run(operated: Operated) -> None:
    operated.system.publish("its-own")

    row = operated.system.result("its-own-0.5-1.fc36")

    assert (row["testcase"]["name"], row["outcome"]) == ("scratch.tests", "PASSED")
    assert operated.system.report(row)["details"]["repository"].endswith("/its-own")


def test_results_go_where_up_was_told_under_the_names_they_may_have(operated: Operated) -> None:
    operated.system.publish("claims")

    row = operated.system.result("claims-0.5-1.fc36")

    assert (row["testcase"]["name"], row["outcome"]) == ("scratch.closed.claims", "NEEDS_INSPECTION")
    assert "namespace `closed` is not open to checks from `nowhere`" in row["note"]
    wait_for(lambda: any("claims-0.5-1.fc36" in path.read_text() for path in operated.junit.glob("*.xml")))


def test_a_rules_file_that_breaks_changes_nothing_and_status_says_so(operated: Operated) -> None:
    good = operated.rules.read_text()
    operated.rules.write_text("rules: [")

    wait_for(lambda: "the changed rules file has faults" in operated.run("status"))
    operated.system.publish("steady-2")
    operated.comes_to("steady-2-0.5-1.fc36", quick_PASSED=1)
    operated.rules.write_text(good)
    wait_for(lambda: "has faults" not in operated.run("status"))

    assert f"trigger: listens; 9 rules of {operated.rules}" in operated.run("status")


def test_the_figures_of_trigger_and_master_are_where_up_says(operated: Operated) -> None:
    operated.system.publish("steady-1", "once-more")
    addresses = [word for line in operated.system.said.splitlines() for word in line.split() if "/metrics" in word]
    texts = [urllib.request.urlopen(address, timeout=60).read().decode() for address in addresses]

    assert len(texts) == 2
    assert "checkotron_workers_connected 2" in texts[0]
    assert "checkotron_trigger_rules 9" in texts[1]


def test_jobs_that_run_and_that_wait_are_cancelled(operated: Operated) -> None:
    for number in (1, 2, 3):
        operated.system.publish(f"stuck-{number}")
    items = [f"stuck-{number}-0.5-1.fc36" for number in (1, 2, 3)]

    def running() -> list[str]:
        return [item for item in items if any(row["outcome"] == "RUNNING" for row in operated.system.rows(item))]

    wait_for(lambda: len(running()) == 2, 60, "both slots are taken")
    wait_for(lambda: all(operated.system.rows(item) for item in items), 60, "the third is QUEUED")
    [waiting] = set(items) - set(running())
    began = time.monotonic()
    said = operated.run("cancel", waiting) + "".join(operated.run("cancel", item) for item in running())
    for item in items:
        operated.comes_to(item, waits_ABORTED=1)

    assert said.count(": cancelled\n") == 3
    # they would run for ten minutes
    assert time.monotonic() - began < 170
    assert {operated.system.report(operated.system.result(item))["code"] for item in items} == {"aborted", "cancelled"}
