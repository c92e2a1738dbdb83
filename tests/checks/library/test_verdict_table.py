"""Our verdict is the underlying tool's. The whole table: python -m tests.support.tool_verdicts FOLDER."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import many_packages, rpm_packages
from tests.support.library_script import load_script
from tests.support.repositories import build_of, repository
from tests.support.rpm_packages import PackageSpec
from tests.support.tool_verdicts import breaking, dnf_install, verdicts_on, verdicts_on_builds

PROGRAM = ("echo 'int main(void) { return 0; }' > tool.c", "mkdir -p $BUILD/usr/bin",
           "gcc -no-pie -o $BUILD/usr/bin/tool tool.c")


@pytest.mark.full
@pytest.mark.timeout(400)
def test_on_packages_that_are_made_here(tmp_path: Path) -> None:
    rpm_packages.build(PackageSpec(name="plain"), tmp_path)
    rpm_packages.build(PackageSpec(name="needy", header=("Requires: nobody-has-this",), license="GPLv2+"), tmp_path)
    rpm_packages.build(PackageSpec(name="script", files={"/usr/bin/script": "#!/usr/bin/python\n"},
                                   install=("chmod 755 $BUILD/usr/bin/script",)), tmp_path)
    rpm_packages.build(PackageSpec(name="program", arch="x86_64", files={}, install=PROGRAM, listed=("/usr/bin/tool",)),
                       tmp_path)

    lines = list(verdicts_on(sorted(tmp_path.glob("*.rpm"))))

    assert [line for line in lines if not line.agrees] == []
    assert {line.ours for line in lines} >= {"PASSED", "FAILED"}
    assert len(lines) == 4 * 5 + 4 * 2


@pytest.mark.full
@pytest.mark.timeout(400)
def test_what_a_build_breaks_is_what_dnf_can_install_before_and_not_after(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    library = PackageSpec(name="libfoo", version="2", header=("Provides: libfoo.so.2",))
    users = {"user": "libfoo.so.1", "careful": "libfoo < 3", "rich": "(libfoo.so.1 or libfoo.so.2)",
             "exact": "libfoo = 1-1.fc43", "never": "nobody-has-this"}
    others = [PackageSpec(name=name, header=(f"Requires: {needs}", "Requires: libfoo"))
              for name, needs in users.items()]
    repository(before, PackageSpec(name="libfoo", version="1", header=("Provides: libfoo.so.1",)), *others)
    repository(after, library, *others)
    build_of(tmp_path / "new", library)

    [result] = load_script("reverse_dependencies", "run_reverse_dependencies.py").run(
        str(tmp_path / "new"), item="libfoo-2-1.fc43", repositories={"base": str(before)})
    named = {line.split("-1.0-1.fc43")[0] for line in result["details"]["output"].splitlines()
             if line.endswith("could be installed, and cannot any more:")}

    by_dnf = {name for name in users
              if dnf_install(name, before, tmp_path) == 0 and dnf_install(name, after, tmp_path) != 0}
    assert named == by_dnf == {"user", "exact"}
    old = tmp_path / "old"
    old.mkdir()
    for path in before.glob("libfoo-*.rpm"):
        shutil.copy(path, old)
    rest = [path for path in after.glob("*.rpm") if "libfoo" not in path.name]
    line = breaking("libfoo", tmp_path / "new", old, rest)
    assert (line.ours, line.tool, line.agrees) == ("FAILED", "repoclosure 2 more with holes", True)


@pytest.mark.full
@pytest.mark.timeout(600)
def test_on_a_sample_of_every_kind_of_package_that_rpmbuild_writes(tmp_path: Path) -> None:
    """
    Payloads, digests, licenses, first lines, modes, programs of five architectures, every kind of dependency.

    All 111 take a quarter of an hour: `python -m tests.support.many_packages`, then `tests.support.tool_verdicts`.
    """
    assert many_packages.write(tmp_path) == []

    lines = list(verdicts_on(sorted(tmp_path.glob("*.rpm"))[3::7]))

    assert [line for line in lines if not line.agrees] == []
    assert len(lines) > 50


@pytest.mark.full
@pytest.mark.timeout(400)
def test_on_a_sample_of_real_packages(shared_folder: Path | None) -> None:
    packages = sorted((shared_folder / "packages").rglob("*.rpm"))[4::12] if shared_folder else []

    assert [line for line in verdicts_on(packages) if not line.agrees] == []


@pytest.mark.full
@pytest.mark.timeout(400)
def test_on_real_builds_that_follow_each_other(shared_folder: Path | None) -> None:
    lines = list(verdicts_on_builds(shared_folder / "packages" / "koji")) if shared_folder else []

    assert [line for line in lines if not line.agrees] == []
