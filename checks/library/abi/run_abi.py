"""
Has the binary interface of the libraries changed since the previous build?

libabigail's abipkgdiff compares each package with its predecessor of the same name and architecture, with debuginfo and
headers where there are any; without debuginfo it sees no more than symbol names.
"""
from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: abipkgdiff's exit code is a sum of these.
ERROR, USAGE, CHANGED, INCOMPATIBLE = 1, 2, 4, 8
#: Characters of the comparison that go into the result; the whole text is in the artifact.
OUTPUT_LIMIT = 60_000
#: Names beside a package's own that belong to another one.
DEBUG_ENDINGS, DEVEL_ENDING = ("-debuginfo", "-debugsource"), "-devel"


class AbiError(RuntimeError):
    """Raised where there is no verdict for a reason that is not the package's: the run is NOT_OK."""


@dataclass(frozen=True)
class Package:
    """One binary package."""

    name: str
    arch: str
    path: Path


@dataclass(frozen=True)
class Compared:
    """What abipkgdiff said about one package and its predecessor."""

    package: str
    exit_code: int
    text: str
    #: True where nothing but additions was found.
    only_added: bool = False


def run(rpms: str, item: str, previous: str, item_type: str = "koji_build", *, arch: str | None = None,
        artifacts: str | None = None, timeout_seconds: float = 1800) -> list[dict[str, Any]]:
    """
    Return one result for the item.

    `rpms` and `previous` are folders with the packages of this build and of the older one, debuginfo and -devel among
    them; a `previous` that is missing or empty means that there is nothing to compare with. `artifacts` is the folder
    for the whole text. Raises AbiError: no verdict, and why; the run is NOT_OK.
    """
    if shutil.which("abipkgdiff") is None:
        raise AbiError("`abipkgdiff` is not installed; install it with `apt-get install abigail-tools` (Debian) or "
                       "`dnf install libabigail` (Fedora)")
    new, unreadable = packages_below(Path(rpms))
    if not new and not unreadable:
        raise AbiError(f"`{rpms}` holds no binary package (*.rpm) of {item}: nothing to compare")
    old, _ = packages_below(Path(previous))
    compared = [] if unreadable else [compare(each, twin, new, old, timeout_seconds) for each, twin in pairs(new, old)]
    return [result_of(compared, bool(old), unreadable, {"item": item, "type": item_type}, arch, artifacts)]


def packages_below(folder: Path) -> tuple[list[Package], list[str]]:
    """Return the binary packages below the folder, and the names of files that are none."""
    paths = [path for path in sorted(folder.rglob("*.rpm")) if path.is_file() and not path.is_symlink()]
    found, unreadable = [], []
    for path in paths:
        with path.open("rb") as file:
            done = subprocess.run(["rpm", "-qp", "--nosignature", "--queryformat", "%{NAME} %{ARCH} %{SOURCEPACKAGE}",
                                   "/dev/stdin"], stdin=file, capture_output=True, text=True, check=False)
        words = done.stdout.split()
        if done.returncode or len(words) != 3:
            unreadable.append(path.name)
        elif words[2] != "1":
            found.append(Package(words[0], words[1], path.resolve()))
    return found, unreadable


def pairs(new: list[Package], old: list[Package]) -> list[tuple[Package, Package]]:
    """Return each package that may hold libraries, and its predecessor."""
    older = {(package.name, package.arch): package for package in old}
    return [(package, older[package.name, package.arch]) for package in new
            if (package.name, package.arch) in older and package.arch != "noarch"
            and not package.name.endswith((*DEBUG_ENDINGS, DEVEL_ENDING))]


def compare(
    package: Package, twin: Package, new: list[Package], old: list[Package], timeout_seconds: float,
) -> Compared:
    """Run abipkgdiff, and a second time to know whether anything but additions was found."""
    argv = ["abipkgdiff"]
    for number, (side, packages) in enumerate(((twin, old), (package, new)), 1):
        for other in packages:
            if other.arch == side.arch and other.name.endswith("-debuginfo"):
                argv += [f"--d{number}", str(other.path)]
            elif other.arch == side.arch and other.name == side.name + DEVEL_ENDING:
                argv += [f"--devel{number}", str(other.path)]
    code, text = call([*argv, str(twin.path), str(package.path)], timeout_seconds)
    name = f"{package.name}.{package.arch}"
    if code & (ERROR | USAGE) or code not in (0, CHANGED, INCOMPATIBLE, CHANGED | INCOMPATIBLE):
        raise AbiError(f"abipkgdiff ended with {code} for {name}: {text.strip()[-2000:]}")
    only_added = code == CHANGED and call([*argv, "--no-added-syms", "--no-added-binaries", str(twin.path),
                                           str(package.path)], timeout_seconds)[0] == 0
    return Compared(name, code, text, only_added)


def call(argv: list[str], timeout_seconds: float) -> tuple[int, str]:
    """Return exit code and output; abipkgdiff unpacks below its own HOME, so that is a scratch folder."""
    with tempfile.TemporaryDirectory(prefix="abi-") as scratch:
        try:
            done = subprocess.run(argv, capture_output=True, check=False, timeout=timeout_seconds,
                                  env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": scratch,
                                       "XDG_CACHE_HOME": scratch, "TMPDIR": scratch})
        except subprocess.TimeoutExpired:
            raise AbiError(f"abipkgdiff did not end within {timeout_seconds:g} seconds") from None
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def result_of(compared: list[Compared], has_old: bool, unreadable: list[str], result: dict[str, Any],
              arch: str | None, artifacts: str | None) -> dict[str, Any]:
    """Return the result; the verdict is that of the worst package."""
    lines = [f"{name}: cannot be read as a package" for name in unreadable]
    for each in compared:
        lines += [f"{each.package}: {told_of(each)}", *each.text.strip().splitlines()]
    bad = [each for each in compared if each.exit_code & INCOMPATIBLE]
    changed = [each for each in compared if each.exit_code == CHANGED and not each.only_added]
    added = [each for each in compared if each.only_added]
    if unreadable:
        outcome, summary = "NEEDS_INSPECTION", f"{len(unreadable)} packages cannot be read"
    elif not has_old:
        outcome, summary = "INFO", "no older build to compare with"
    elif bad:
        outcome, summary = "FAILED", f"incompatible changes in {names_of(bad)}"
    elif changed:
        outcome, summary = "NEEDS_INSPECTION", f"changes that a person must judge in {names_of(changed)}"
    elif added:
        outcome, summary = "INFO", f"only additions, in {names_of(added)}"
    else:
        outcome, summary = "PASSED", f"the same interface in {len(compared)} packages"
    text = "\n".join(lines)
    cut = "\n... the rest is in abi.txt" if artifacts else "\n... the rest is left out"
    result |= {"outcome": outcome, "summary": summary,
               "details": {"output": text if len(text) <= OUTPUT_LIMIT else text[:OUTPUT_LIMIT] + cut}}
    if artifacts:
        Path(artifacts, "abi.txt").write_text(text + "\n", encoding="utf-8")
        result["artifact"] = "abi.txt"
    return result | ({"arch": arch} if arch else {})


def told_of(compared: Compared) -> str:
    """Return abipkgdiff's verdict in words."""
    if compared.exit_code & INCOMPATIBLE:
        return "incompatible changes"
    if compared.only_added:
        return "only additions"
    return "changes" if compared.exit_code else "no change"


def names_of(compared: list[Compared]) -> str:
    """Return the packages' names, a few of many."""
    names = [each.package for each in compared]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
