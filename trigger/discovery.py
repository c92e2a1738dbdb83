"""
The seam to checks that live in repositories of their own, such as a package's.

`checks_of` is called while a message is planned, for rules with `discover`. It
may take as long as a shallow clone and may be called from several threads. A
repository or branch that is not there has no checks; where that cannot be told
now it raises LookupAwayError, and the message waits.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from checks.description import CheckDescription


@dataclass(frozen=True, slots=True)
class Repository:
    """Where to look; every text is filled in and safe."""

    #: `https://src.fedoraproject.org/rpms/xchat.git`
    url: str
    #: Empty: the default branch.
    branch: str = ""
    #: Where the branch is not there.
    fallback_branch: str = ""
    #: True looks into every folder, else into the top one and those in it.
    recursive: bool = False


@dataclass(frozen=True, slots=True)
class FoundCheck:
    """A check in a repository."""

    description: CheckDescription
    #: Full hash of the commit.
    revision: str
    #: Its folder in the repository, `.` for the top one.
    folder: str


class Discovery(Protocol):
    """Finds checks."""

    def checks_of(self, repository: Repository) -> tuple[FoundCheck, ...]:
        """Return the checks, by folder. Raises LookupAwayError."""
