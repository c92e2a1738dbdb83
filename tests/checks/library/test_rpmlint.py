"""The rpmlint check over packages that rpmbuild makes here, and over real ones where there are any."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import rpm_packages
from tests.support.library_script import load_script
from tests.support.rpm_packages import PackageSpec

rpmlint = load_script("rpmlint", "run_rpmlint.py")


@pytest.fixture(scope="module", autouse=True)
def _tool_is_installed() -> None:
    if shutil.which("rpmlint") is None:
        pytest.fail("rpmlint is not installed; these tests need it: apt-get install rpmlint")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> rpm_packages.BuiltPackage:
    return rpm_packages.good(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> rpm_packages.BuiltPackage:
    return rpm_packages.failing(tmp_path_factory.mktemp("failing"))


def only_result(folder: Path, item: str, **options: Any) -> dict[str, Any]:
    results = rpmlint.run(str(folder), item=item, **options)
    assert len(results) == 1
    return dict(results[0])


def exit_code_of_rpmlint(folder: Path, *options: str) -> int:
    return subprocess.run(["rpmlint", *options, str(folder)], capture_output=True, check=False).returncode


def test_a_good_package_passes_with_its_warnings_counted(good: rpm_packages.BuiltPackage) -> None:
    result = only_result(good.folder, good.nvr)

    assert result["outcome"] == "PASSED"
    assert result["item"] == "good-1.0-1.fc43"
    assert result["type"] == "koji_build"
    assert result["summary"].startswith("0 ERRORS, ")
    assert "good.spec: W: no-%build-section" in result["details"]["output"]


def test_a_failing_package_fails_and_the_message_names_the_file(failing: rpm_packages.BuiltPackage) -> None:
    result = only_result(failing.folder, failing.nvr)

    assert result["outcome"] == "FAILED"
    assert "E: non-executable-script /usr/share/failing/tool.sh" in result["details"]["output"]
    assert int(result["errors"]) == result["details"]["output"].count(": E: ")
    assert int(result["warnings"]) == result["details"]["output"].count(": W: ")
    assert result["summary"] == f"{result['errors']} ERRORS, {result['warnings']} WARNINGS"


def test_the_waivers_in_the_source_package_are_honoured(tmp_path: Path) -> None:
    waivers = rpm_packages.WAIVERS + 'addFilter("non-executable-script")\n'
    package = rpm_packages.failing(tmp_path, sources={"failing.rpmlintrc": waivers})

    result = only_result(tmp_path, package.nvr)

    assert result["outcome"] == "PASSED"
    assert result["waivers"] == "the source package's failing.rpmlintrc"
    assert "non-executable-script" not in result["details"]["output"]


def test_given_waivers_win_over_those_in_the_source_package(good: rpm_packages.BuiltPackage, tmp_path: Path) -> None:
    (tmp_path / "good.rpmlintrc").write_text('addFilter("no-group-tag")\n', encoding="utf-8")

    result = only_result(good.folder, good.nvr, rpmlintrc=str(tmp_path))

    assert result["outcome"] == "FAILED"
    assert "E: no-signature" in result["details"]["output"]
    assert "no-group-tag" not in result["details"]["output"]


def test_a_folder_without_waivers_leaves_those_in_the_source_package(
    good: rpm_packages.BuiltPackage, tmp_path: Path,
) -> None:
    assert only_result(good.folder, good.nvr, rpmlintrc=str(tmp_path))["outcome"] == "PASSED"


def test_a_waiver_file_that_is_not_utf_8_breaks_nothing(good: rpm_packages.BuiltPackage, tmp_path: Path) -> None:
    waivers = tmp_path / "good.rpmlintrc"
    waivers.write_bytes(rpm_packages.WAIVERS.encode() + b"# gr\xfc\xdfe\n")

    assert only_result(good.folder, good.nvr, rpmlintrc=str(waivers))["outcome"] == "PASSED"


def test_a_huge_waiver_file_is_refused(good: rpm_packages.BuiltPackage, tmp_path: Path) -> None:
    waivers = tmp_path / "good.rpmlintrc"
    waivers.write_bytes(b"#" * (1024 * 1024 + 1))

    with pytest.raises(RuntimeError, match=r"rpmlintrc `good.rpmlintrc` is larger than 1048576 bytes"):
        only_result(good.folder, good.nvr, rpmlintrc=str(waivers))


def test_a_waiver_that_waives_nothing_is_rpmlints_error_and_so_ours(
    good: rpm_packages.BuiltPackage, tmp_path: Path,
) -> None:
    waivers = tmp_path / "good.rpmlintrc"
    waivers.write_text(rpm_packages.WAIVERS + 'addFilter("never-said")\n', encoding="utf-8")

    result = only_result(good.folder, good.nvr, rpmlintrc=str(waivers))

    assert result["outcome"] == "FAILED"
    assert 'unused-rpmlintrc-filter "never-said"' in result["details"]["output"]


def test_a_package_that_cannot_be_read_needs_inspection_and_the_others_get_their_answer(tmp_path: Path) -> None:
    package = rpm_packages.good(tmp_path)
    rpm_packages.broken(tmp_path)

    result = only_result(tmp_path, package.nvr)

    assert result["outcome"] == "NEEDS_INSPECTION"
    assert result["summary"].startswith("1 of 3 packages cannot be read by rpmlint; 0 ERRORS")
    assert result["details"]["output"].startswith("broken-1.0-1.fc43.noarch.rpm: cannot be read: ")
    assert "good.spec: W: " in result["details"]["output"]


def test_nothing_to_check_breaks_the_check_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(rpmlint.RpmlintError, match=r"holds no package \(\*\.rpm\) of xchat-0.5-1.fc20"):
        rpmlint.run(str(tmp_path), item="xchat-0.5-1.fc20")


def test_a_missing_rpmlint_says_how_to_install_it(good: rpm_packages.BuiltPackage) -> None:
    told = "`rpmlint-not-here` is not installed; install it with `apt-get install rpmlint`"

    with pytest.raises(rpmlint.RpmlintError, match=told):
        rpmlint.run(str(good.folder), item=good.nvr, rpmlint="rpmlint-not-here")


def test_a_missing_waiver_file_is_an_error_and_not_a_silent_pass(good: rpm_packages.BuiltPackage) -> None:
    with pytest.raises(RuntimeError, match="rpmlintrc `/nowhere/good.rpmlintrc` does not exist"):
        rpmlint.run(str(good.folder), item=good.nvr, rpmlintrc="/nowhere/good.rpmlintrc")


def test_an_rpmlint_that_hangs_is_stopped(good: rpm_packages.BuiltPackage, tmp_path: Path) -> None:
    tool = tmp_path / "rpmlint"
    tool.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    tool.chmod(0o755)

    with pytest.raises(rpmlint.RpmlintError, match="did not end within 0.2 seconds"):
        rpmlint.run(str(good.folder), item=good.nvr, rpmlint=str(tool), timeout_seconds=0.2)


@pytest.mark.parametrize("name", [
    "-i.rpm", "--config=x.rpm", "*.rpm", "a b;touch pwned.rpm", "new\nline.rpm", "é.rpm", "$(id).rpm",
])
def test_a_hostile_file_name_is_only_a_file_name(good: rpm_packages.BuiltPackage, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "rpms"
    folder.mkdir()
    shutil.copy(good.binaries[0], folder / name)

    result = only_result(folder, good.nvr)

    assert result["outcome"] == "FAILED"
    assert "E: no-signature" in result["details"]["output"]
    assert os.listdir(folder) == [name]


def test_a_link_out_of_the_folder_is_not_followed(good: rpm_packages.BuiltPackage, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.rpm").symlink_to(good.binaries[0])

    with pytest.raises(rpmlint.RpmlintError, match="holds no package"):
        rpmlint.run(str(tmp_path), item=good.nvr)


def test_a_header_that_holds_terminal_escapes_reaches_nobodys_terminal(tmp_path: Path) -> None:
    package = rpm_packages.build(PackageSpec(name="evil", license="MIT\033[2J"), tmp_path)

    result = only_result(tmp_path, package.nvr)

    assert result["outcome"] == "FAILED"
    assert r"evil.noarch: W: invalid-license MIT\x1b[2J" in result["details"]["output"]


def test_only_the_last_line_of_rpmlint_counts(tmp_path: Path) -> None:
    printed = ("= start =\n\nx.noarch: E: a-file /etc/x\n"
               " 1 packages and 0 specfiles checked; 0 errors, 0 warnings, 0 badness\n"
               "= 1 packages and 0 specfiles checked; 1 errors, 2 warnings, 7 badness; has taken 0.1 s =\n")

    errors, warnings, _ = rpmlint.counted(64, printed, "", 1)

    assert (errors, warnings) == (1, 2)


def test_a_flood_of_messages_is_cut_in_the_result_and_whole_in_the_artifact(tmp_path: Path) -> None:
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    many = "mkdir -p $BUILD/etc; for n in $(seq 1500); do echo x > $BUILD/etc/a-rather-long-configuration-name-$n; done"
    package = rpm_packages.build(PackageSpec(name="flood", files={}, install=(many,), listed=("/etc/*",)), tmp_path)

    result = only_result(tmp_path, package.nvr, artifacts=str(artifacts))

    assert len(result["details"]["output"]) < rpmlint.OUTPUT_LIMIT + 200
    assert result["details"]["output"].endswith("more lines; all of them are in rpmlint.txt")
    assert result["artifact"] == "rpmlint.txt"
    assert (artifacts / "rpmlint.txt").read_text(encoding="utf-8").count("non-conffile-in-etc") == 1500


def test_what_is_new_fixed_and_the_same_since_the_previous_build_is_said(tmp_path: Path) -> None:
    old_files = {"/etc/failing.conf": "x = 1\n"}
    new_files = {"/usr/share/failing/tool.sh": "#!/bin/sh\necho hello\n"}
    rpm_packages.failing(tmp_path / "old", files=old_files, version="0.9")
    package = rpm_packages.failing(tmp_path / "new", files=new_files)

    result = only_result(tmp_path / "new", package.nvr, previous=str(tmp_path / "old"))

    assert result["summary"].endswith(" (1 new, 1 fixed)")
    assert result["details"]["output"].startswith(
        "new since the previous build (1):\n"
        "failing.noarch: E: non-executable-script /usr/share/failing/tool.sh 644 /bin/sh\n"
        "fixed since the previous build (1):\nfailing.noarch: W: non-conffile-in-etc /etc/failing.conf\n"
        "same as in the previous build (")


def test_the_verdict_on_real_packages_is_the_tools_own(shared_folder: Path | None, tmp_path: Path) -> None:
    paths = sorted((shared_folder / "packages").rglob("*.rpm"))[::6] if shared_folder else []
    verdicts = {}
    for path in paths:
        folder = tmp_path / path.name
        folder.mkdir()
        shutil.copy(path, folder)
        verdicts[path.name] = (exit_code_of_rpmlint(folder), only_result(folder, "a-package-1")["outcome"])

    expected = {0: "PASSED", 3: "NEEDS_INSPECTION", 64: "FAILED", 65: "FAILED", 66: "FAILED"}
    assert [name for name, (code, outcome) in verdicts.items() if expected[code] != outcome] == []


def test_the_script_needs_nothing_of_ours(good: rpm_packages.BuiltPackage, tmp_path: Path) -> None:
    code = "import run_rpmlint, sys; print(run_rpmlint.run(sys.argv[1], item=sys.argv[2])[0]['outcome'])"
    script = Path(rpmlint.__file__)
    path = f"import sys; sys.path.insert(0, {str(script.parent)!r})"

    done = subprocess.run([sys.executable, "-I", "-c", f"{path}; {code}", str(good.folder), good.nvr],
                          capture_output=True, text=True, cwd=tmp_path, check=False)

    assert (done.stdout, done.stderr) == ("PASSED\n", "")


# -- configurations ----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> rpm_packages.BuiltPackage:
    """Good but for what a distribution's configuration lets pass: no signature, no Group."""
    waivers = "".join(line + "\n" for line in rpm_packages.WAIVERS.splitlines()
                      if not any(word in line for word in ("no-signature", "no-group-tag")))
    return rpm_packages.good(tmp_path_factory.mktemp("unsigned"), sources={"good.rpmlintrc": waivers})


