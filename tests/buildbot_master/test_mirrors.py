"""A check that lives in a repository comes from the master's mirror, at its revision, fetched once a burst."""
from __future__ import annotations

import subprocess
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from buildbot_master.parts import mirrors as mirrors_module
from buildbot_master.parts.mirrors import MirrorError, Mirrors, Wanted
from tests.buildbot_master.conftest import RunningMaster, new_master

YAML = "name: good\nnamespace: dist\ndescription: x\nmaintainer: tests\nrun: {using: command, command: 'true'}\n"


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(folder), *words],
                          capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "tests" / "good").mkdir(parents=True)
    (folder / "tests" / "good" / "good.yml").write_text(YAML)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "one")
    return folder


def commit(folder: Path, text: str) -> str:
    (folder / "tests" / "good" / "which").write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", text)
    return git(folder, "rev-parse", "HEAD")


def which(archive: Path) -> str:
    with tarfile.open(archive) as tar:
        file = tar.extractfile("which")
        assert file
        return file.read().decode()


def url(repository: Path) -> str:
    return f"file://{repository}"


def test_the_folder_comes_at_its_revision(tmp_path: Path, repository: Path) -> None:
    mirrors = Mirrors(tmp_path / "mirrors", ("file://",))
    first = git(repository, "rev-parse", "HEAD")
    commit(repository, "two")

    revision = mirrors.archive(Wanted(url(repository), first, "tests/good"), tmp_path / "a.tar")

    assert revision == first
    assert which(tmp_path / "a.tar") == "one"


def test_a_revision_that_is_not_there_yet_is_fetched(tmp_path: Path, repository: Path) -> None:
    mirrors = Mirrors(tmp_path / "mirrors", ("file://",))
    mirrors.archive(Wanted(url(repository), "main", "tests/good"), tmp_path / "a.tar")
    second = commit(repository, "two")

    mirrors.archive(Wanted(url(repository), second, "tests/good"), tmp_path / "a.tar")

    assert which(tmp_path / "a.tar") == "two"


def test_a_burst_fetches_once(tmp_path: Path, repository: Path) -> None:
    mirrors = Mirrors(tmp_path / "mirrors", ("file://",))
    mirrors.archive(Wanted(url(repository), "main", "tests/good"), tmp_path / "a.tar")
    # a fetch would now fail
    repository.rename(tmp_path / "gone")

    with ThreadPoolExecutor(4) as pool:
        revisions = list(pool.map(lambda number: mirrors.archive(
            Wanted(url(repository), "main", "tests/good"), tmp_path / f"{number}.tar"), range(8)))

    assert len(set(revisions)) == 1


def test_one_at_a_time_makes_a_mirror_and_nobody_sees_half_of_it(
        tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors = Mirrors(tmp_path / "mirrors", ("file://",))
    place, real, seen = mirrors.path(url(repository)), mirrors_module._git, []
    at_work, made = threading.Lock(), []

    def watched(mirror: Path | None, *words: str, **options: Any) -> Any:
        is_alone = at_work.acquire(blocking=False)
        try:
            done = real(mirror, *words, **options)
            if words[0] == "clone":
                made.append(Path(words[-1]).stat().st_ino)
            seen.append((words[0], is_alone, place.exists()))
            return done
        finally:
            if is_alone:
                at_work.release()

    monkeypatch.setattr(mirrors_module, "_git", watched)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: mirrors.archive(
            Wanted(url(repository), "main", "tests/good"), tmp_path / f"{number}.tar"), range(6)))

    # the clone was whole before it was put in place, and then it was so at once
    assert made == [place.stat().st_ino]
    assert [entry for entry in seen if entry[0] == "clone"] == [("clone", True, False)]
    assert all(is_alone for _, is_alone, _ in seen)


def test_a_clone_that_breaks_off_leaves_no_mirror(
        tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors = Mirrors(tmp_path / "mirrors", ("file://",))

    def watched(mirror: Path | None, *words: str, **options: Any) -> Any:
        (Path(words[-1]) / "objects").mkdir(parents=True)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mirrors_module, "_git", watched)
        with pytest.raises(KeyboardInterrupt):
            mirrors.archive(Wanted(url(repository), "main", "tests/good"), tmp_path / "a.tar")

    assert not mirrors.path(url(repository)).exists()
    assert mirrors.archive(Wanted(url(repository), "main", "tests/good"), tmp_path / "a.tar")


def test_what_cannot_be_fetched_is_tried_again_and_what_is_wrong_is_not(tmp_path: Path, repository: Path) -> None:
    mirrors = Mirrors(tmp_path / "mirrors", ("file://",))

    faults = {}
    for name, wanted in {"away": Wanted(f"file://{tmp_path}/nothing"), "revision": Wanted(url(repository), "nothing"),
                         "folder": Wanted(url(repository), "main", "nothing")}.items():
        with pytest.raises(MirrorError) as caught:
            mirrors.archive(wanted, tmp_path / "a.tar")
        faults[name] = caught.value.is_for_ever

    assert faults == {"away": False, "revision": True, "folder": True}
    assert not list((tmp_path / "mirrors").glob(".new-*"))


@pytest.mark.parametrize("wanted", [
    Wanted("ext::sh -c 'touch /tmp/pwned'"),
    Wanted("ssh://example.org/x"),
    Wanted("file:///x", "--upload-pack=touch"),
    Wanted("file:///x", "a..b"),
    Wanted("file:///x", "main", "../.."),
    Wanted("file:///x", "main", "a/../../b"),
    Wanted("file:///x", "main", "--output=x"),
])
def test_what_a_message_may_not_ask_for_is_refused(tmp_path: Path, wanted: Wanted) -> None:
    with pytest.raises(MirrorError) as caught:
        Mirrors(tmp_path / "mirrors", ("file://",)).archive(wanted, tmp_path / "a.tar")

    assert caught.value.is_for_ever or "cannot be cloned" in str(caught.value)


def test_a_discovered_check_is_brought_to_the_worker_and_removed(tmp_path: Path, repository: Path) -> None:
    revision = git(repository, "rev-parse", "HEAD")
    with new_master(tmp_path / "state", {"repository_prefixes": ["file://"]}) as master:
        build_id = master.schedule("good", extra={
            "check_repository": url(repository), "check_revision": revision, "check_folder": "tests/good"})

        report = master.ended(build_id)
        build = master.last_build(build_id)

        assert report["execution_status"] == "OK"
        assert report["check"].endswith("/good")
        assert build["results"] == 0
        assert not [path for path in master.state.worker.glob("*/checks/build/*/*") if path.exists()]


def test_a_repository_that_is_not_allowed_ends_the_job_with_its_reason(master: RunningMaster) -> None:
    build_id = master.schedule("good", extra={"check_repository": "file:///etc"})

    report = master.ended(build_id)

    assert (report["code"], report["exit_code"]) == ("wrong-check", 2)
    assert "is not among those that are allowed: https://" in report["status"]
