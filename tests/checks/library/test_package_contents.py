"""license, shebangs and hardening over packages that rpmbuild makes here."""
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import rpm_packages
from tests.support.library_script import load_script
from tests.support.rpm_packages import PackageSpec

license_check = load_script("license", "run_license.py")
shebangs = load_script("shebangs", "run_shebangs.py")
hardening = load_script("hardening", "run_hardening.py")

CONTENT_CHECKS = {"license": license_check, "shebangs": shebangs, "hardening": hardening}


def only_result(check: Any, folder: Path, **options: Any) -> dict[str, Any]:
    [result] = check.run(str(folder), item="a-package-1", **options)
    return dict(result)


def licensed(folder: Path, text: str) -> dict[str, Any]:
    rpm_packages.build(PackageSpec(license=text), folder)
    return only_result(license_check, folder)


def scripted(folder: Path, shebang: str, *, path: str = "/usr/bin/tool", mode: str = "0755") -> dict[str, Any]:
    spec = PackageSpec(name="tool", files={path: f"{shebang}\necho hello\n"}, install=(f"chmod {mode} $BUILD{path}",))
    rpm_packages.build(spec, folder)
    return only_result(shebangs, folder)


def compiled(folder: Path, flags: str, *, output: str = "/usr/bin/tool", install: tuple[str, ...] = (),
             listed: tuple[str, ...] = ()) -> dict[str, Any]:
    build = (f"mkdir -p $BUILD$(dirname {output}); echo 'int main(void) {{ return 0; }}' > tool.c",
             f"gcc {flags} -o $BUILD{output} tool.c", *install)
    spec = PackageSpec(name="tool", arch="x86_64", files={}, install=build, listed=(output, *listed),
                       preamble=("%global debug_package %{nil}", "%global __os_install_post %{nil}"))
    rpm_packages.build(spec, folder)
    return only_result(hardening, folder)


# -- all of them -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", list(CONTENT_CHECKS))
def test_a_package_that_cannot_be_read_needs_inspection(tmp_path: Path, name: str) -> None:
    rpm_packages.broken(tmp_path)

    result = only_result(CONTENT_CHECKS[name], tmp_path)

    assert result["outcome"] == "NEEDS_INSPECTION"
    assert "broken-1.0-1.fc43.noarch.rpm: cannot be read" in result["details"]["output"]


@pytest.mark.parametrize("name", ["shebangs", "hardening"])
def test_a_payload_that_breaks_off_is_not_a_pass(tmp_path: Path, name: str) -> None:
    files = {f"/usr/share/big/{number}": "0123456789abcdef" * 500 for number in range(20)}
    [package] = rpm_packages.build(PackageSpec(name="big", files=files), tmp_path, keep_source=False).binaries
    package.write_bytes(package.read_bytes()[:-120])

    result = only_result(CONTENT_CHECKS[name], tmp_path)

    assert result["outcome"] == "NEEDS_INSPECTION"


@pytest.mark.parametrize("name", list(CONTENT_CHECKS))
def test_nothing_to_check_is_no_verdict(tmp_path: Path, name: str) -> None:
    with pytest.raises(RuntimeError, match="nothing to check"):
        only_result(CONTENT_CHECKS[name], tmp_path)


# -- license -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", [
    "MIT", "GPL-2.0-or-later AND MIT", "mit and (apache-2.0 or json)", "GPL-2.0-only WITH Classpath-exception-2.0",
    "LicenseRef-Fedora-Public-Domain OR LicenseRef-Nobody-Knows",
])
def test_a_valid_and_allowed_license_passes(tmp_path: Path, text: str) -> None:
    result = licensed(tmp_path, text)

    assert (result["outcome"], result["summary"]) == ("PASSED", f"valid and allowed: {text}")


