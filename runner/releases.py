"""
The table of releases: which repositories a release has, and which release comes before and after it.

A file that the operator owns, docs/releases.md describes it; no release is known to the code. Releases stand in it from
the oldest to the newest, and whoever upgrades goes down that list.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from checks.document import SIZE_LIMIT, Document, DocumentError, Fault, KeyPath, load_document
from checks.item import shown
from checks.kind import Either, Flag, ListOf, MapOf, Place, Text, nearest
from checks.record import Key, Record

#: The setting that names the file, and what to tell where it is not set.
SETTING = "releases"
HOW_TO_SET = "set $CHECKOTRON_RELEASES to the file; docs/releases.md describes it"
#: Checks without an architecture look into the repositories of this one.
DEFAULT_ARCH = "x86_64"
NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}"
#: Endings of a tag that do not change the release it belongs to.
TAG_ENDING = re.compile(r"-(?:pending|candidate|testing|signing|gate|build|override)(?:-[a-z]+)*$")
_PLACE = Text("a folder or a URL, `{arch}` in it stands for the architecture", r"\S[^\n]{0,2000}", 2048)

RELEASE = Record((
    Key("repositories", MapOf(Either((_PLACE, MapOf(_PLACE, NAME))), NAME),
        "Name and place of each repository that the packages of the release live in; a place for all architectures, "
        "with `{arch}` in it, or one for each.", required=True,
        example={"fedora": "https://dl.example.org/f43/{arch}/os/"}),
    Key("dist_tag", Text("the end of a build's release, `fc43`", r"[A-Za-z0-9_.~^+]{1,32}"),
        "Builds whose release ends in `.<dist_tag>` belong to this release. Without it: `fcN` where the name is `fN`.",
        example="fc43"),
    Key("koji_tags", ListOf(Text("a tag", r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,127}"), single=True, commas=True),
        "Tags of the release, `f43-updates`; its own name always is one.", default=(), example=["f43", "f43-updates"]),
    Key("upgrades", Flag(), "False leaves the release out of upgrade paths: it has reached its end.", default=True),
), doc="One release.")
RELEASES = Record((Key("releases", MapOf(RELEASE, NAME), "From the oldest to the newest.", required=True),))


class ReleaseTableError(Exception):
    """Raised when the table is missing or wrong; `.faults` has everything that is wrong with it."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class UnknownReleaseError(Exception):
    """Raised when no release of the table fits; says which there are."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release."""

    name: str
    #: Name, and a place or a place for each architecture.
    repositories: Mapping[str, str | Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    dist_tag: str | None = None
    koji_tags: tuple[str, ...] = ()
    upgrades: bool = True

    def places(self, arch: str) -> dict[str, str]:
        """Return name and place of each repository that the architecture has; `noarch` looks at x86_64."""
        arch = DEFAULT_ARCH if arch in ("noarch", "src", "all", "") else arch
        places = {}
        for name, place in self.repositories.items():
            here = place.get(arch) if isinstance(place, Mapping) else place
            if here:
                places[name] = here.replace("{arch}", arch)
        return places


@dataclass(frozen=True, slots=True)
class ReleaseTable:
    """All releases, from the oldest to the newest."""

    releases: tuple[Release, ...]
    #: The file, for messages.
    where: str = ""

    def named(self, name: str) -> Release:
        """Return the release of that name. Raises UnknownReleaseError."""
        return self._only(name, [release for release in self.releases if release.name == name])

    def of_build(self, release_of_build: str) -> Release:
        """Return the release that a build belongs to, by the end of its own: `1.fc43`. Raises UnknownReleaseError."""
        found = [release for release in self.releases if release.dist_tag
                 and re.search(rf"(?:^|\.){re.escape(release.dist_tag)}(?:[._]|$)", release_of_build)]
        return self._only(release_of_build, found)

    def of_tag(self, tag: str) -> Release:
        """Return the release of a tag; `-pending` and its like are cut off. Raises UnknownReleaseError."""
        names = {tag, TAG_ENDING.sub("", tag)}
        return self._only(tag, [release for release in self.releases if names & {release.name, *release.koji_tags}])

    def around(self, release: Release) -> tuple[tuple[Release, ...], tuple[Release, ...]]:
        """Return the releases before it and those after it that take part in upgrade paths."""
        place = self.releases.index(release)
        return (tuple(each for each in self.releases[:place] if each.upgrades),
                tuple(each for each in self.releases[place + 1:] if each.upgrades))

    def _only(self, text: str, found: list[Release]) -> Release:
        if found:
            return found[-1]
        names = [release.name for release in self.releases]
        raise UnknownReleaseError(f"{self.where}: no release for `{shown(text)}`{nearest(text, names) or ';'} "
                                  f"known: {', '.join(names) or 'none'}")


def configured_table(given: str | None, settings: Mapping[str, str]) -> ReleaseTable:
    """Return the table that is named, else the one of the settings. Raises ReleaseTableError: none, or it is wrong."""
    path = given or settings.get(SETTING)
    if not path:
        raise ReleaseTableError(Fault(0, (), f"no table of releases is configured; {HOW_TO_SET}"))
    return load_release_table(Path(path))


def load_release_table(path: Path) -> ReleaseTable:
    """Return the table in the file. Raises ReleaseTableError: cannot be read, or with faults; all of them are told."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
        document = load_document(data.decode("utf-8"), str(path))
    except OSError as error:
        raise ReleaseTableError(Fault(0, (), f"cannot be read: {error.strerror}; expected the table of releases",
                                      str(path))) from None
    except UnicodeDecodeError as error:
        raise ReleaseTableError(Fault(0, (), f"is not UTF-8: byte {error.start}", str(path))) from None
    except DocumentError as error:
        raise ReleaseTableError(*error.faults) from None
    releases = _clean(document, path)["releases"]
    return ReleaseTable(tuple(_release(name, keys) for name, keys in releases.items()), str(path))


def _clean(document: Document, path: Path) -> Any:
    faults: list[Fault] = []

    def tell(where: KeyPath, message: str) -> None:
        faults.append(Fault(document.line(where), where, message, str(path)))

    clean = RELEASES.read(document.data, Place(tell))
    if faults:
        raise ReleaseTableError(*sorted(faults, key=lambda fault: fault.line))
    return clean


def _release(name: str, keys: Mapping[str, Any]) -> Release:
    fedora = re.fullmatch(r"f(\d+)", name)
    dist_tag = keys["dist_tag"] or (f"fc{fedora.group(1)}" if fedora else None)
    places = MappingProxyType(dict(keys["repositories"]))
    return Release(name, places, dist_tag, tuple(keys["koji_tags"]), keys["upgrades"])
