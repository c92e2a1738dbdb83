from pathlib import Path

import pytest

from reporting.namespaces import Namespaces, NamespacesError, load_namespaces
from tests.reporting.runs import execution_report

RULES = """\
safe: [scratch, try]
allowed:
  dist: ["https://pagure.io/fedora-qa/"]
  pkg: ["https://src.fedoraproject.org/rpms", "https://src.fedoraproject.org/tests"]
"""


def test_a_file_holds_the_rules(tmp_path: Path) -> None:
    (tmp_path / "namespaces.yml").write_text(RULES)

    rules = load_namespaces(tmp_path / "namespaces.yml")

    assert rules == Namespaces(("scratch", "try"), {
        "dist": ("https://pagure.io/fedora-qa/",),
        "pkg": ("https://src.fedoraproject.org/rpms", "https://src.fedoraproject.org/tests")})


@pytest.mark.parametrize(("testcase", "repository", "refusal"), [
    ("dist.x", "https://pagure.io/fedora-qa/x.git", None),
    ("dist.x", "https://pagure.io/fedora-qa-evil/x.git",
     "namespace `dist` is not open to checks from `https://pagure.io/fedora-qa-evil/x.git`"),
    ("dist.x", "", "namespace `dist` is not open to checks from `nowhere`"),
    ("pkg.gcc", "https://src.fedoraproject.org/tests/gcc", None),
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
