"""distgit, against a server of raw pages and against a folder of real repositories, with the same files in both."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.directive import DirectiveContext, DirectiveError, ParametersError, SurroundingsError
from runner.directives.distgit import Distgit, branch_of
from tests.support.git_server import commit, git
from tests.support.web_server import NOT_FOUND, Answer, Request, WebServer, web_server

#: Repository, branch and the files on it.
CONTENT: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "rpms/xchat": {
        "rawhide": {"xchat.spec": "Release: 2\n", "xchat.rpmlintrc": "rawhide\n"},
        "f43": {"xchat.spec": "Release: 1\n", "patches/first.patch": "patch\n"},
    },
    "modules/dhcp": {"main": {"dhcp.yaml": "module\n"}},
    "rpms/old": {"master": {"old.spec": "old\n"}},
}


def raw_pages(request: Request) -> Answer:
    """Answer as Fedora's dist-git does: /<namespace>/<package>/raw/<branch>/f/<path>."""
    repository, _, rest = request.path.strip("/").partition("/raw/")
    ref, _, path = rest.partition("/f/")
    text = CONTENT.get(repository, {}).get(ref, {}).get(path)
    return NOT_FOUND if text is None else Answer(text.encode())


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server(raw_pages) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, branches in CONTENT.items():
        for branch, files in branches.items():
            repository = tmp_path / "git" / name
            if repository.exists():
                git(repository, "switch", "--quiet", "--orphan", branch)
            commit(repository, files, branch)
    return tmp_path / "git"


@pytest.fixture(params=["server", "folder"])
def base(request: pytest.FixtureRequest) -> str:
    place = request.getfixturevalue(request.param)
    return place.url if request.param == "server" else str(place)


def run(tmp_path: Path, base: str, **parameters: Any) -> dict[str, Any]:
    context = DirectiveContext.alone(tmp_path / "run", settings={"distgit_url": base})
    value: dict[str, Any] = Distgit({"target_dir": "files"} | parameters).run(context)
    return value


def text(tmp_path: Path, name: str) -> str:
    return (tmp_path / "run" / "work" / "files" / name).read_text()


def test_a_build_names_package_and_branch(tmp_path: Path, base: str) -> None:
    value = run(tmp_path, base, nvr="xchat-0.5-1.fc43", path=["xchat.spec", "patches/first.patch"])

    assert value["gitref"] == "f43"
    assert value["downloaded_files"] == [str(tmp_path / "run" / "work" / "files" / name)
                                         for name in ("xchat.spec", "patches/first.patch")]
    assert text(tmp_path, "xchat.spec") == "Release: 1\n"
    assert text(tmp_path, "patches/first.patch") == "patch\n"


def test_a_build_of_a_release_without_a_branch_is_of_the_development_one(tmp_path: Path, base: str) -> None:
    value = run(tmp_path, base, nvr="xchat-0.5-2.fc99", path="xchat.spec")

    assert value["gitref"] == "rawhide"


def test_a_file_that_only_the_development_branch_has_is_not_taken_for_that_of_a_release(tmp_path: Path,
                                                                                       base: str) -> None:
    value = run(tmp_path, base, nvr="xchat-0.5-1.fc43", path="xchat.rpmlintrc", ignore_missing=True)

    assert value == {"downloaded_files": [], "gitref": "f43"}


@pytest.mark.parametrize(("where", "path", "branch"), [
    ({"package": "xchat"}, "xchat.spec", "rawhide"), ({"package": "old"}, "old.spec", "master"),
    ({"package": "dhcp", "namespace": "modules"}, "dhcp.yaml", "main"),
])
def test_without_a_branch_the_one_of_development_is_found(tmp_path: Path, base: str, where: dict[str, str], path: str,
                                                          branch: str) -> None:
    assert run(tmp_path, base, path=path, **where)["gitref"] == branch


def test_a_branch_is_taken_as_given(tmp_path: Path, base: str) -> None:
    run(tmp_path, base, package="xchat", gitref="f43", path="xchat.spec")

    assert text(tmp_path, "xchat.spec") == "Release: 1\n"


def test_files_get_other_names(tmp_path: Path, base: str) -> None:
    value = run(tmp_path, base, package="xchat", gitref="f43", path=["xchat.spec", "patches/first.patch"],
                localpath=["a.spec", "b/c.patch"])

    files = tmp_path / "run" / "work" / "files"
    assert value["downloaded_files"] == [str(files / "a.spec"), str(files / "b/c.patch")]


def test_as_many_names_as_files_are_needed() -> None:
    with pytest.raises(ParametersError) as caught:
        Distgit({"package": "xchat", "path": ["a", "b"], "localpath": ["c"], "target_dir": "x"})

    assert str(caught.value) == "distgit: localpath: has 1 entries, `path` has 2; expected as many"


def test_a_missing_file_is_named(tmp_path: Path, base: str) -> None:
    with pytest.raises(SurroundingsError) as caught:
        run(tmp_path, base, package="xchat", gitref="f43", path=["xchat.spec", "gone"])

    assert str(caught.value) == "`rpms/xchat` has no `gone` at `f43`; `ignore_missing: true` passes over it"
    assert caught.value.code == "no-such-file"


