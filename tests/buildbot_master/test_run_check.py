"""What the runner is told beside its item: facts, and where the check is from."""
from __future__ import annotations

from click.testing import CliRunner

from buildbot_master.parts.hand_over import Run
from buildbot_master.parts.mirrors import Wanted
from buildbot_master.parts.run_check import command_line, known_of
from buildbot_master.parts.settings import Settings
from runner.cli import run

BUILD_ID = "1f0c9f3a-6f0e-5c52-8d9c-3a6f6e1a54c1"


def test_facts_of_the_event_become_options_and_nothing_else_does() -> None:
    properties = {"fact_task_id": "7", "fact_issuer": "a b=c; rm", "fact_odd": 7, "owner": "x", "check_revision": "abc"}

    assert known_of(properties, None) == ["--fact=issuer=a b=c; rm", "--fact=task_id=7"]


def test_parameters_of_a_rule_become_options() -> None:
    properties = {"parameter_config": "/etc/a b; rm", "parameter_level": 7, "parameters": "x"}

    assert known_of(properties, None) == ["--parameter=config=/etc/a b; rm"]


def test_a_check_of_a_repository_is_told_where_it_is_from() -> None:
    wanted = Wanted("https://src.example.org/rpms/xchat.git", "main", "tests")

    assert known_of({"check_revision": "5e0ae23a"}, wanted) == [
        "--check-repository=https://src.example.org/rpms/xchat.git", "--check-revision=5e0ae23a"]
    assert known_of({}, wanted) == ["--check-repository=https://src.example.org/rpms/xchat.git"]


def test_a_worker_runs_the_command_line_that_people_run() -> None:
    job = Run("xchat-0.5-1.fc20", "koji_build", "rpmlint", "x86_64", BUILD_ID, "dist.rpmlint")

    argv = command_line(Settings(), job, "rpmlint", "runs/1", ["--fact=task_id=7"])

    assert argv == ["checkotron", "run", "rpmlint", "--item=xchat-0.5-1.fc20", "--item-type=koji_build",
                    "--arch=x86_64", f"--build-id={BUILD_ID}", "--artifacts=runs/1", "--fact=task_id=7"]
    assert CliRunner().invoke(run, [*argv[2:], "--help"]).exit_code == 0
