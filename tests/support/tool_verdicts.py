"""
What the tools themselves say of a package, asked without any of our code: the other side of the table of verdicts.

    python -m tests.support.tool_verdicts FOLDER     prints the table for every package below the folder
"""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.library_script import load_script

#: Outcomes that leave the item alone, that stop it, and that ask a person; a tool can say no more than that.
PASSES, FAILS, ASKS = ("PASSED", "INFO"), ("FAILED",), ("NEEDS_INSPECTION",)


@dataclass(frozen=True)
class Verdict:
    """One line of the table."""

    package: str
    check: str
    ours: str
    #: How the tool ended, in words: "rpmlint 64".
    tool: str
    #: Outcomes that say the same as the tool.
    same: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return self.ours in self.same


def exit_code(*argv: object, cwd: Path | None = None, **environment: str) -> int:
    return subprocess.run([str(word) for word in argv], capture_output=True, check=False, cwd=cwd, timeout=120,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment}).returncode


def output(*argv: object) -> str:
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, errors="replace", check=False,
                          timeout=120).stdout


# -- the tools ---------------------------------------------------------------------------------------------------------

def rpmlint(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    code = exit_code("rpmlint", package)
    return f"rpmlint {code}", {0: PASSES, 3: ASKS, 64: FAILS, 65: FAILS, 66: FAILS}[code]


def license_expression(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    from license_expression import get_spdx_licensing

    try:
        tag = output("rpm", "-qp", "--qf", "%{LICENSE}", package)
        valid = not get_spdx_licensing().validate(tag, strict=True).errors
    except Exception:
        valid = False
    # whether a valid license is allowed is our list's question, not the tool's
    return ("valid", (*PASSES, *ASKS)) if valid else ("not valid", FAILS)


def hardening_check(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    root = unpacked(package, scratch)
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    faults = int(any(path.stat().st_mode & 0o002 for path in files))
    for path in files:
        kind = output("readelf", "-h", path)
        if ("EXEC (" in kind or "DYN (" in kind) and "usr/lib/debug" not in str(path):
            faults += exit_code("hardening-check", "--nobindnow", "--nostackprotector", "--nofortify",
                                "--nocfprotection", path)
    return f"hardening-check {'1' if faults else '0'}", FAILS if faults else PASSES


def grep(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    root = unpacked(package, scratch)
    shutil.rmtree(root / "usr" / "share" / "doc", ignore_errors=True)
    pattern = r"^#! *((/usr)?/bin/python|/usr/bin/env +python)( |$)"
    matching = output("grep", "-rlE", "-m1", "--binary-files=without-match", pattern, root).splitlines()
    found = [path for path in matching if os.access(path, os.X_OK) and Path(path).read_bytes().startswith(b"#!")]
    return f"{len(found)} unversioned", FAILS if found else PASSES


def dnf(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    """Install it into an empty root from a repository of its own alone."""
    shutil.copy(package, scratch)
    subprocess.run(["createrepo_c", "--quiet", scratch], check=True, capture_output=True)
    code = dnf_install(output("rpm", "-qp", "--nosignature", "--qf", "%{NAME}", package), scratch, scratch)
    return f"dnf install {code}", FAILS if code else PASSES


def dnf_install(name: str, repository: Path, scratch: Path) -> int:
    """Return how `dnf install` ends, into an empty root and without downloading anything in the end."""
    for part in ("log", "cache", "state", "root"):
        shutil.rmtree(scratch / part, ignore_errors=True)
        (scratch / part).mkdir()
    return exit_code("dnf", "--quiet", f"--repofrompath=it,file://{repository}", "--repo=it",
                     f"--installroot={scratch}/root", "--setopt=reposdir=/none", "--noplugins", "--nogpgcheck",
                     f"--setopt=cachedir={scratch}/cache", f"--setopt=logdir={scratch}/log", "--releasever=1",
                     f"--setopt=persistdir={scratch}/state", "--forcearch=x86_64", "--assumeyes", "install",
                     "--downloadonly", name)


def unpacked(package: Path, scratch: Path) -> Path:
    root = scratch / "root"
    root.mkdir()
    with package.open("rb") as file:
        cpio = subprocess.run(["rpm2cpio", "-"], stdin=file, capture_output=True, check=False).stdout
    subprocess.run(["cpio", "-idm", "--quiet", "--no-absolute-filenames"], input=cpio, cwd=root, check=False,
                   capture_output=True)
    return root


# -- ours --------------------------------------------------------------------------------------------------------------

def our_outcome(check: str, folder: Path) -> str:
    """Return what the check of the library says of the packages in a folder."""
    options = {"repositories": {"it": str(folder)}, "arch": "x86_64"} if check == "installability" else {}
    [result] = load_script(check, f"run_{check}.py").run(str(folder), item="a-package-1", **options)
    return str(result["outcome"])


TOOLS: dict[str, Callable[[Path, Path], tuple[str, tuple[str, ...]]]] = {
    "rpmlint": rpmlint, "license": license_expression, "hardening": hardening_check, "shebangs": grep,
    "installability": dnf,
}
#: These look at what gets installed.
BINARY_ONLY = ("hardening", "shebangs", "installability")


def verdicts_on(packages: list[Path], checks: tuple[str, ...] = tuple(TOOLS)) -> Iterator[Verdict]:
    """Yield our verdict and the tool's own, for each package and check."""
    for package in packages:
        for check in checks:
            if check in BINARY_ONLY and package.name.endswith(("src.rpm", "i686.rpm")):
                continue
            with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as scratch:
                shutil.copy(package, ours)
                told, same = TOOLS[check](package, Path(scratch))
                if check == "installability":
                    subprocess.run(["createrepo_c", "--quiet", ours], check=True, capture_output=True)
                yield Verdict(package.name, check, our_outcome(check, Path(ours)), told, same)


def verdicts_on_builds(store: Path) -> Iterator[Verdict]:
    """Yield the verdicts of what compares two builds, for each package of a store that has two of them."""
    for package in sorted(path for path in store.iterdir() if path.is_dir()):
        builds = [path.parent for path in sorted(package.glob("*/*/x86_64"))]
        for old, new in ([*builds], [*reversed(builds)]) if len(builds) == 2 else ():
            nvr = f"{package.name}-{new.parent.name}-{new.name}"
            [result] = load_script("abi", "run_abi.py").run(str(new), item=nvr, previous=str(old))
            told, same = abipkgdiff(package.name, old, new)
            yield Verdict(f"{nvr} after {old.parent.name}-{old.name}", "abi", result["outcome"], told, same)
            yield _upgradepath(nvr, old, new)


def abipkgdiff(name: str, old: Path, new: Path) -> tuple[str, tuple[str, ...]]:
    """Each architecture by itself, with debuginfo and headers; the worst counts."""
    worst = 0
    for arch in sorted(path.name for path in new.iterdir()):
        files = [next(build.glob(f"{arch}/{part}-[0-9]*.rpm"))
                 for part in (f"{name}-debuginfo", f"{name}-devel", name) for build in (old, new)]
        sides = ["--d1", files[0], "--d2", files[1], "--devel1", files[2], "--devel2", files[3]]
        worst = max(worst, exit_code("abipkgdiff", *sides, files[4], files[5]))
    return f"abipkgdiff {worst}", {0: PASSES, 4: ("INFO", *ASKS), 8: FAILS, 12: FAILS}[worst]


def _upgradepath(nvr: str, old: Path, new: Path) -> Verdict:
    """Is `old` in a newer release fine? Only where it is not older."""
    with tempfile.TemporaryDirectory() as folder:
        for package in old.glob("x86_64/*.rpm"):
            shutil.copy(package, folder)
        subprocess.run(["createrepo_c", "--quiet", folder], check=True, capture_output=True)
        check = load_script("upgradepath", "run_upgradepath.py")
        [result] = check.run(str(new / "x86_64"), item=nvr, newer={"next": {"it": folder}}, arch="x86_64")
    code = ("import rpm, sys\nsplit = lambda text: ('0', *text.split('-'))\n"
            "print(rpm.labelCompare(split(sys.argv[1]), split(sys.argv[2])))")
    versions = [f"{build.parent.name}-{build.name}" for build in (old, new)]
    order = int(output("/usr/bin/python3", "-c", code, *versions))
    return Verdict(f"{nvr} before {old.parent.name}-{old.name}", "upgradepath", result["outcome"],
                   f"labelCompare {order}", FAILS if order < 0 else PASSES)


def main(folder: str) -> int:
    """Print the table; exit 1 where one of ours is not the tool's."""
    root = Path(folder)
    lines = [*verdicts_on(sorted(root.rglob("*.rpm"))),
             *(verdicts_on_builds(root / "koji") if (root / "koji").is_dir() else ())]
    print("| package | check | our verdict | the tool's own |\n| --- | --- | --- | --- |")
    for line in lines:
        print(f"| {line.package} | {line.check} | {line.ours} | {line.tool}{'' if line.agrees else ' **differs**'} |")
    return 0 if all(line.agrees for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