def test_the_verdict_is_that_of_the_configuration_that_was_named(unsigned: rpm_packages.BuiltPackage) -> None:
    as_installed, as_koji = (only_result(unsigned.folder, unsigned.nvr, config=config) for config in ("", "koji"))

    assert (as_installed["outcome"], as_koji["outcome"]) == ("FAILED", "PASSED")
    assert "E: no-signature" in as_installed["details"]["output"]
    assert as_installed["configuration"] == [str(path) for path in as_installed["configuration"]]
    assert as_koji["configuration"] == [*as_installed["configuration"], "koji"]


def test_a_configuration_on_the_worker_is_named_by_its_path(
        unsigned: rpm_packages.BuiltPackage, tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('Filters = ["no-signature", "no-group-tag"]\n')

    result = only_result(unsigned.folder, unsigned.nvr, config=str(tmp_path / "ours.toml"))

    assert (result["outcome"], result["configuration"][-1]) == ("PASSED", str(tmp_path / "ours.toml"))


@pytest.mark.parametrize(("config", "why"), [
    ("fedroa", "there is no configuration `fedroa`; expected an absolute path on the worker, or one of koji, unsigned"),
    ("../../etc", "there is no configuration `../../etc`; "), ("/no.toml", "configuration `/no.toml` is not on this"),
])
def test_a_configuration_that_is_not_there_is_no_verdict(
        good: rpm_packages.BuiltPackage, config: str, why: str) -> None:
    with pytest.raises(rpmlint.RpmlintError, match=why.replace(".", "[.]")):
        rpmlint.run(str(good.folder), item=good.nvr, config=config)
