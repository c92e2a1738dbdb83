"""
A build among the builds of its package: which came before it.

Decided here: the build before is the next lower one in the order of versions
(rpm's, Debian's), not the one that was tested before, because branches are
tested side by side. Builds of the same stream (the dist tag, `fc20`) come first;
only where none has results a build of another stream stands in, and the
page says so. An epoch is not part of a build's name, so it is not seen.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from checks.item import ItemError, parse_nvr
from reporting.database.pages.version_order import DEBIAN_KEY, RPM_KEY

#: Item types whose items are name-version-release.
RPM_TYPES = frozenset({"koji_build", "koji_build_scratch", "brew-build", "brew-build_scratch", ""})
_STREAM = re.compile(r"\.((?:fc|f|el|eln|epel|mga|amzn|lp|suse)\d[0-9_.]*?|eln\d*)(?=\.|\+|$)")
_DEBIAN = re.compile(r"([a-z0-9][a-z0-9.+-]+)_([A-Za-z0-9.+~:-]+)", re.ASCII)
_DATED = re.compile(r"([A-Za-z0-9_.+-]*?)-(\d{8}\S*|\d{14}\S*)", re.ASCII)
_LENGTH_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Build:
    """One build, parsed."""

    item: str
    #: Name and separator, with which every build of the package begins: "xchat-".
    prefix: str
    version: str
    #: "fc20"; empty where the name tells none.
    stream: str
    #: Compares as the versions do.
    order: Any

    @property
    def package(self) -> str:
        """The package's name, "xchat"."""
        return self.prefix[:-1]

    @property
    def line(self) -> tuple[str, str]:
        """Package and stream: a newer build of the same line replaces an older one."""
        return self.prefix, self.stream

    def values_around(self) -> tuple[str, str]:
        """Return between which two texts the names of its package's builds lie; few others lie there."""
        first = self.version[:1]
        if first.isdigit():
            return f"{self.prefix}0", f"{self.prefix}:"
        return self.prefix + first, self.prefix + chr(ord(first) + 1)


def parse_build(item: str, item_type: str) -> Build | None:
    """Return the build, None where the item is none whose versions have an order."""
    if len(item) > _LENGTH_LIMIT:
        return None
    if item_type in RPM_TYPES:
        return _rpm_build(item)
    pattern = {"debian_source": _DEBIAN, "compose": _DATED, "module_build": _DATED}.get(item_type)
    match = pattern.fullmatch(item) if pattern else None
    if match is None:
        return None
    key = DEBIAN_KEY if item_type == "debian_source" else RPM_KEY
    return Build(item, item[:match.start(2)], match[2], "", key(match[2]))


def _rpm_build(item: str) -> Build | None:
    try:
        nvr = parse_nvr(item)
    except ItemError:
        return None
    if str(nvr) != item:
        return None
    streams = _STREAM.findall(nvr.release)
    return Build(item, f"{nvr.name}-", nvr.version, streams[-1] if streams else "",
                 (RPM_KEY(nvr.version), RPM_KEY(nvr.release)))


def builds_before(build: Build, others: Iterable[str], item_type: str) -> list[Build]:
    """Return the lower builds of the same package, the nearest first, those of the same stream before all others."""
    lower = [other for other in siblings(build, others, item_type) if other.order < build.order]
    lower.sort(key=lambda other: other.order, reverse=True)
    return sorted(lower, key=lambda other: other.stream != build.stream)


def siblings(build: Build, others: Iterable[str], item_type: str) -> list[Build]:
    """Return the other builds of the same package in the order of the names given."""
    parsed = (parse_build(other, item_type) for other in others)
    return [other for other in parsed if other and other.prefix == build.prefix and other.item != build.item]
