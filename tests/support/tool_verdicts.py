"""
What the tools themselves say of a package, asked without any of our code: the other side of the table of verdicts.

    python -m tests.support.tool_verdicts FOLDER [CHECK...]    prints the table for every package below the folder
"""
from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.library_script import load_script

LICENSES = Path(__file__).resolve().parents[2] / "checks" / "library" / "license" / "allowed_licenses.txt"
#: What a worker's environment sets for our check, an absolute path here, holds for the tool alone, too.
RPMLINT_CONFIG = "CHECKOTRON_PARAMETER_RPMLINT_CONFIG"
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
    config = os.environ.get(RPMLINT_CONFIG)
    code = exit_code("rpmlint", *(["--config", config] if config else []), package)
    return f"rpmlint {code}", {0: PASSES, 3: ASKS, 64: FAILS, 65: FAILS, 66: FAILS}[code]


def license_expression(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    from license_expression import get_spdx_licensing

    try:
        tag = output("rpm", "-qp", "--qf", "%{LICENSE}", package)
        if refused := {line[1:].strip() for line in LICENSES.read_text().splitlines() if line.startswith("-")} & {tag}:
            return f"{refused.pop()} is on our list of the refused", FAILS
        # SPDX leaves these names to everyone (annex D of the specification); the tool knows only some of them
        tag = re.sub(r"LicenseRef-[A-Za-z0-9.-]+", "MIT", tag)
        valid = not get_spdx_licensing().validate(tag, strict=True).errors
    except Exception:
        valid = False
    # whether a valid license is allowed is our list's question, not the tool's
    return ("valid", (*PASSES, *ASKS)) if valid else ("not valid", FAILS)


def hardening_check(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    root = unpacked(package, scratch)
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    # links say that everyone may write to them, and in a folder with the sticky bit nobody removes another's file
    faults = len(output("find", root, "-mindepth", "1", "-perm", "-0002", "!", "-type", "l", "!", "(", "-type", "d",
                        "-perm", "-1000", ")").splitlines())
    for path in files:
        kind = output("readelf", "-h", path)
        if ("EXEC (" in kind or "DYN (" in kind) and "usr/lib/debug" not in str(path):
            faults += exit_code("hardening-check", "--nobindnow", "--nostackprotector", "--nofortify",
                                "--nocfprotection", path)
    return f"hardening-check {'1' if faults else '0'}", FAILS if faults else PASSES


def awk(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    """First lines of what can be executed, documentation left out, by a pattern of its own."""
    root = unpacked(package, scratch)
    shutil.rmtree(root / "usr" / "share" / "doc", ignore_errors=True)
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and os.access(path, os.X_OK)
             and path.stat().st_mode & 0o111 and path.read_bytes().startswith(b"#!")]
    unversioned = "((/[a-z]+)*/python|/usr/bin/env +(-S +)?python)([ \t]|$)"
    pattern = f"^#![ \t]*({unversioned}|$|[^/ \t]|.*\r$)"
    program = 'FNR == 1 && $0 ~ pattern { print FILENAME } { nextfile }'
    found = output("awk", "-v", f"pattern={pattern}", program, *files).splitlines() if files else []
    return f"awk {len(found)}", FAILS if found else PASSES


def dnf(package: Path, scratch: Path) -> tuple[str, tuple[str, ...]]:
    """Install it into an empty root from a repository of its own alone."""
    shutil.copy(package, scratch)
    subprocess.run(["createrepo_c", "--quiet", scratch], check=True, capture_output=True)
    code = dnf_install(output("rpm", "-qp", "--nosignature", "--qf", "%{NAME}", package), scratch, scratch,
                       arch_of(package))
    return f"dnf install {code}", FAILS if code else PASSES


def dnf_install(name: str, repository: Path, scratch: Path, arch: str = "x86_64") -> int:
    """Return how `dnf install` ends, into an empty root and without downloading anything in the end."""
    for part in ("log", "cache", "state", "root"):
        shutil.rmtree(scratch / part, ignore_errors=True)
        (scratch / part).mkdir()
    return exit_code(*_dnf_of(repository, scratch), f"--installroot={scratch}/root", "--noplugins",
                     f"--forcearch={arch}", "--assumeyes", "install", "--downloadonly", name)


def repoclosure(repository: Path, scratch: Path) -> set[str]:
    """Return the packages whose requirements nothing in their repository provides, as `dnf repoclosure` tells them."""
    for part in ("log", "cache", "state"):
        shutil.rmtree(scratch / part, ignore_errors=True)
        (scratch / part).mkdir()
    told = output(*_dnf_of(repository, scratch), "--forcearch=x86_64", "repoclosure", "--newest")
    return {line.split()[1] for line in told.splitlines() if line.startswith("package: ")}


def _dnf_of(repository: Path, scratch: Path) -> tuple[str, ...]:
    return ("dnf", "--quiet", f"--repofrompath=it,file://{repository}", "--repo=it", "--setopt=reposdir=/none",
            "--nogpgcheck", f"--setopt=cachedir={scratch}/cache", f"--setopt=logdir={scratch}/log", "--releasever=1",
            f"--setopt=persistdir={scratch}/state")


def arch_of(package: Path) -> str:
    """Return the machine to try it on."""
    arch = package.name.rsplit(".", 2)[1]
    return "x86_64" if arch not in ("aarch64", "s390x", "ppc64le") else arch


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
    options: dict[str, Any] = {}
    if check == "installability":
        options = {"repositories": {"it": str(folder)}, "arch": arch_of(next(folder.glob("*.rpm")))}
    if check == "rpmlint":
        options = {"config": os.environ.get(RPMLINT_CONFIG)}
    [result] = load_script(check, f"run_{check}.py").run(str(folder), item="a-package-1", **options)
    return str(result["outcome"])


TOOLS: dict[str, Callable[[Path, Path], tuple[str, tuple[str, ...]]]] = {
    "rpmlint": rpmlint, "license": license_expression, "hardening": hardening_check, "shebangs": awk,
    "installability": dnf,
}
#: These look at what gets installed.
BINARY_ONLY = ("hardening", "shebangs", "installability")


def verdicts_on(packages: list[Path], checks: tuple[str, ...] = tuple(TOOLS)) -> Iterator[Verdict]:
    """Yield our verdict and the tool's own, for each package and check."""
    for package in packages:
        for check in checks:
            if check in BINARY_ONLY and package.name.endswith("src.rpm"):
                continue
            if check == "installability" and package.name.endswith("i686.rpm"):
                continue  # for dnf the name of a package means the machine's own architecture
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
            others = [path for path in store.rglob("*.rpm") if path.parent.name in ("x86_64", "noarch")
                      and not path.is_relative_to(package)]
            yield breaking(f"{nvr} after {old.parent.name}-{old.name}", new / "x86_64", old / "x86_64", others)


def breaking(label: str, new: Path, old: Path, others: list[Path]) -> Verdict:
    """Does the build break a package of a repository? Its packages with holes before and after, as dnf counts them."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        for repository, build in ((before, old), (after, new)):
            repository.mkdir()
            for path in (*others, *build.glob("*.rpm")):
                shutil.copy(path, repository)
            subprocess.run(["createrepo_c", "--quiet", repository], check=True, capture_output=True)
        mine = {path.name.removesuffix(".rpm") for path in new.glob("*.rpm")}
        broken = repoclosure(after, Path(folder)) - repoclosure(before, Path(folder)) - mine
        check = load_script("reverse_dependencies", "run_reverse_dependencies.py")
        [result] = check.run(str(new), item=label, repositories={"it": str(before)}, arch="x86_64")
    return Verdict(label, "reverse_dependencies", result["outcome"], f"repoclosure {len(broken)} more with holes",
                   FAILS if broken else PASSES)


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


def main(folder: str, *checks: str) -> int:
    """Print the table, a line as soon as it is known; exit 1 where one of ours is not the tool's."""
    root = Path(folder)
    lines = itertools.chain(verdicts_on(sorted(root.rglob("*.rpm")), checks or tuple(TOOLS)),
                            verdicts_on_builds(root / "koji") if (root / "koji").is_dir() and not checks else ())
    print("| package | check | our verdict | the tool's own |\n| --- | --- | --- | --- |", flush=True)
    differ = 0
    for line in lines:
        differ += not line.agrees
        print(f"| {line.package} | {line.check} | {line.ours} | {line.tool}{'' if line.agrees else ' **differs**'} |",
              flush=True)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
