"""The abi check over libraries that are compiled here, and over real builds where there are any."""
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import rpm_packages
from tests.support.library_script import load_script
from tests.support.rpm_packages import PackageSpec

abi = load_script("abi", "run_abi.py")

ONE = "struct box { int width; }; int area(struct box *b) { return b->width; }"
WITH_ADDITION = ONE + " int more(int x) { return x; }"
WITHOUT = "int more(int x) { return x; }"
#: An argument's type has grown in the middle: visible in debuginfo alone.
CHANGED = "struct box { long depth; int width; }; int area(struct box *b) { return b->width; }"


def library(folder: Path, code: str, version: str = "1.0") -> str:
    """Build a package with libbox.so.1 that keeps its debugging information."""
    build = ("mkdir -p $BUILD/usr/lib64", f"echo '{code}' > box.c",
             "gcc -g -O0 -shared -fPIC -Wl,-soname,libbox.so.1 -o $BUILD/usr/lib64/libbox.so.1 box.c")
    spec = PackageSpec(name="libbox", version=version, arch="x86_64", files={}, install=build,
                       listed=("/usr/lib64/libbox.so.1",),
                       preamble=("%global debug_package %{nil}", "%global __os_install_post %{nil}"))
    rpm_packages.build(spec, folder, keep_source=False)
    return str(folder)


def compared(tmp_path: Path, old: str, new: str) -> dict[str, Any]:
    previous, rpms = library(tmp_path / "old", old, "0.9"), library(tmp_path / "new", new)
    [result] = abi.run(rpms, item="libbox-1.0-1.fc43", previous=previous, arch="x86_64")
    return dict(result)


def test_the_same_interface_passes(tmp_path: Path) -> None:
    result = compared(tmp_path, ONE, ONE)

    assert (result["outcome"], result["summary"]) == ("PASSED", "the same interface in 1 packages")
    assert result["arch"] == "x86_64"


def test_additions_are_told_and_harm_nobody(tmp_path: Path) -> None:
    result = compared(tmp_path, ONE, WITH_ADDITION)

    assert (result["outcome"], result["summary"]) == ("INFO", "only additions, in libbox.x86_64")
    assert "'function int more(int)'" in result["details"]["output"]


def test_a_removed_function_fails_and_is_named(tmp_path: Path) -> None:
    result = compared(tmp_path, WITH_ADDITION, WITHOUT)

    assert (result["outcome"], result["summary"]) == ("FAILED", "incompatible changes in libbox.x86_64")
    assert "[D] 'function int area(box*)'" in result["details"]["output"]


def test_a_changed_type_needs_a_person(tmp_path: Path) -> None:
    result = compared(tmp_path, ONE, CHANGED)

    assert (result["outcome"], result["summary"]) == (
        "NEEDS_INSPECTION", "changes that a person must judge in libbox.x86_64")
    assert "type size changed from 32 to 128" in result["details"]["output"]


def test_without_an_older_build_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    rpms = library(tmp_path / "new", ONE)

    [result] = abi.run(rpms, item="libbox-1.0-1.fc43", previous=str(tmp_path / "never-made"))

    assert (result["outcome"], result["summary"]) == ("INFO", "no older build to compare with")


def test_a_package_that_cannot_be_read_needs_inspection(tmp_path: Path) -> None:
    rpm_packages.broken(tmp_path)

    [result] = abi.run(str(tmp_path), item="broken-1.0-1.fc43", previous=str(tmp_path))

    assert (result["outcome"], result["summary"]) == ("NEEDS_INSPECTION", "1 packages cannot be read")


def test_the_whole_comparison_is_an_artifact(tmp_path: Path) -> None:
    previous, rpms = library(tmp_path / "old", WITH_ADDITION, "0.9"), library(tmp_path / "new", WITHOUT)

    [result] = abi.run(rpms, item="libbox-1.0-1.fc43", previous=previous, artifacts=str(tmp_path))

    assert result["artifact"] == "abi.txt"
    assert "1 Removed" in (tmp_path / "abi.txt").read_text(encoding="utf-8")


def test_nothing_to_compare_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="nothing to compare"):
        abi.run(str(tmp_path), item="libbox-1.0-1.fc43", previous=str(tmp_path))


def test_the_verdict_on_real_builds_is_abipkgdiffs_own(shared_folder: Path | None) -> None:
    koji = shared_folder / "packages" / "koji" if shared_folder else None
    wrong = []
    pairs = (("nss-util", "3.12.6/1.fc14", "3.24.0/2.0.fc25"), ("vte291", "0.39.90/1.fc22", "0.39.1/1.fc22"),
             ("vte291", "0.39.1/1.fc22", "0.39.90/1.fc22"))
    for name, old, new in pairs if koji else ():
        one, two = koji / name / old / "x86_64", koji / name / new / "x86_64"
        [result] = abi.run(str(two), item=f"{name}-1-1", previous=str(one))
        parts = [f"{name}-debuginfo", f"{name}-devel", name]
        files = [next(folder.glob(f"{part}-[0-9]*.rpm")) for part in parts for folder in (one, two)]
        sides = ["--d1", files[0], "--d2", files[1], "--devel1", files[2], "--devel2", files[3]]
        code = subprocess.run(["abipkgdiff", *sides, files[4], files[5]], capture_output=True, check=False).returncode
        allowed = {0: {"PASSED"}, 4: {"INFO", "NEEDS_INSPECTION"}, 8: {"FAILED"}, 12: {"FAILED"}}[code]
        wrong += [f"{name}: {result['outcome']}, abipkgdiff {code}"] if result["outcome"] not in allowed else []

    assert wrong == []