@pytest.mark.parametrize(("text", "told"), [
    ("GPLv2+ and MIT", "not a valid SPDX expression: unknown `GPLv2+`; `GPLv2+` is written GPL-2.0-or-later today"),
    ("MIT AND", "not a valid SPDX expression: AND requires two or more licenses as in: MIT AND BSD"),
    ("MIT/X11", "not a valid SPDX expression: Invalid license key"),
    ("MIT AND JSON", "valid, but not allowed: JSON"),
    ("(((((", "not a valid SPDX expression"),
])
def test_what_the_packager_must_fix_fails_and_says_how(tmp_path: Path, text: str, told: str) -> None:
    result = licensed(tmp_path, text)

    assert result["outcome"] == "FAILED"
    assert result["details"]["output"].startswith(f"{text}: {told}")


def test_a_license_that_nobody_has_judged_needs_inspection(tmp_path: Path) -> None:
    result = licensed(tmp_path, "MIT AND Glide")

    assert (result["outcome"], result["summary"]) == ("NEEDS_INSPECTION", "not on the list of licenses: MIT AND Glide")
    assert "valid, but nobody has allowed or refused yet: Glide" in result["details"]["output"]


def test_a_name_that_spdx_writes_otherwise_is_told_and_passes(tmp_path: Path) -> None:
    result = licensed(tmp_path, "GPL-2.0+")

    assert result["outcome"] == "INFO"
    assert "understood, but SPDX writes it GPL-2.0-or-later" in result["details"]["output"]