def test_missing_files_may_be_passed_over(tmp_path: Path, base: str) -> None:
    value = run(tmp_path, base, package="xchat", gitref="f43", path=["gone", "xchat.spec"], ignore_missing=True)

    assert [Path(name).name for name in value["downloaded_files"]] == ["xchat.spec"]


def test_a_package_that_is_not_there_is_named(tmp_path: Path, base: str) -> None:
    with pytest.raises(SurroundingsError, match="`rpms/gone` has no `gone.spec` at `rawhide`, `main`, `master`"):
        run(tmp_path, base, package="gone", path="gone.spec")


def test_nothing_of_git_is_left(tmp_path: Path, folder: Path) -> None:
    run(tmp_path, str(folder), package="xchat", path="xchat.spec")

    assert list((tmp_path / "run" / "private").iterdir()) == []
    assert [path.name for path in (tmp_path / "run" / "work" / "files").iterdir()] == ["xchat.spec"]


def test_a_link_in_a_repository_gives_nothing_of_this_machine(tmp_path: Path, folder: Path) -> None:
    repository = folder / "rpms" / "xchat"
    git(repository, "switch", "--quiet", "f43")
    (repository / "secret").symlink_to("/etc/passwd")
    (repository / "inside").symlink_to("xchat.spec")
    (repository / "etc").symlink_to("/etc")
    commit(repository, {}, "f43")

    value = run(tmp_path, str(folder), package="xchat", gitref="f43", path=["secret", "inside", "etc/passwd"],
                ignore_missing=True)

    assert value["downloaded_files"] == []


def test_a_link_left_in_the_target_folder_is_not_followed(tmp_path: Path, base: str) -> None:
    files = tmp_path / "run" / "work" / "files"
    files.mkdir(parents=True)
    (files / "patches").symlink_to(tmp_path)
    (files / "xchat.spec").symlink_to(tmp_path / "victim")

    run(tmp_path, base, package="xchat", gitref="f43", path="xchat.spec")
    with pytest.raises(DirectiveError, match="leads out of `target_dir` by a link"):
        run(tmp_path, base, package="xchat", gitref="f43", path="patches/first.patch")

    assert not (tmp_path / "victim").exists()
    assert not (tmp_path / "first.patch").exists()


def test_what_stands_in_the_way_of_a_file_is_said(tmp_path: Path, base: str) -> None:
    files = tmp_path / "run" / "work" / "files"
    (files / "xchat.spec").mkdir(parents=True)
    (files / "patches").touch()

    for path, words in (("xchat.spec", "there is a folder of that name"),
                        ("patches/first.patch", "a file stands in the way")):
        with pytest.raises(DirectiveError, match=words):
            run(tmp_path, base, package="xchat", gitref="f43", path=path)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a/..", ".", "a\nb"])
def test_paths_stay_inside(path: str) -> None:
    for key in ("path", "localpath"):
        with pytest.raises(ParametersError, match="expected a path inside the repository"):
            Distgit({"package": "xchat", "path": ["a"], "target_dir": "x"} | {key: [path]})


def test_a_folder_of_this_machine_is_the_operator_s_choice_only() -> None:
    with pytest.raises(ParametersError, match="expected a URL of http or https"):
        Distgit({"package": "xchat", "path": "a", "target_dir": "x", "baseurl": "/srv/git"})


def test_another_layout_is_written_out(tmp_path: Path) -> None:
    with web_server(lambda request: Answer(request.path.encode())) as server:
        run(tmp_path, "", baseurl=f"{server.url}/{{namespace}}/{{package}}/raw/branch/{{gitref}}/{{path}}",
            package="g++", gitref="f43", path="a b.spec")

    assert text(tmp_path, "a b.spec") == "/rpms/g++/raw/branch/f43/a b.spec"


def test_an_item_of_type_dist_git_commit_says_all(tmp_path: Path, folder: Path) -> None:
    sha = git(folder / "rpms" / "xchat", "rev-parse", "f43")

    value = run(tmp_path, str(folder), dist_git_commit=f"rpms/xchat#{sha[:10]}", path="xchat.spec")

    assert value["gitref"] == sha[:10]
    assert text(tmp_path, "xchat.spec") == "Release: 1\n"


@pytest.mark.parametrize(("release", "branch"), [("1.fc43", "f43"), ("1.el9", "epel9"), ("1.el9_4", "epel9"),
                                                 ("1.fc43.1", "f43"), ("1.eln130", "rawhide")])
def test_the_dist_tag_says_the_branch(release: str, branch: str) -> None:
    assert branch_of(release) == branch


def test_a_release_without_a_dist_tag_is_told_what_to_do() -> None:
    with pytest.raises(DirectiveError) as caught:
        branch_of("3")

    assert str(caught.value) == "release `3` names no branch; expected `.fcNN` or `.elN` in it, or give `gitref`"


def test_without_a_server_it_says_how_to_set_one(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError) as caught:
        run(tmp_path, "", package="xchat", path="xchat.spec")

    assert str(caught.value) == "no dist-git server is set; give `baseurl`, or set $CHECKOTRON_DISTGIT_URL"
