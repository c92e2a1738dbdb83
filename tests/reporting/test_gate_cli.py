"""`checkotron gate` over the real results database."""
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reporting.gate_cli import gate
from tests.support.database_server import DatabaseServer, database_server

BUILD, OTHER, UPDATE = "xchat-0.5-1.fc20", "hexchat-2.0-1.fc20", "FEDORA-2014-0525"
POLICY = """\
--- !Policy
id: stable
decision_context: bodhi_update_push_stable
subject_type: koji_build
product_versions: [fedora-20]
rules:
- !PassingTestCaseRule {test_case_name: dist.rpmlint}
- !RemoteRule {}
"""
GATING = """\
--- !Policy
decision_context: bodhi_update_push_stable
rules:
- !PassingTestCaseRule {test_case_name: dist.depcheck}
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    folder = tmp_path_factory.mktemp("database")
    with database_server(f"sqlite:///{folder}/results.sqlite") as server:
        for item in (BUILD, OTHER):
            server.add("PASSED", "dist.rpmlint", data={"item": item, "type": "koji_build"})
        server.add("FAILED", "dist.depcheck", note="needs \x1b[31mlibfoo.so.1", ref_url="http://logs/3/",
                   data={"item": OTHER, "type": "koji_build"})
        server.add("PASSED", "dist.depcheck", data={"item": BUILD, "type": "koji_build"})
        yield server


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "gating.yaml").write_text(GATING)
    (tmp_path / "waivers.yaml").write_text(json.dumps([{
        "subject_type": "koji_build", "subject_identifier": OTHER, "testcase": "dist.depcheck",
        "product_version": "fedora-20", "comment": "known"}]))
    return tmp_path


def call(database: DatabaseServer, files: Path, *argv: object) -> Result:
    return CliRunner().invoke(gate, [*map(str, argv), "--policy", str(files / "policy.yaml"), "--url", database.url])


def test_an_item_that_may_go_out(database: DatabaseServer, files: Path) -> None:
    answer = call(database, files, BUILD)

    assert (answer.exit_code, answer.output) == (
        0, "xchat-0.5-1.fc20 may go out at bodhi_update_push_stable of fedora-20: all required tests passed.\n")


def test_an_update_with_two_builds_of_which_one_is_blocked(database: DatabaseServer, files: Path) -> None:
    answer = call(database, files, UPDATE, BUILD, OTHER, "--gating", files / "gating.yaml")

    assert (answer.exit_code, answer.output) == (1, (
        "FEDORA-2014-0525, xchat-0.5-1.fc20 and hexchat-2.0-1.fc20 must wait at bodhi_update_push_stable of "
        "fedora-20: 1 of 4 required tests failed.\n"
        "  - dist.depcheck of hexchat-2.0-1.fc20 is FAILED: needs \\x1b[31mlibfoo.so.1\n"
        "    see http://logs/3/; mend it and build again, or waive dist.depcheck\n"))


def test_a_waiver_lets_it_go(database: DatabaseServer, files: Path) -> None:
    answer = call(database, files, OTHER, "--gating", files / "gating.yaml", "--waivers", files / "waivers.yaml")

    assert (answer.exit_code, answer.output) == (0, (
        "hexchat-2.0-1.fc20 may go out at bodhi_update_push_stable of fedora-20: all required tests passed "
        "(1 waived).\n"))


def test_programs_get_the_decision_of_the_api(database: DatabaseServer, files: Path) -> None:
    answer = call(database, files, "unknown-1-1.fc20", "--json", "--verbose")

    assert json.loads(answer.output) == {
        "policies_satisfied": False, "summary": "1 of 1 required test results missing",
        "satisfied_requirements": [], "applicable_policies": ["stable"], "results": [], "waivers": [],
        "unsatisfied_requirements": [{
            "type": "test-result-missing", "testcase": "dist.rpmlint", "subject_type": "koji_build",
            "subject_identifier": "unknown-1-1.fc20", "scenario": None, "source": None,
            "item": {"type": "koji_build", "item": "unknown-1-1.fc20"}}]}


def test_a_missing_result_says_what_to_do(database: DatabaseServer, files: Path) -> None:
    lines = call(database, files, "unknown-1-1.fc20").output.splitlines()

    assert lines[1:] == [
        "  - dist.rpmlint of unknown-1-1.fc20 has no result",
        "    see whether it was started: checkotron trigger status; start it, or waive dist.rpmlint"]


def test_a_question_without_an_answer_says_what_the_policies_know(database: DatabaseServer, files: Path) -> None:
    answer = call(database, files, BUILD, "--context", "other")

    assert (answer.exit_code, answer.output) == (2, (
        "Error: Cannot find any applicable policies for koji_build subjects at gating point other in fedora-20\n"
        "the policies know:\n  bodhi_update_push_stable of fedora-20 for koji_build (stable)\n"))


def test_where_there_is_a_choice_it_asks(database: DatabaseServer, files: Path) -> None:
    (files / "policy.yaml").write_text(POLICY + POLICY.replace("push_stable", "push_testing"))

    answer = call(database, files, BUILD)

    assert answer.exit_code == 2
    assert answer.output.startswith("Error: which one? Name it: --context\nthe policies know:\n")


def test_a_wrong_policy_is_the_users_mistake(database: DatabaseServer, files: Path) -> None:
    (files / "policy.yaml").write_text("--- !Policy\nid: x\n")

    answer = call(database, files, BUILD)

    assert answer.exit_code == 2
    assert f"Error: {files}/policy.yaml:1: Policy 'x': Attribute 'product_versions' is required\n" in answer.output


def test_a_database_that_is_away_is_trouble(files: Path) -> None:
    answer = CliRunner().invoke(gate, [BUILD, "--policy", str(files / "policy.yaml"), "--url", "http://127.0.0.1:9"])

    assert (answer.exit_code, answer.output) == (
        3, "Error: http://127.0.0.1:9/api/v2.0: cannot be reached: Connection refused; try again\n")
