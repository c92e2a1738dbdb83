"""Every check of the library, run as a packager runs it: `checkotron run NAME --item ...`."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checks.catalogue import library_folder, load_catalogue
from tests.support import deb_packages, rpm_packages
from tests.support.checkotron_process import Ran, checkotron, run_check
from tests.support.repositories import repository
from tests.support.rpm_packages import PackageSpec

#: No such tag in the store, so nothing is compared with the stable build.
HELLO = "hello-checkotron-1.2-3.fc43"
DEMO_STORE = Path(__file__).resolve().parents[3] / "buildbot-master" / "stack" / "demo" / "store"


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with builds, tags and three releases with a repository each."""
    root = tmp_path_factory.mktemp("distribution")
    old = PackageSpec(name="libfoo", version="1", header=("Provides: libfoo.so.1",))
    new = PackageSpec(name="libfoo", version="2", header=("Provides: libfoo.so.2",))
    user = PackageSpec(name="user", header=("Requires: libfoo.so.1",))
    rebuilt = PackageSpec(name="user", version="1.1", header=("Requires: libfoo.so.2",))
    for release, specs in {"f42": (), "f43": (old, user), "f44": (old,)}.items():
        repository(root / "repositories" / release, *specs)
    for spec in (old, new, user, rebuilt):
        rpm_packages.store(root / "store", rpm_packages.build(spec, root / "built" / spec.nvr))
    (root / "store" / "tags").mkdir()
    (root / "store" / "tags" / "f43-updates").write_text("libfoo-1-1.fc43\n")
    table = "".join(f"  {release}:\n    repositories: {{base: {root}/repositories/{release}}}\n"
                    for release in ("f42", "f43", "f44"))
    (root / "releases.yml").write_text(f"releases:\n{table}")
    return root


def run_here(check: str, distribution: Path, folder: Path, item: str, item_type: str = "koji_build") -> Ran:
    return run_check(check, folder, "--koji-store", distribution / "store", item=item, item_type=item_type,
                     CHECKOTRON_RELEASES=str(distribution / "releases.yml"))


def test_every_check_of_the_library_is_valid_and_complete() -> None:
    catalogue = load_catalogue([library_folder()])

    assert [str(fault) for fault in catalogue.faults] == []
    for check in catalogue.checks.values():
        assert check.description, check.name
        assert check.maintainer, check.name
        assert (check.folder / "README.md").is_file(), check.name
        assert check.environment.deb, check.name
        assert f"checkotron run {check.name} --item" in (check.folder / "README.md").read_text(), check.name


@pytest.mark.parametrize(("check", "outcome", "summary"), [
    ("rpmlint", "PASSED", "0 ERRORS, "), ("license", "PASSED", "valid and allowed: MIT"),
    ("shebangs", "PASSED", "0 scripts"), ("hardening", "PASSED", "pie, relro everywhere; 1 program looked at"),
    ("abi", "INFO", "no older build to compare with"),
])
def test_the_demos_package_goes_through_each_check_of_builds(
    tmp_path: Path, check: str, outcome: str, summary: str,
) -> None:
    ran = run_check(check, tmp_path, "--koji-store", DEMO_STORE, item=HELLO)

    assert ran.exit_code == 0, ran.stderr
    [result] = ran.results
    assert (result.item, result.item_type, result.testcase) == (HELLO, "koji_build", f"dist.{check}")
    assert result.outcome == outcome
    assert result.summary is not None
    assert result.summary.startswith(summary)


@pytest.mark.parametrize(("check", "item", "outcome", "told"), [
    ("installability", "user-1.0-1.fc43", "PASSED", "user-1.0-1.fc43.noarch can be installed"),
    ("installability", "user-1.1-1.fc43", "FAILED", "nothing provides libfoo.so.2 needed by user-1.1-1.fc43.noarch"),
    ("reverse_dependencies", "libfoo-2-1.fc43", "FAILED", "user-1.0-1.fc43.noarch could be installed, and cannot any"),
    ("reverse_dependencies", "user-1.1-1.fc43", "PASSED", "replaced: user-1.0-1.fc43.noarch from `base`"),
    ("upgradepath", "libfoo-2-1.fc43", "FAILED", "libfoo.noarch: f44 has only 1-1.fc43, this build is 2-1.fc43"),
    ("upgradepath", "libfoo-1-1.fc43", "PASSED", "libfoo.noarch: f44 has 1-1.fc43, this build is 1-1.fc43: kept"),
])
def test_a_build_is_judged_by_the_repositories_of_its_release(
    distribution: Path, tmp_path: Path, check: str, item: str, outcome: str, told: str,
) -> None:
    ran = run_here(check, distribution, tmp_path, item)

    assert ran.exit_code == 0, ran.stderr
    [result] = ran.results
    assert result.outcome == outcome
    assert told in (result.output or "")
    assert result.arch == "x86_64"


