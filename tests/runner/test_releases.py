"""The table of releases: what it says about builds and tags, and how it is refused."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner.directive import DirectiveContext, SurroundingsError
from runner.directives.release import ReleaseDirective
from runner.directives.yumrepoinfo import Yumrepoinfo
from runner.releases import ReleaseTableError, UnknownReleaseError, load_release_table

TABLE = """
releases:
  f41:
    upgrades: false
    repositories: {fedora: "https://dl.example.org/41/{arch}/os/"}
  f42:
    koji_tags: f42, f42-updates
    repositories:
      fedora: https://dl.example.org/42/{arch}/os/
      updates: https://dl.example.org/updates/42/{arch}/
  f43:
    repositories: {fedora: "https://dl.example.org/43/{arch}/os/"}
  rawhide:
    dist_tag: fc44
    repositories:
      rawhide: {x86_64: "https://dl.example.org/rawhide/x86_64/", riscv64: "https://riscv.example.org/"}
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "releases.yml"
    path.write_text(TABLE, encoding="utf-8")
    return path


def context(tmp_path: Path, table: Path) -> DirectiveContext:
    return DirectiveContext.alone(tmp_path / "run", settings={"releases": str(table)})


@pytest.mark.parametrize(("release", "name"), [
    ("1.fc43", "f43"), ("1.fc43_2", "f43"), ("1.fc43.1", "f43"), ("0.3.rc1.fc44", "rawhide"), ("1.fc42", "f42"),
])
def test_the_end_of_a_builds_release_says_where_it_belongs(table: Path, release: str, name: str) -> None:
    assert load_release_table(table).of_build(release).name == name


def test_a_release_that_only_begins_alike_is_another_one(table: Path) -> None:
    with pytest.raises(UnknownReleaseError, match="no release for `1.fc431`"):
        load_release_table(table).of_build("1.fc431")


@pytest.mark.parametrize("tag", [
    "f42", "f42-updates", "f42-updates-pending", "f42-updates-testing-pending", "f42-candidate",
])
def test_a_tag_belongs_to_its_release_whatever_state_it_names(table: Path, tag: str) -> None:
    assert load_release_table(table).of_tag(tag).name == "f42"


def test_an_unknown_tag_names_the_nearest_release(table: Path) -> None:
    with pytest.raises(UnknownReleaseError, match=r"no release for `rawhid`; did you mean `rawhide`\?"):
        load_release_table(table).of_tag("rawhid")


def test_neighbours_are_those_before_and_after_that_still_take_part(table: Path) -> None:
    releases = load_release_table(table)

    older, newer = releases.around(releases.named("f43"))

    assert [release.name for release in older] == ["f42"]
    assert [release.name for release in newer] == ["rawhide"]


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "releases.yml"
    path.write_text("releases:\n  f42:\n    repository: x\n  f43:\n    repositories: [a]\n", encoding="utf-8")

    with pytest.raises(ReleaseTableError) as caught:
        load_release_table(path)

    told = str(caught.value)
    assert f"{path}:3, releases.f42.repository: unknown key `repository`; did you mean `repositories`?" in told
    assert f"{path}:2, releases.f42: `repositories` is missing" in told
    assert f"{path}:5, releases.f43.repositories: " in told


@pytest.mark.parametrize("content", [b"\xff\xfe", b"releases: [", b"a: &a [*a]"])
def test_what_is_no_table_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "releases.yml"
    path.write_bytes(content)

    with pytest.raises(ReleaseTableError, match=r"releases\.yml"):
        load_release_table(path)


def test_release_gives_repositories_and_neighbours_for_one_architecture(tmp_path: Path, table: Path) -> None:
    told = ReleaseDirective({"koji_build": "hello-1-1.fc43", "arch": "x86_64"}).run(context(tmp_path, table))

    assert told == {
        "release": "f43", "arch": "x86_64", "repositories": {"fedora": "https://dl.example.org/43/x86_64/os/"},
        "koji_tags": [],
        "older": {"f42": {"fedora": "https://dl.example.org/42/x86_64/os/",
                          "updates": "https://dl.example.org/updates/42/x86_64/"}},
        "newer": {"rawhide": {"rawhide": "https://dl.example.org/rawhide/x86_64/"}},
    }


def test_release_of_no_architecture_looks_at_x86_64(tmp_path: Path, table: Path) -> None:
    told = ReleaseDirective({"release": "rawhide", "arch": "noarch"}).run(context(tmp_path, table))

    assert told["repositories"] == {"rawhide": "https://dl.example.org/rawhide/x86_64/"}


def test_a_release_without_a_repository_for_the_architecture_says_so(tmp_path: Path, table: Path) -> None:
    with pytest.raises(SurroundingsError, match="release `rawhide` has no repository for `s390x`"):
        ReleaseDirective({"release": "rawhide", "arch": "s390x"}).run(context(tmp_path, table))


def test_without_a_table_it_says_how_to_give_one(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match=r"set \$CHECKOTRON_RELEASES to the file"):
        ReleaseDirective({"release": "f43"}).run(DirectiveContext.alone(tmp_path))


def test_yumrepoinfo_answers_in_the_form_of_old_formulas(tmp_path: Path, table: Path) -> None:
    told = Yumrepoinfo({"koji_tag": "f42-updates-pending", "arch": ["x86_64", "s390x"]}).run(context(tmp_path, table))

    assert told == {
        "fedora": {"x86_64": "https://dl.example.org/42/x86_64/os/", "s390x": "https://dl.example.org/42/s390x/os/"},
        "updates": {"x86_64": "https://dl.example.org/updates/42/x86_64/",
                    "s390x": "https://dl.example.org/updates/42/s390x/"},
    }
