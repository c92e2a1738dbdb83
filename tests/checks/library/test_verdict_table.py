"""Our verdict is the underlying tool's. The whole table: python -m tests.support.tool_verdicts FOLDER."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import rpm_packages
from tests.support.rpm_packages import PackageSpec
from tests.support.tool_verdicts import verdicts_on, verdicts_on_builds

PROGRAM = ("echo 'int main(void) { return 0; }' > tool.c", "mkdir -p $BUILD/usr/bin",
           "gcc -no-pie -o $BUILD/usr/bin/tool tool.c")


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_on_a_sample_of_real_packages(shared_folder: Path | None) -> None:
    packages = sorted((shared_folder / "packages").rglob("*.rpm"))[4::12] if shared_folder else []

    assert [line for line in verdicts_on(packages) if not line.agrees] == []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_on_real_builds_that_follow_each_other(shared_folder: Path | None) -> None:
    lines = list(verdicts_on_builds(shared_folder / "packages" / "koji")) if shared_folder else []

    assert [line for line in lines if not line.agrees] == []
