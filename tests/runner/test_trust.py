"""Caches and secrets by trust, environments by name, revisions: what a check is given beyond its input."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checks.contracts import CheckInput
from checks.description import CheckDescription, parse_check
from runner.environments import image_for, image_names
from runner.executor import ExecutorError
from runner.revision import Revision, revision_of
from runner.trust import TRUSTED, UNTRUSTED, give
from tests.support.checkotron_process import run_check, write_check

HERE = Revision("sha256:0", None, "https://pagure.io/checks")


def check(text: str, folder: str = "/x") -> CheckDescription:
    return parse_check(f"name: x\nactions: [{{dummy: {{}}}}]\n{text}", Path(folder, "x.yml"))


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "token").write_text("hunter2\n")
    (folder / "token").chmod(0o600)
    (folder / "allowed.yml").write_text("token: ['https://pagure.io/checks']\n")
    return folder


def test_a_cache_carries_trust_and_repository_in_its_name(tmp_path: Path) -> None:
    given = give(check("caches: [dnf]"), TRUSTED, HERE, tmp_path, None)

    assert given.caches["dnf"].name.startswith("2-https___pagure.io_checks-")
    assert given.caches["dnf"].name.endswith("-dnf")
    assert given.caches["dnf"].is_dir()


def test_a_check_that_is_not_trusted_gets_no_cache_and_is_told(tmp_path: Path) -> None:
    given = give(check("caches: [dnf]"), UNTRUSTED, HERE, tmp_path / "caches", None)

    assert given.caches == {}
    assert given.notes == ("no cache is given to a check that is not trusted (dnf)",)
    assert not (tmp_path / "caches").exists()


def test_a_secret_is_a_file_for_allowed_repositories(secrets: Path, tmp_path: Path) -> None:
    given = give(check("secrets: [token]"), TRUSTED, HERE, tmp_path, secrets)

    assert given.secrets == {"token": secrets / "token"}


@pytest.mark.parametrize(("level", "repository", "mode", "words"), [
    (UNTRUSTED, "https://pagure.io/checks", 0o600, "is not trusted"),
    (TRUSTED, "https://pagure.io/others", 0o600,
     "secret `token` is not for checks of `https://pagure.io/others`; allow it"),
    (TRUSTED, "https://pagure.io/checks", 0o644, "must be a plain file that only its owner may read"),
])
def test_a_secret_is_refused_with_what_to_do(level: int, repository: str, mode: int, words: str, secrets: Path,
                                             tmp_path: Path) -> None:
    (secrets / "token").chmod(mode)

    with pytest.raises(ExecutorError, match=words):
        give(check("secrets: [token]"), level, Revision("x", None, repository), tmp_path, secrets)


def test_a_missing_secret_or_folder_is_told(secrets: Path, tmp_path: Path) -> None:
    (secrets / "allowed.yml").write_text("other: ['https://pagure.io/checks']\n")

    with pytest.raises(ExecutorError, match="secret `other` is not in"):
        give(check("secrets: [other]"), TRUSTED, HERE, tmp_path, secrets)
    with pytest.raises(ExecutorError, match="name the folder that has them in .CHECKOTRON_SECRETS"):
        give(check("secrets: [other]"), TRUSTED, HERE, tmp_path, None)
    with pytest.raises(ExecutorError, match="which checks may have which secret cannot be read"):
        give(check("secrets: [other]"), TRUSTED, HERE, tmp_path, tmp_path)


@pytest.mark.parametrize("executor", ["local", "sandbox"])
def test_a_secret_reaches_its_check_and_no_log(executor: str, secrets: Path, tmp_path: Path) -> None:
    made = write_check(tmp_path / "checks" / "uses", """\
secrets: [token]
caches: [things]
actions:
  - command: "cat ${secrets.token}; echo again $(cat $SECRET_token); echo kept >> ${caches.things}/file"
  - {command: "printf 'ok 1 - the token is '; cat $SECRET_token", export: tap}
  - {resultsdb: {results: "${tap}"}}
""")
    (secrets / "allowed.yml").write_text(f"token: ['{made}']\n")
    caches = tmp_path / "caches"

    ran = run_check(made, tmp_path / "out", executor=executor, CHECKOTRON_SECRETS=str(secrets),
                    CHECKOTRON_TRUSTED=str(tmp_path / "checks"), CHECKOTRON_CACHES=str(caches))

    assert ran.exit_code == 0, ran.stdout + ran.stderr
    assert "again ***" in ran.log()
    assert ran.results[0].summary == "the token is ***"
    if executor == "local":
        assert next(caches.glob("*/file")).read_text() == "kept\n"
    for path in ran.folder.iterdir():
        assert "hunter2" not in path.read_text()
    assert "hunter2" not in ran.stdout


def test_an_untrusted_check_that_wants_a_secret_does_not_run(secrets: Path, tmp_path: Path) -> None:
    made = write_check(tmp_path / "wants", "secrets: [token]\nrun: {using: command, command: 'true'}\n")

    ran = run_check(made, tmp_path / "out", CHECKOTRON_SECRETS=str(secrets))

    assert ran.exit_code == 3
    assert "and is not trusted" in ran.stderr


def test_the_checks_name_is_tried_as_the_variant_first_then_none() -> None:
    given = CheckInput("a-1-1", "koji_build", "-1000", "x86_64", "scratch.x")

    assert image_names(check("environment: {distribution: fedora, release: f42}"), given) == (
        "fedora-f42-x-x86_64", "fedora-f42-x", "fedora-f42-x86_64", "fedora-f42")
    assert image_names(check("environment: {release: f42, variant: minimal}"), given) == (
        "f42-minimal-x86_64", "f42-minimal")
    assert image_names(check("environment: {image: 'registry/a:1', release: f42}"), given) == ("registry/a:1",)
    assert image_names(check("environment: {rpm: [rpmlint]}"), given) == ()


def test_the_most_fitting_root_is_taken(tmp_path: Path) -> None:
    given = CheckInput("a-1-1", "koji_build", "-1000", "noarch", "scratch.x")
    wanted = check("environment: {release: f42}")
    with pytest.raises(ExecutorError, match="has none of the roots f42-x, f42; make one"):
        image_for(wanted, given, "sandbox", tmp_path)
    (tmp_path / "f42" / "usr").mkdir(parents=True)

    assert image_for(wanted, given, "sandbox", tmp_path) == str(tmp_path / "f42")
    assert image_for(wanted, given, "podman", None) == "f42-x,f42"
    assert image_for(wanted, given, "local", None) is None
    with pytest.raises(ExecutorError, match="name the folder that has roots in .CHECKOTRON_ROOTS"):
        image_for(wanted, given, "sandbox", None)


def test_a_revision_names_files_commit_and_repository_without_passwords(tmp_path: Path) -> None:
    folder = tmp_path / "repo" / "checks" / "x"
    folder.mkdir(parents=True)
    (folder / "x.yml").write_text("name: x\n")
    for argv in (["init", "-q"], ["add", "."], ["remote", "add", "origin", "https://me:hunter2@example.org/r.git"],
                 ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "x"]):
        subprocess.run(["git", *argv], cwd=tmp_path / "repo", check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True).stdout

    first = revision_of(folder)
    subprocess.run(["git", "pack-refs", "--all"], cwd=folder, check=True)
    (folder / "x.yml").write_text("name: y\n")
    second = revision_of(folder)

    assert (first.commit, first.repository) == (head.strip(), "https://example.org/r.git")
    assert second.commit == first.commit
    assert second.digest != first.digest
    assert revision_of(tmp_path).commit is None
