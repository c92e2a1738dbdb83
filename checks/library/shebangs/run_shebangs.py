"""
Do the scripts of a package say exactly which interpreter runs them?

`python` without a number means another program on every system, and a path that does not begin with a slash is looked
up in whatever folder one happens to be. Both break the script for somebody and have to be fixed. `env` finds the
interpreter on the user's path, which is fine on a desk and a surprise in a package: that is only told.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from packages import packages_below, shortened
from payload import UnreadableError, counted, files_in, printable

#: Bytes of a first line that are looked at; the kernel reads 256.
LINE_LIMIT = 4096
UNVERSIONED = re.compile(r"(?:.*/)?python")
#: Where a script is documentation or an example: nobody's path leads there.
DOCUMENTATION = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/licenses/")


@dataclass(frozen=True)
class Finding:
    """One script and what is wrong with its first line."""

    package: str
    path: str
    shebang: str
    why: str
    is_fault: bool

    def __str__(self) -> str:
        return str(printable(f"{self.path}: `{self.shebang}`: {self.why} ({self.package.removesuffix('.rpm')})"))


def run(rpms: str, item: str, item_type: str = "koji_build", *, arch: str | None = None) -> list[dict[str, Any]]:
    """Return one result for the item. Raises NoPackagesError, PayloadError: no verdict, and why; the run is NOT_OK."""
    findings, unreadable, scripts = [], [], 0
    packages = packages_below(rpms, item)
    for package in packages:
        try:
            for file in files_in(package):
                line = file.content.read(LINE_LIMIT).split(b"\n", 1)[0] if file.content else b""
                if not line.startswith(b"#!") or file.path.startswith(DOCUMENTATION) or not file.mode & 0o111:
                    continue
                scripts += 1
                findings += judged(package.name, file.path, line.decode("utf-8", "replace").rstrip(" \t"))
        except UnreadableError as error:
            unreadable.append(f"{printable(package.name)}: cannot be read: {error}")
    faults = [finding for finding in findings if finding.is_fault]
    told = [finding for finding in findings if not finding.is_fault]
    if unreadable:
        outcome, summary = "NEEDS_INSPECTION", f"{len(unreadable)} of {len(packages)} packages cannot be read"
    elif faults:
        outcome, summary = "FAILED", f"{len(faults)} of {counted(scripts, 'script')} without a proper interpreter"
    elif told:
        outcome, summary = "INFO", f"{len(told)} of {counted(scripts, 'script')} with an interpreter found through env"
    else:
        outcome, summary = "PASSED", f"{counted(scripts, 'script')}, each with its interpreter"
    result = {"item": item, "type": item_type, "outcome": outcome, "summary": summary,
              "details": {"output": shortened([*unreadable, *map(str, [*faults, *told])])}}
    return [result | ({"arch": arch} if arch else {})]


def judged(package: str, path: str, line: str) -> list[Finding]:
    """Return what is wrong with a first line; an empty list where nothing is."""
    words = line.removeprefix("#!").split()
    if line.endswith("\r"):
        return [Finding(package, path, line, "ends in a carriage return, which to the kernel is a part of the name; "
                                             "save it with the line ends of Unix", True)]
    if not words:
        return [Finding(package, path, line, "names no interpreter", True)]
    name, is_env = words[0], words[0].rsplit("/", 1)[-1] == "env"
    if is_env:
        rest = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        name = rest[0] if rest else ""
    if UNVERSIONED.fullmatch(name):
        return [Finding(package, path, line, "`python` without a number; write python3 or python2 in full", True)]
    if is_env and not name:
        return [Finding(package, path, line, "names no interpreter", True)]
    if not words[0].startswith("/"):
        return [Finding(package, path, line, "is no absolute path; the kernel looks below the current folder", True)]
    if is_env:
        return [Finding(package, path, line, f"runs the {name} that comes first on the user's path", False)]
    return []
