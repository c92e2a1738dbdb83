"""Exactly which check ran: a digest of its files, and the Git commit and repository where it comes from one."""
from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

#: Bytes of a check's folder that go into the digest; checks are small.
_DIGEST_BYTES = 64 * 1024 * 1024
#: Files that are looked at.
_DIGEST_FILES = 5_000
_SKIPPED = frozenset({".git", "__pycache__", ".pytest_cache"})


@dataclass(frozen=True, slots=True)
class Revision:
    """Names the files of a check."""

    #: "sha256:" and 64 digits, over names and contents.
    digest: str
    #: 40 or 64 digits; None where the folder is in no Git repository.
    commit: str | None = None
    #: The URL of `origin`.
    repository: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Return the keys of the execution report."""
        data = {"digest": self.digest, "commit": self.commit, "repository": self.repository}
        return {key: value for key, value in data.items() if value}


def revision_of(folder: Path) -> Revision:
    """Return the revision of a check's folder; Git is read from its files, without running it."""
    top = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
    if top is None:
        return Revision(_digest(folder))
    git = _git_folder(top / ".git")
    return Revision(_digest(folder), _commit(git), repository_in(git))


def repository_in(git: Path) -> str | None:
    """Return the URL of `origin` in a Git folder, without a password in it."""
    for place in (git, _common_folder(git)):
        try:
            text = (place / "config").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        match = re.search(r'^\[remote "origin"\][^\[]*?^\s*url\s*=\s*(\S+)', text, re.MULTILINE | re.DOTALL)
        if match:
            return re.sub(r"://[^/@]*@", "://", match.group(1))
    return None


def _git_folder(path: Path) -> Path:
    """Return the folder behind `.git`, which in a work tree is a file."""
    if path.is_file():
        try:
            return (path.parent / path.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
        except OSError:
            return path
    return path


def _common_folder(git: Path) -> Path:
    try:
        return (git / (git / "commondir").read_text(encoding="utf-8").strip()).resolve()
    except OSError:
        return git


def _commit(git: Path) -> str | None:
    try:
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    if not head.startswith("ref: "):
        return head or None
    name = head.removeprefix("ref: ")
    for place in (git, _common_folder(git)):
        try:
            return (place / name).read_text(encoding="utf-8").strip() or None
        except OSError:
            continue
    try:
        packed = (_common_folder(git) / "packed-refs").read_text(encoding="utf-8")
    except OSError:
        return None
    match = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", packed, re.MULTILINE)
    return match.group(1) if match else None


def _digest(folder: Path) -> str:
    digest, left = hashlib.sha256(), _DIGEST_BYTES
    for path in sorted(islice(_files(folder), _DIGEST_FILES)):
        try:
            data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()[:left]
        except OSError:
            continue
        left -= len(data)
        digest.update(f"{path.relative_to(folder)}\0{len(data)}\0".encode(errors="surrogateescape"))
        digest.update(data)
        if left <= 0:
            break
    return f"sha256:{digest.hexdigest()}"


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        yield from (Path(place, name) for name in names)
