"""Checks that live in repositories of their own: found in real Git repositories, by facts that cannot lead astray."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.trigger.planning import plan_of
from tests.trigger.samples import koji_build
from trigger.discoveries.git import GitDiscovery
from trigger.discovery import Repository
from trigger.lookup import LookupAwayError
from trigger.rulebook import Surroundings
from trigger.rules import RulesError, read_rules

CHECK = """\
name: {name}
input: {{item_type: koji_build, args: [koji_build, arch]}}
run: {{using: command, command: ["true"]}}
"""


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=rawhide"]
    done = subprocess.run(["git", *settings, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package's repository: a check in a folder, a deeper one, a broken one, and a branch f36 with another."""
    folder = tmp_path / "rpms" / "xchat"
    for name in ("smoke", "tests/deep", "broken"):
        (folder / name).mkdir(parents=True)
        (folder / name / "runtask.yml").write_text(CHECK.format(name=Path(name).name))
    (folder / "broken" / "runtask.yml").write_text("nmae: x")
    (folder / "outside").symlink_to("/etc")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "tests")
    git(folder, "checkout", "-qb", "f36")
    (folder / "smoke" / "runtask.yml").write_text(CHECK.format(name="smoke-f36"))
    git(folder, "commit", "-qam", "other")
    git(folder, "checkout", "-q", "rawhide")
    return folder


def names(package: Path, **wanted: object) -> list[tuple[str, str]]:
    found = GitDiscovery().checks_of(Repository(f"file://{package}", **wanted))  # type: ignore[arg-type]
    return [(one.description.name, one.folder) for one in found]


def test_checks_of_a_branch_are_found_and_broken_ones_hide_no_good_one(package: Path) -> None:
    assert names(package) == [("smoke", "smoke")]
    assert names(package, branch="f36") == [("smoke-f36", "smoke")]
    assert names(package, recursive=True) == [("smoke", "smoke"), ("deep", "tests/deep")]


def test_a_branch_that_is_not_there_falls_back(package: Path) -> None:
    assert names(package, branch="f99", fallback_branch="f36") == [("smoke-f36", "smoke")]
    assert names(package, branch="f99") == []


def test_a_repository_that_is_not_there_has_no_checks(tmp_path: Path) -> None:
    assert GitDiscovery().checks_of(Repository(f"file://{tmp_path}/nothing")) == ()


def test_a_host_that_is_away_makes_the_message_wait() -> None:
    with pytest.raises(LookupAwayError):
        GitDiscovery().checks_of(Repository("http://127.0.0.1:9/x.git"))


def test_a_commit_is_cloned_once(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import trigger.discoveries.git as module

    calls: list[str] = []
    whole = module._git
    monkeypatch.setattr(module, "_git", lambda arguments: (calls.append(arguments[0]), whole(arguments))[1])
    discovery = GitDiscovery()
    for _ in range(3):
        discovery.checks_of(Repository(f"file://{package}"))

    assert calls == ["ls-remote", "clone", "ls-remote", "ls-remote"]


def rule(package: Path, repo: str = "") -> str:
    repo = repo or f"file://{package.parent}/${{name}}"
    return (
        f"- {{name: own, when: {{}}, do: [{{discover: {{repo: '{repo}', branch: '${{distgit_branch}}', "
        "fallback_branch: rawhide}}]}}"
    ).replace("}}]}}", "}}]}")


def test_a_package_brings_its_own_checks(package: Path) -> None:
    (job,) = plan_of(rule(package), koji_build(), around=Surroundings(discovery=GitDiscovery())).jobs

    assert (job.taskname, job.item) == ("smoke-f36", "xchat-0.5-1.fc36")
    assert {name: value for name, value in job.extra.items() if not name.startswith("fact_")} == {
        "check_repository": f"file://{package}",
        "check_revision": git(package, "rev-parse", "f36"),
        "check_folder": "smoke",
    }
    assert job.key == f"koji:primary:1874070:complete@file://{package}/smoke-f36/noarch"


@pytest.mark.parametrize("name", ["..", "-oProxyCommand=x", "a/../../b", "a b", "a;b", "a@host", "ü"])
def test_a_hostile_fact_never_gets_into_an_address(package: Path, name: str) -> None:
    message = koji_build(name="xchat", target=name, request=["git+x", name])
    plan = plan_of(rule(package, f"file://{package.parent}/${{target}}"), message)

    assert plan.jobs == ()
    assert "which cannot be put into" in plan.reasons[0]


def test_an_address_without_a_scheme_is_refused_when_read() -> None:
    with pytest.raises(RulesError, match="is no address of a repository"):
        read_rules("- {when: {}, do: [{discover: {repo: 'ext::sh -c x'}}]}", "r")


def test_where_nothing_is_discovered_the_reason_says_so() -> None:
    assert plan_of(
        "- {name: own, when: {}, do: [{discover: {repo: 'https://example.org/x'}}]}", koji_build()
    ).reasons == ("own: no check was discovered",)
