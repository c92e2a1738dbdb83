"""Repositories of packages made by rpmbuild and createrepo_c while a test runs."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support import rpm_packages
from tests.support.rpm_packages import PackageSpec


def repository(folder: Path, *specs: PackageSpec) -> str:
    """Build the packages, make the folder a repository, return its path."""
    if shutil.which("createrepo_c") is None:
        raise RuntimeError("createrepo_c is not installed; these tests need it: apt-get install createrepo-c")
    folder.mkdir(parents=True, exist_ok=True)
    for spec in specs:
        rpm_packages.build(spec, folder, keep_source=False)
    subprocess.run(["createrepo_c", "--quiet", str(folder)], check=True, timeout=60)
    return str(folder)


def build_of(folder: Path, *specs: PackageSpec) -> str:
    """Build the packages of one build under check into a folder, return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for spec in specs:
        rpm_packages.build(spec, folder, keep_source=False)
    return str(folder)
