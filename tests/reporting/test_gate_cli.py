"""`checkotron gate` over the real results database."""
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reporting.gate_cli import gate
from tests.support.bodhi_server import bodhi_server
from tests.support.database_server import DatabaseServer, database_server
from tests.support.koji_hub import koji_hub

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
        "    see http://logs/3/; mend it and build again, or waive dist.depcheck\n"
        "To waive, put into a file what follows and give it as --waivers FILE:\n"
        '- {"subject_type": "koji_build", "subject_identifier": "hexchat-2.0-1.fc20", "testcase": "dist.depcheck", '
        '"product_version": "fedora-20", "comment": "why this is fine"}\n'))


def test_what_it_says_of_waiving_can_be_used_as_it_stands(database: DatabaseServer, files: Path) -> None:
    asked = (OTHER, BUILD, "unknown-1-1.fc20", "--gating", files / "gating.yaml")
    said = call(database, files, *asked)
    (files / "said.yaml").write_text(said.output.partition("--waivers FILE:\n")[2])

    assert (said.exit_code, call(database, files, *asked, "--waivers", files / "said.yaml").exit_code) == (1, 0)


@pytest.mark.parametrize(("outcome", "words"), [
    ("CRASHED", "see http://logs/9/; the check broke, which says nothing about the item; start it again: "
                "checkotron trigger retrigger it-1-1.fc20 --failed, or waive dist.rpmlint"),
    ("NEEDS_INSPECTION", "see http://logs/9/; look whether it is fine; if not, mend it and build again, or waive "
                         "dist.rpmlint"),
    ("RUNNING", "see http://logs/9/; wait for it"),
])
def test_what_to_do_depends_on_what_is_wrong(files: Path, tmp_path: Path, outcome: str, words: str) -> None:
    with database_server(f"sqlite:///{tmp_path}/results.sqlite", ["--additional-outcome", outcome]) as server:
        server.add(outcome, "dist.rpmlint", ref_url="http://logs/9/",
                   data={"item": "it-1-1.fc20", "type": "koji_build"})

        lines = call(server, files, "it-1-1.fc20").output.splitlines()

    assert lines[2] == f"    {words}"


def test_an_update_is_decided_with_the_builds_that_bodhi_names(database: DatabaseServer, files: Path) -> None:
    with bodhi_server({UPDATE: [BUILD, OTHER]}) as bodhi:
        found = call(database, files, UPDATE, "--gating", files / "gating.yaml", "--bodhi", bodhi.url)
        unknown = call(database, files, "FEDORA-2014-0000", "--bodhi", bodhi.url)

    assert (found.exit_code, found.output.splitlines()[0]) == (1, (
        "FEDORA-2014-0525, xchat-0.5-1.fc20 and hexchat-2.0-1.fc20 must wait at bodhi_update_push_stable of "
        "fedora-20: 1 of 4 required tests failed."))
    assert (unknown.exit_code, unknown.output) == (
        2, f"Error: Bodhi {bodhi.url}: answered 404 Invalid update id\n")


def test_a_rule_for_new_builds_leaves_an_old_one_alone(
        database: DatabaseServer, files: Path, tmp_path: Path) -> None:
    since = "!PassingTestCaseRule {test_case_name: dist.new, valid_since: 2020-01-01}"
    (files / "policy.yaml").write_text(POLICY.replace("!RemoteRule {}", since))
    (tmp_path / "packages" / "xchat" / "0.5" / "1.fc20").mkdir(parents=True)
    with koji_hub(tmp_path / "packages") as hub:
        hub.facts[BUILD] = {"creation_time": "2014-01-21 02:51:10.076183+00:00"}
        old = call(database, files, BUILD, "--koji", hub.url)
        unknown = call(database, files, OTHER, "--koji", hub.url)
    now, away = call(database, files, BUILD), call(database, files, BUILD, "--koji", "http://127.0.0.1:9")

    assert (old.exit_code, now.exit_code) == (0, 1)
    assert (unknown.exit_code, unknown.output) == (2, (
        f"Error: Failed to find Koji build for '{OTHER}'; a rule asks when it was made: --made-at TIME\n"))
    assert (away.exit_code, away.output) == (
        3, "Error: Koji http://127.0.0.1:9: cannot be reached: ConnectionError; try again\n")


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
        "    see whether it waits: checkotron trigger status; start it: "
        "checkotron trigger retrigger unknown-1-1.fc20 --failed, or waive dist.rpmlint",
        "To waive, put into a file what follows and give it as --waivers FILE:",
        '- {"subject_type": "koji_build", "subject_identifier": "unknown-1-1.fc20", "testcase": "dist.rpmlint", '
        '"product_version": "fedora-20", "comment": "why this is fine"}']


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