def test_an_operators_own_list_decides(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("JSON\n-MIT # not here\n", encoding="utf-8")
    rpm_packages.build(PackageSpec(license="MIT"), tmp_path)

    assert only_result(license_check, tmp_path, allowed=str(mine))["outcome"] == "FAILED"


def test_every_name_on_our_list_is_one_of_spdx() -> None:
    names = license_check.read_list(license_check.DEFAULT_LIST)
    spdx = license_check.spdx()

    unknown = [name for name in names if not name.startswith("licenseref-") and license_check.faults_of(spdx, name)]

    assert unknown == []
    assert len(names) > 50


def test_a_license_with_terminal_escapes_reaches_nobodys_terminal(tmp_path: Path) -> None:
    result = licensed(tmp_path, "MIT\033[2J")

    assert "\033" not in result["summary"] + result["details"]["output"]


# -- shebangs ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("shebang", ["#!/bin/sh", "#! /usr/bin/python3 -s", "#!/usr/bin/python2", "no shebang at all"])
def test_a_full_path_passes(tmp_path: Path, shebang: str) -> None:
    assert scripted(tmp_path, shebang)["outcome"] == "PASSED"


@pytest.mark.parametrize(("shebang", "told"), [
    ("#!/usr/bin/python", "`python` without a number; write python3 or python2 in full"),
    ("#!/usr/bin/env python", "`python` without a number; write python3 or python2 in full"),
    ("#!/usr/bin/env -S LANG=C python -u", "`python` without a number; write python3 or python2 in full"),
    ("#!bin/sh", "is no absolute path; the kernel looks below the current folder"),
    ("#!", "names no interpreter"),
    ("#!/bin/sh\r", "ends in a carriage return, which to the kernel is a part of the name; "
                    "save it with the line ends of Unix"),
    ("#!/usr/bin/env", "names no interpreter"),
])
def test_a_first_line_that_breaks_the_script_for_somebody_fails(tmp_path: Path, shebang: str, told: str) -> None:
    result = scripted(tmp_path, shebang)

    assert (result["outcome"], result["summary"]) == ("FAILED", "1 of 1 script without a proper interpreter")
    assert result["details"]["output"] == (
        f"/usr/bin/tool: `{shebang.replace(chr(13), chr(92) + 'x0d')}`: {told} (tool-1.0-1.fc43.noarch)")


def test_env_is_told_and_no_fault(tmp_path: Path) -> None:
    result = scripted(tmp_path, "#!/usr/bin/env node")

    assert (result["outcome"], result["summary"]) == ("INFO", "1 of 1 script with an interpreter found through env")


def test_what_nobody_can_run_is_left_alone(tmp_path: Path) -> None:
    assert scripted(tmp_path / "data", "#!/usr/bin/python", mode="0644")["outcome"] == "PASSED"
    assert scripted(tmp_path / "doc", "#!/usr/bin/python", path="/usr/share/doc/tool/example")["outcome"] == "PASSED"


# -- hardening ---------------------------------------------------------------------------------------------------------

HARDENED = "-O2 -fPIE -pie -Wl,-z,relro"


def test_a_hardened_program_passes_and_what_else_it_could_have_is_told(tmp_path: Path) -> None:
    result = compiled(tmp_path, HARDENED)

    assert (result["outcome"], result["summary"]) == ("PASSED", "pie, relro everywhere; 1 program looked at")
    assert result["details"]["output"].startswith("/usr/bin/tool: could also have bindnow")


@pytest.mark.parametrize(("flags", "missing"), [
    ("-no-pie", "pie"), ("-fPIE -pie -Wl,-z,norelro", "relro"), ("-no-pie -Wl,-z,norelro", "pie, relro"),
])
def test_a_program_without_pie_or_relro_fails(tmp_path: Path, flags: str, missing: str) -> None:
    result = compiled(tmp_path, flags)

    assert (result["outcome"], result["summary"]) == ("FAILED", "1 fault; 1 program looked at")
    assert f"/usr/bin/tool: without {missing} (tool-1.0-1.fc43.x86_64)" in result["details"]["output"].splitlines()


def test_a_library_needs_no_pie(tmp_path: Path) -> None:
    assert compiled(tmp_path, "-shared -fPIC -Wl,-z,relro", output="/usr/lib64/libtool.so")["outcome"] == "PASSED"


def test_more_can_be_required(tmp_path: Path) -> None:
    compiled(tmp_path, HARDENED + " -Wl,-z,lazy")

    result = only_result(hardening, tmp_path, required=["pie", "bindnow"])

    assert "/usr/bin/tool: without bindnow" in result["details"]["output"]


def test_the_verdict_is_hardening_checks_own(tmp_path: Path) -> None:
    verdicts = {}
    for number, flags in enumerate((HARDENED, "-no-pie", "-static", "-static-pie -Wl,-z,norelro")):
        folder = tmp_path / str(number)
        outcome = compiled(folder, flags)["outcome"]
        (folder / "tool.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
        subprocess.run(["gcc", *flags.split(), "-o", "tool", "tool.c"], cwd=folder, check=True)
        others = ["--nobindnow", "--nostackprotector", "--nofortify", "--nocfprotection"]
        code = subprocess.run(["hardening-check", *others, "tool"], cwd=folder, capture_output=True,
                              check=False).returncode
        verdicts[flags] = (outcome, code)

    words = {0: "PASSED", 1: "FAILED"}
    assert [flags for flags, (outcome, code) in verdicts.items() if outcome != words[code]] == []


def test_a_file_or_folder_that_everyone_may_write_to_fails(tmp_path: Path) -> None:
    made = ("mkdir -p $BUILD/var/open $BUILD/var/drop", "echo x > $BUILD/var/open/file",
            "chmod 0666 $BUILD/var/open/file; chmod 0777 $BUILD/var/open; chmod 1777 $BUILD/var/drop")

    result = compiled(tmp_path, HARDENED, install=made, listed=("/var/open", "/var/drop"))

    lines = result["details"]["output"].splitlines()
    assert result["summary"] == "2 faults; 1 program looked at"
    assert "/var/open: everyone may write to it (mode 0777) (tool-1.0-1.fc43.x86_64)" in lines
    assert "/var/open/file: everyone may write to it (mode 0666) (tool-1.0-1.fc43.x86_64)" in lines


def test_what_only_begins_like_a_program_is_none(tmp_path: Path) -> None:
    rpm_packages.build(PackageSpec(name="odd", files={"/usr/share/odd": "\x7fELF and nothing more\n"}), tmp_path)

    result = only_result(hardening, tmp_path)

    assert (result["outcome"], result["summary"]) == ("PASSED", "pie, relro everywhere; 0 programs looked at")


def test_an_unknown_measure_names_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="unknown measure `pei`; known: pie, relro, bindnow"):
        only_result(hardening, tmp_path, required=["pei"])
