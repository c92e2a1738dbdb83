"""The lintian check over Debian packages made here."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import deb_packages
from tests.support.library_script import load_script

lintian = load_script("lintian", "run_lintian.py")
fetching = load_script("shared", "fetch_debian.py")


@pytest.fixture(scope="module", autouse=True)
def _tool_is_installed() -> None:
    if shutil.which("lintian") is None:
        pytest.fail("lintian is not installed; these tests need it: apt-get install lintian")


def exit_code_of_lintian(folder: Path) -> int:
    files = [str(path) for path in sorted(folder.iterdir()) if path.suffix in (".dsc", ".deb")]
    return subprocess.run(["lintian", "--allow-root", "--fail-on", "error", *files], capture_output=True,
                          check=False).returncode


@pytest.mark.parametrize(("faulty", "outcome", "summary", "code"), [
    (False, "PASSED", "0 ERRORS, 1 WARNINGS", 0), (True, "FAILED", "1 ERRORS, 1 WARNINGS", 2),
])
def test_the_verdict_is_lintians_own(tmp_path: Path, faulty: bool, outcome: str, summary: str, code: int) -> None:
    item = deb_packages.make(tmp_path, faulty=faulty)
    target = tmp_path / "packages"
    fetching.fetch(item, str(target), pool=str(tmp_path))

    [result] = lintian.run(str(target), item=item, artifacts=str(tmp_path))

    assert (result["outcome"], result["summary"]) == (outcome, summary)
    assert result["type"] == "debian_source"
    assert ("E: hello-test: no-copyright-file" in result["details"]["output"]) is faulty
    assert (tmp_path / "lintian.txt").read_text(encoding="utf-8").strip() == result["details"]["output"]
    assert exit_code_of_lintian(target) == code


def test_a_suppressed_tag_is_not_looked_for(tmp_path: Path) -> None:
    item = deb_packages.make(tmp_path, faulty=True)

    [result] = lintian.run(str(tmp_path), item=item, suppress=["no-copyright-file", "empty-binary-package"])

    assert (result["outcome"], result["summary"]) == ("PASSED", "0 ERRORS, 0 WARNINGS")


def test_a_package_that_lintian_skips_needs_inspection_and_the_others_get_their_answer(tmp_path: Path) -> None:
    item = deb_packages.make(tmp_path)
    (tmp_path / "broken_1.0_all.deb").write_bytes(b"!<arch>\nnot really")

    [result] = lintian.run(str(tmp_path), item=item)

    assert (result["outcome"], result["summary"]) == (
        "NEEDS_INSPECTION", "1 packages cannot be read by lintian; 0 ERRORS, 1 WARNINGS")
    lines = result["details"]["output"].splitlines()
    assert lines[0].startswith("broken_1.0_all.deb: cannot be read: ")
    assert lines[1:] == ["W: hello-test: empty-binary-package"]


def test_a_broken_package_alone_needs_inspection(tmp_path: Path) -> None:
    (tmp_path / "broken_1.dsc").write_text("Format: 3.0\nnonsense")

    [result] = lintian.run(str(tmp_path), item="broken_1")

    assert result["outcome"] == "NEEDS_INSPECTION"
    assert result["details"]["output"] == "broken_1.dsc: cannot be read: Cannot parse line 2: nonsense"


def test_a_lintian_that_breaks_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = deb_packages.make(tmp_path)
    tool = tmp_path / "bin" / "lintian"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho out of memory >&2\nexit 2\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=":")

    with pytest.raises(RuntimeError, match="lintian ended with 2: out of memory"):
        lintian.run(str(tmp_path), item=item)


def test_nothing_to_check_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="nothing to check"):
        lintian.run(str(tmp_path), item="hello_1.0")


def test_a_pool_gives_the_source_its_files_and_its_own_binary_packages(tmp_path: Path) -> None:
    pool = tmp_path / "pool" / "main" / "h"
    pool.mkdir(parents=True)
    deb_packages.make(pool, "another-test")
    item = deb_packages.make(pool)

    dsc = fetching.fetch(item, str(tmp_path / "out"), pool=str(tmp_path / "pool"))

    assert dsc == str(tmp_path / "out" / "hello-test_1.0.dsc")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "hello-test_1.0.dsc", "hello-test_1.0.tar.xz", "hello-test_1.0_all.deb"]


@pytest.mark.parametrize("item", ["../../etc/passwd", "hello", "hello_1.0; rm -rf /", "Hello_1.0", "-o_1.0"])
def test_what_is_no_source_package_is_refused(tmp_path: Path, item: str) -> None:
    with pytest.raises(RuntimeError, match="is no Debian source package"):
        fetching.fetch(item, str(tmp_path), pool=str(tmp_path))


def test_a_dsc_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    item = deb_packages.make(tmp_path)
    dsc = tmp_path / "hello-test_1.0.dsc"
    dsc.write_text(dsc.read_text().replace(" hello-test_1.0.tar.xz", " ../../etc/passwd"))

    with pytest.raises(RuntimeError, match="names a file outside its folder"):
        fetching.fetch(item, str(tmp_path / "out"), pool=str(tmp_path))


def test_a_package_that_the_pool_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"has no `gone_1\.0\.dsc`"):
        fetching.fetch("gone_1:1.0", str(tmp_path / "out"), pool=str(tmp_path))


def test_sources_of_both_forms_become_sources_of_both_kinds(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text("Types: deb\nURIs: http://a.example.org\nSuites: sid\n")
    (tmp_path / "sources.list").write_text("# comment\ndeb [arch=amd64] http://b.example.org stable main contrib\n")

    assert list(fetching.source_stanzas(tmp_path)) == [
        "Types: deb deb-src\nURIs: http://a.example.org\nSuites: sid",
        "Types: deb deb-src\nURIs: http://b.example.org\nSuites: stable\nComponents: main contrib",
    ]
