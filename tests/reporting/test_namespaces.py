from pathlib import Path

import pytest

from checks.contracts import FinishedRun
from reporting.namespaces import Namespaces, NamespacesError, load_namespaces
from tests.reporting.runs import BUILD_ID, enqueue, execution_report
from tests.support.checkotron_process import checkotron, run_check, write_check
from tests.support.results_server import results_server

TEXT = """\
namespace: dist
description: Says that all is well.
maintainer: tests
run:
  using: command
  command: [printf, "TAP version 13\\n1..1\\nok 1 - all\\n  ---\\n  summary: all is well\\n  ...\\n"]
"""
RULES = """\
safe: [scratch, try]
allowed:
  dist: ["https://pagure.io/fedora-qa/"]
  own: [library]
  pkg: ["https://src.fedoraproject.org/rpms", "https://src.fedoraproject.org/tests"]
"""


def test_a_file_holds_the_rules(tmp_path: Path) -> None:
    (tmp_path / "namespaces.yml").write_text(RULES)

    rules = load_namespaces(tmp_path / "namespaces.yml")

    assert rules == Namespaces(("scratch", "try"), {
        "dist": ("https://pagure.io/fedora-qa/",), "own": ("library",),
        "pkg": ("https://src.fedoraproject.org/rpms", "https://src.fedoraproject.org/tests")})


@pytest.mark.parametrize(("testcase", "repository", "refusal"), [
    ("dist.x", "https://pagure.io/fedora-qa/x.git", None),
    ("dist.x", "https://pagure.io/fedora-qa-evil/x.git",
     "namespace `dist` is not open to checks from `https://pagure.io/fedora-qa-evil/x.git`"),
    ("dist.x", "", "namespace `dist` is not open to checks from `nowhere`"),
    ("pkg.gcc", "https://src.fedoraproject.org/tests/gcc", None),
    ("own.x", "", None), ("own.x", "https://x.org/library", "namespace `own` is not open to checks from "
                                                              "`https://x.org/library`"),
    ("try.anything", "", None),
    ("free.x", "", None),
])
def test_a_namespace_is_open_to_its_repositories(
        tmp_path: Path, testcase: str, repository: str, refusal: str | None) -> None:
    (tmp_path / "n.yml").write_text(RULES)
    report = execution_report(testcase=testcase, details={"repository": repository})

    assert load_namespaces(tmp_path / "n.yml").refusal(testcase, report) == refusal


def test_every_fault_of_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "n.yml"
    path.write_text("safe: []\nallowed: {dist: x, pkg: [1]}\nother: 1\n")

    with pytest.raises(NamespacesError) as caught:
        load_namespaces(path)

    assert str(caught.value).splitlines() == [
        f"{path}: unknown key `other`; expected `safe` or `allowed`",
        f"{path}: `safe` is not a list of at least one namespace",
        f"{path}: `allowed.dist` is not a list of URLs", f"{path}: `allowed.pkg` is not a list of URLs"]


@pytest.mark.parametrize("text", ["[", "5", "a: 1\na: 2"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "n.yml").write_text(text)

    with pytest.raises(NamespacesError):
        load_namespaces(tmp_path / "n.yml")


@pytest.mark.parametrize(("repository", "testcase", "outcome", "note"), [
    ("https://pagure.io/fedora-qa/mine.git", "dist.mine", "PASSED", "all is well"),
    ("https://evil.example/mine.git", "scratch.dist.mine", "NEEDS_INSPECTION",
     "claimed PASSED as `dist.mine`: namespace `dist` is not open to checks from `https://evil.example/mine.git`"),
])
def test_a_check_from_elsewhere_cannot_report_under_a_name_that_gates(
        tmp_path: Path, repository: str, testcase: str, outcome: str, note: str) -> None:
    """Over the real runner, the queue and the deliverer."""
    check = write_check(tmp_path / "mine", TEXT)
    (tmp_path / "n.yml").write_text(RULES)
    ran = run_check(check, tmp_path / "queue" / "run", "--build-id", BUILD_ID, "--check-repository", repository)
    assert ran.exit_code == 0, ran.stderr
    enqueue(tmp_path / "queue", FinishedRun(BUILD_ID, str(ran.folder), "http://logs/1/"))

    with results_server() as server:
        told = checkotron("results", "deliver", "--queue", tmp_path / "queue", "--to", server.url, "--namespaces",
                          tmp_path / "n.yml")

    assert told.returncode == 0, told.stderr
    assert [(row["testcase"]["name"], row["outcome"], row["note"]) for row in server.rows] == [
        (testcase, outcome, note)]
