"""
What sbuild's unshare mode needs of a machine: an account with subordinate ids, and the tarballs of chroots.

A tarball is made once for a distribution, by anybody:
`mmdebstrap --variant=buildd bookworm bookworm-amd64.tar`.
"""
from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: `bookworm-amd64.tar`, `bookworm-amd64-sbuild.tar.zst`.
_TARBALL = re.compile(r"(?P<name>[a-z0-9][A-Za-z0-9_.+-]*?)\.(?:tar|tar\.gz|tar\.xz|tar\.zst|tgz)")
#: The word for an architecture in Debian, and in RPM distributions and the kernel.
DEBIAN_ARCHES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "i386", "i686": "i386", "armhfp": "armhf",
                 "armv7l": "armhf", "ppc64le": "ppc64el", "s390x": "s390x", "riscv64": "riscv64"}


class ChrootError(Exception):
    """Raised when this machine lacks an account or a chroot; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who builds."""

    name: str
    uid: int
    gid: int

    @property
    def prefix(self) -> tuple[str, ...]:
        """What goes before a command, so that this account runs it."""
        if os.geteuid() == self.uid:
            return ()
        return ("setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups")


def chroots_folder(settings: Mapping[str, str]) -> Path:
    """Return where the tarballs lie: the setting `chroots`, else sbuild's own folder."""
    return Path(settings.get("chroots") or os.environ.get("CHECKOTRON_CHROOTS")
                or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "sbuild"))


def chroots_in(folder: Path) -> dict[str, Path]:
    """Return the tarballs there by name, `bookworm-amd64`."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return {}
    return {match["name"]: path for path in entries if (match := _TARBALL.fullmatch(path.name)) and path.is_file()}


def chroot_names(distribution: str, architecture: str, variant: str | None) -> tuple[str, ...]:
    """Return the names that would do, the best one first: with a variant, for sbuild, plain."""
    plain = f"{distribution}-{architecture}"
    variants = [f"{plain}-{variant}"] if variant else []
    return (*variants, f"{plain}-sbuild", plain)


def find_chroot(names: tuple[str, ...], folder: Path) -> Path:
    """Return the first of these tarballs that is there. Raises ChrootError."""
    there = chroots_in(folder)
    for name in names:
        if name in there:
            return there[name]
    distribution = names[-1].rpartition("-")[0]
    raise ChrootError(f"no chroot `{names[-1]}` in `{folder}`; there are: {', '.join(there) or 'none'}; make it with "
                      f"`mmdebstrap --variant=buildd {distribution} {folder / names[-1]}.tar`")


def build_account(settings: Mapping[str, str]) -> Account:
    """
    Return who builds: this user; where this is root the setting `build_user`, else the first user with subordinate ids.

    Nothing is built as root. Raises ChrootError: nobody has subordinate ids.
    """
    names = _names_with_ids()
    if os.geteuid() != 0:
        try:
            own = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise ChrootError(f"user id {os.geteuid()} has no name; run as a user of /etc/passwd") from None
        if own.pw_name in names or str(own.pw_uid) in names:
            return Account(own.pw_name, own.pw_uid, own.pw_gid)
        raise ChrootError(f"user `{own.pw_name}` has no subordinate ids; "
                          f"`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {own.pw_name}`")
    wanted = settings.get("build_user") or os.environ.get("CHECKOTRON_BUILD_USER")
    for name in [wanted] if wanted else names:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0 and (name in names or str(found.pw_uid) in names):
            return Account(name, found.pw_uid, found.pw_gid)
    who = f"user `{wanted}` has no" if wanted else "no user has"
    raise ChrootError(f"{who} subordinate ids, and root does not build; `useradd --create-home builder` makes a user "
                      "with them, $CHECKOTRON_BUILD_USER names it")


def _names_with_ids() -> list[str]:
    """Return the users of /etc/subuid that are in /etc/subgid too, in its order."""

    def first_fields(path: str) -> list[str]:
        try:
            return [line.split(":")[0] for line in Path(path).read_text().splitlines() if line.count(":") == 2]
        except OSError:
            return []

    groups = set(first_fields("/etc/subgid"))
    return [name for name in dict.fromkeys(first_fields("/etc/subuid")) if name in groups]
