"""
The seam of package sources: where the packages and logs of a build come from.

A source is made once for a directive's run; each question may be asked any
number of times. Nothing is written before `download`, which leaves either the
whole file or nothing. All raise SourceError where the source does not answer
(another try may work), and MissingBuildError where it answers "no such build".
"""
from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from checks.item import Nvr

#: What is written as one architecture, and the architectures of packages it stands for.
ARCHES = {"i386": ("i386", "i486", "i586", "i686"), "armhfp": ("armv7hl", "armv7hnl"), "x86_64": ("x86_64",)}
_DEBUG = re.compile(r"-(?:debuginfo|debugsource)(?:-common)?-")


class SourceError(Exception):
    """Raised when the source does not answer; another try may work."""


class MissingBuildError(Exception):
    """Raised when the source has no such build, tag or file."""


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a build."""

    #: `xchat-0.5-1.fc20.x86_64.rpm`, or `build.log`.
    file_name: str
    arch: str
    #: For the source that gave it: a path or a URL.
    location: str
    #: Where the source says so.
    size_bytes: int | None = None

    @property
    def is_debuginfo(self) -> bool:
        """True for packages that only debuggers want."""
        return bool(_DEBUG.search(self.file_name))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files of a build."""

    #: As in a check: `x86_64`, `all`; `noarch` is always added unless there is none at all.
    arches: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    src: bool = False
    debuginfo: bool = False

    def takes(self, file: PackageFile) -> bool:
        """True where the file is asked for."""
        if file.arch == "src":
            return self.src
        if file.is_debuginfo and not self.debuginfo:
            return False
        if file.arch in expanded(self.excluded):
            return False
        return bool(self.arches) and ("all" in self.arches or file.arch in {*expanded(self.arches), "noarch"})


class PackageSource(Protocol):
    """One place with builds."""

    #: For messages: the folder or URL.
    where: str

    def packages(self, nvr: Nvr) -> list[PackageFile]:
        """Return every package of a build, in the order of names."""

    def logs(self, nvr: Nvr) -> list[PackageFile]:
        """Return the `build.log` of each architecture; empty where they are gone."""

    def tagged(self, tag: str) -> list[str]:
        """Return the newest build of each package in a tag."""

    def latest(self, tag: str, name: str) -> str | None:
        """Return the newest build of one package in a tag; None where the tag has none of it."""

    def about(self, nvr: Nvr) -> Mapping[str, str]:
        """Return what is known of a build beside its name: `task_id`, `issuer`; empty where nothing is."""

    def download(self, file: PackageFile, target: Path) -> None:
        """Write the file to the target."""


def expanded(arches: Collection[str]) -> set[str]:
    """Return the architectures of packages that the words stand for."""
    return {binary for arch in arches for binary in ARCHES.get(arch, (arch,))}


def newest_of(builds: Iterable[str], name: str) -> str | None:
    """Return the first build of the package in a list with the newest first; None where there is none."""
    return next((nvr for nvr in builds if nvr.rsplit("-", 2)[0] == name), None)


def below(nvr: Nvr) -> str:
    """Return where a build lies below `packages/`: Koji's layout."""
    return f"{nvr.name}/{nvr.version}/{nvr.release}"
