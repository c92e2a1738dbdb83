"""git, against real repositories served by git itself over HTTP."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.directive import Directive, DirectiveContext, DirectiveError, ParametersError, SurroundingsError
from runner.directives.git import Git
from tests.support.git_server import commit, git, git_server
from tests.support.web_server import Answer, WebServer, files_below, web_server


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    folder = tmp_path / "repositories"
    commit(folder / "checks", {"README": "first\n"})
    commit(folder / "checks", {"README": "second\n", "folder/run.py": "print()\n"})
    git(folder / "checks", "tag", "v1")
    commit(folder / "checks", {"README": "on f43\n"}, "f43")
    git(folder / "checks", "switch", "--quiet", "main")
    return folder


@pytest.fixture
def server(repositories: Path) -> Iterator[WebServer]:
    with git_server(repositories) as server:
        yield server


def run(tmp_path: Path, **parameters: str) -> dict[str, str]:
    value: dict[str, str] = Git({"target_dir": "source"} | parameters).run(DirectiveContext.alone(tmp_path / "run"))
    return value


def test_without_a_name_the_repository_s_own_branch_is_fetched(tmp_path: Path, repositories: Path,
                                                               server: WebServer) -> None:
    value = run(tmp_path, url=f"{server.url}/checks")

    assert value == {"path": str(tmp_path / "run" / "work" / "source"), "url": f"{server.url}/checks",
                     "commit": git(repositories / "checks", "rev-parse", "main")}
    assert (tmp_path / "run" / "work" / "source" / "README").read_text() == "second\n"
    assert (tmp_path / "run" / "work" / "source" / "folder" / "run.py").is_file()


@pytest.mark.parametrize(("name", "text"), [("f43", "on f43\n"), ("v1", "second\n"), ("main~1", "first\n"),
                                            ("refs/heads/f43", "on f43\n")])
def test_branches_tags_and_revisions_have_names(tmp_path: Path, server: WebServer, name: str, text: str) -> None:
    run(tmp_path, url=f"{server.url}/checks", gitref=name)

    assert (tmp_path / "run" / "work" / "source" / "README").read_text() == text


@pytest.mark.parametrize("digits", [40, 12])
def test_a_commit_that_no_branch_ends_with_is_found(tmp_path: Path, repositories: Path, server: WebServer,
                                                    digits: int) -> None:
    first = git(repositories / "checks", "rev-parse", "main~1")

    value = run(tmp_path, url=f"{server.url}/checks", gitref=first[:digits])

    assert value["commit"] == first
    assert (tmp_path / "run" / "work" / "source" / "README").read_text() == "first\n"


def test_a_server_that_only_has_files_will_do(tmp_path: Path, repositories: Path) -> None:
    git(repositories / "checks", "update-server-info")
    with web_server(files_below(repositories)) as server:
        run(tmp_path, url=f"{server.url}/checks/.git", gitref="f43")

    assert (tmp_path / "run" / "work" / "source" / "README").read_text() == "on f43\n"


def test_only_the_asked_revision_comes_where_the_server_can(tmp_path: Path, server: WebServer) -> None:
    run(tmp_path, url=f"{server.url}/checks")

    assert git(tmp_path / "run" / "work" / "source", "rev-list", "--count", "HEAD") == "1"


@pytest.mark.parametrize("name", ["nothing-of-the-sort", "0123456789abcdef0123456789abcdef01234567"])
def test_a_revision_that_is_not_there_is_named(tmp_path: Path, server: WebServer, name: str) -> None:
    with pytest.raises(SurroundingsError, match=name) as caught:
        run(tmp_path, url=f"{server.url}/checks", gitref=name)

    assert caught.value.code == "no-such-revision"
    assert not (tmp_path / "run" / "work" / "source").exists()
    assert list((tmp_path / "run" / "private").iterdir()) == []


def test_a_repository_that_is_not_there_is_named(tmp_path: Path, server: WebServer) -> None:
    with pytest.raises(SurroundingsError, match="/gone has no `HEAD`, or is no repository"):
        run(tmp_path, url=f"{server.url}/gone")


def test_a_server_that_fails_is_a_fault_of_the_surroundings(tmp_path: Path) -> None:
    with web_server(lambda request: Answer(b"", 503)) as server, pytest.raises(SurroundingsError) as caught:
        run(tmp_path, url=f"{server.url}/checks")

    assert caught.value.code == "fetch-failed"
    assert "503" in str(caught.value)


@pytest.mark.parametrize("url", ["ext::sh -c touch% /tmp/x", "--upload-pack=touch /tmp/x", "file:///etc", "/etc",
                                 "ssh://git@example.org/x", "git://example.org/x", "fd::7"])
def test_other_protocols_and_options_in_the_place_of_a_url_are_refused(url: str) -> None:
    with pytest.raises(ParametersError, match="expected a URL of http or https"):
        Git({"url": url, "target_dir": "source"})


@pytest.mark.parametrize("name", ["--upload-pack=x", "-f", "a..b", "a b", "a:b", "a^{/x}", "", "x.lock", "a\nb", "*"])
def test_what_is_no_name_of_a_revision_is_refused(name: str) -> None:
    with pytest.raises(ParametersError, match="expected a branch, a tag or a commit"):
        Git({"url": "https://git.example.org/x", "gitref": name, "target_dir": "source"})


def test_a_password_in_the_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError) as caught:
        run(tmp_path, url="https://me:geheim@git.example.org/x")

    assert "geheim" not in str(caught.value)


def test_a_redirect_to_another_protocol_is_not_followed(tmp_path: Path, repositories: Path) -> None:
    aside = Answer(b"", 301, headers={"Location": f"file://{repositories}/checks/info/refs?service=git-upload-pack"})
    with web_server(lambda request: aside) as server, pytest.raises(SurroundingsError):
        run(tmp_path, url=f"{server.url}/checks")


def test_nobody_s_configuration_and_no_hook_takes_part(tmp_path: Path, repositories: Path, server: WebServer,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    (hooks / "post-checkout").chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIR", str(repositories / "checks" / ".git"))

    run(tmp_path, url=f"{server.url}/checks")

    assert not (tmp_path / "hooked").exists()


def test_a_repository_that_is_too_large_is_stopped(tmp_path: Path, repositories: Path, server: WebServer,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    monkeypatch.setattr("runner.git.SIZE_LIMIT_BYTES", 65536)
    commit(repositories / "checks", {"noise": random.Random(1).randbytes(200_000).hex()})

    with pytest.raises(DirectiveError, match="larger than 64 KiB") as caught:
        run(tmp_path, url=f"{server.url}/checks")

    assert caught.value.code == "limit-reached"
    assert list((tmp_path / "run" / "private").iterdir()) == []


def test_an_abort_ends_it(tmp_path: Path, server: WebServer) -> None:
    context = DirectiveContext.alone(tmp_path / "run")
    context.abort.abort("enough")

    with pytest.raises(DirectiveError) as caught:
        Git({"url": f"{server.url}/checks", "target_dir": "source"}).run(context)

    assert caught.value.code == "aborted"


def test_a_folder_with_something_in_it_is_no_target(tmp_path: Path, server: WebServer) -> None:
    (tmp_path / "run" / "work" / "source").mkdir(parents=True)
    (tmp_path / "run" / "work" / "source" / "file").touch()

    with pytest.raises(DirectiveError, match="`target_dir` `source` is not empty; give a new folder"):
        run(tmp_path, url=f"{server.url}/checks")


def test_an_item_of_type_git_commit_says_all(tmp_path: Path) -> None:
    directive: Directive = Git({"git_commit": "git.example.org/fedora/checks#main#3f2a9c1", "target_dir": "x"})

    source = directive._source()  # type: ignore[attr-defined]

    assert (source.url, source.ref) == ("https://git.example.org/fedora/checks", "3f2a9c1")


def test_what_was_fetched_is_noted_for_the_report(tmp_path: Path, server: WebServer) -> None:
    noted: list[tuple[str, str]] = []
    context = DirectiveContext.alone(tmp_path / "run", note=lambda key, value: noted.append((key, value)))

    value = Git({"url": f"{server.url}/checks", "target_dir": "source"}).run(context)

    assert noted == [("derived_from", f"git:{server.url}/checks#{value['commit']}")]