def test_an_update_is_judged_as_a_whole(distribution: Path, tmp_path: Path) -> None:
    """Neither build alone can go out; the two together can."""
    update = "libfoo-2-1.fc43,user-1.1-1.fc43"

    together = run_here("installability", distribution, tmp_path / "a", update, "bodhi_update")
    broken = run_here("reverse_dependencies", distribution, tmp_path / "b", update, "bodhi_update")

    assert [(result.item, result.outcome) for result in (*together.results, *broken.results)] == [
        (update, "PASSED"), (update, "PASSED")]


def test_rpmlint_tells_what_is_new_since_the_stable_build(distribution: Path, tmp_path: Path) -> None:
    ran = run_here("rpmlint", distribution, tmp_path, "libfoo-2-1.fc43")

    [result] = ran.results
    assert result.summary is not None
    assert result.summary.endswith("(0 new, 0 fixed)")
    assert (tmp_path / "rpmlint.txt").is_file()


def test_rpmlint_takes_the_waivers_from_the_packages_repository(distribution: Path, tmp_path: Path) -> None:
    repository_of = tmp_path / "rpms" / "libfoo"
    repository_of.mkdir(parents=True)
    (repository_of / "libfoo.rpmlintrc").write_text(rpm_packages.WAIVERS)
    for words in (["init", "--quiet", "--initial-branch=f43"], ["add", "."],
                  ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "waive"]):
        subprocess.run(["git", *words], cwd=repository_of, check=True)

    ran = run_check("rpmlint", tmp_path / "out", "--koji-store", distribution / "store", item="libfoo-2-1.fc43",
                    CHECKOTRON_DISTGIT_URL=str(tmp_path))

    [result] = ran.results
    assert (result.outcome, result.extra["waivers"]) == ("PASSED", ("libfoo.rpmlintrc",))


def test_a_check_of_repositories_without_a_table_says_what_to_do(distribution: Path, tmp_path: Path) -> None:
    ran = run_check("installability", tmp_path, "--koji-store", distribution / "store", item="user-1.0-1.fc43")

    assert ran.exit_code == 3
    assert "set $CHECKOTRON_RELEASES to the file; docs/releases.md describes it" in ran.report["status"]


def test_a_package_that_rpmlint_cannot_read_is_a_result_that_says_so(tmp_path: Path) -> None:
    package = rpm_packages.broken(tmp_path)
    place = tmp_path / "store" / "broken" / "1.0" / "1.fc43" / "noarch"
    place.mkdir(parents=True)
    package.rename(place / package.name)

    ran = run_check("rpmlint", tmp_path / "out", "--koji-store", tmp_path / "store", item="broken-1.0-1.fc43")

    assert ran.exit_code == 0
    [result] = ran.results
    assert result.outcome == "NEEDS_INSPECTION"
    assert result.summary == "1 of 1 packages cannot be read by rpmlint; 0 ERRORS, 0 WARNINGS"


def test_lintian_judges_a_source_package_from_a_pool(tmp_path: Path) -> None:
    pool = tmp_path / "pool"
    pool.mkdir()
    item = deb_packages.make(pool, faulty=True)

    ran = run_check("lintian", tmp_path / "out", item=item, item_type="debian_source", CHECKOTRON_DEBIAN_POOL=str(pool))

    [result] = ran.results
    assert (result.item_type, result.outcome, result.summary) == ("debian_source", "FAILED", "1 ERRORS, 1 WARNINGS")


def test_a_packager_sees_the_verdict_and_the_lines_that_matter(distribution: Path, tmp_path: Path) -> None:
    table = str(distribution / "releases.yml")

    done = checkotron("run", "installability", "--item", "user-1.1-1.fc43", "--item-type", "koji_build", "--koji-store",
                      distribution / "store", "--artifacts", tmp_path, CHECKOTRON_RELEASES=table)

    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "FAILED dist.installability for Koji build user-1.1-1.fc43 [x86_64]",
        "  1 of 1 packages cannot be installed: user-1.1-1.fc43.noarch",
        "    user-1.1-1.fc43.noarch cannot be installed:",
        "      nothing provides libfoo.so.2 needed by user-1.1-1.fc43.noarch",
    ]
