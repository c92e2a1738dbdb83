"""
Mirrors of the repositories in which checks live: the master fetches, the workers get what they need from the master.

A mirror is made aside and put in place by rename, so nobody sees half of one.
One process at a time works on a mirror (a lock file), and within a burst it is
fetched once: a revision that is there is not fetched at all, a branch at most
every 30 s. What a worker gets is a tar file of one folder at one revision.
Needs git; needs no Buildbot. Everything here blocks: call it in a thread.
"""
from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

#: Seconds in which a branch is not fetched again.
_BURST_SECONDS = 30.0
#: Seconds for a clone or a fetch.
_GIT_SECONDS = 600
#: Bytes of a check's folder.
_ARCHIVE_LIMIT_BYTES = 64 * 1024 * 1024
_FULL_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
_FOLDER = re.compile(r"[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)*")


class MirrorError(Exception):
    """Raised when a check cannot be had; `is_for_ever` where trying again cannot help."""

    def __init__(self, text: str, *, is_for_ever: bool) -> None:
        self.is_for_ever = is_for_ever
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A check that lives in a repository."""

    #: `https://src.example.org/rpms/xchat.git`
    repository: str
    #: A commit, a branch or a tag.
    revision: str = "HEAD"
    #: Below the repository's root; "" for the root itself.
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Mirrors:
    """All mirrors of one master."""

    #: One bare repository each.
    folder: Path
    #: What a URL must begin with.
    allowed: Sequence[str]

    def archive(self, wanted: Wanted, target: Path) -> str:
        """
        Write the folder at that revision as a plain tar file; return the full revision.

        Raises MirrorError.
        """
        self._refuse(wanted)
        with self._locked(wanted.repository) as mirror:
            self._update(mirror, wanted)
            revision = self._resolve(mirror, wanted)
            inside = f"{revision}:{wanted.folder}" if wanted.folder else revision
            with open(target, "wb") as out:
                done = _git(mirror, "archive", "--format=tar", inside, out=out)
        if done.returncode != 0:
            raise MirrorError(f"{wanted.repository} at {revision[:12]}: no folder `{wanted.folder}`", is_for_ever=True)
        if target.stat().st_size > _ARCHIVE_LIMIT_BYTES:
            raise MirrorError(f"{wanted.repository} at {revision[:12]}: more than {_ARCHIVE_LIMIT_BYTES} bytes",
                              is_for_ever=True)
        return revision

    def path(self, repository: str) -> Path:
        """Return where the mirror of a repository lies."""
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", urlsplit(repository).path.strip("/"))[-60:] or "repository"
        return self.folder / f"{name}-{hashlib.sha256(repository.encode()).hexdigest()[:12]}.git"

    def _refuse(self, wanted: Wanted) -> None:
        """Raise where the request is none that we make: it came with a message from outside."""
        if not any(wanted.repository.startswith(prefix) for prefix in self.allowed):
            raise MirrorError(f"repository `{wanted.repository[:200]}` is not among those that are allowed: "
                              f"{', '.join(self.allowed) or 'none'} (setting `repository_prefixes`)", is_for_ever=True)
        if not _REVISION.fullmatch(wanted.revision) or ".." in wanted.revision:
            raise MirrorError(f"revision `{wanted.revision[:80]!r}` is no commit, branch or tag", is_for_ever=True)
        if wanted.folder and (not _FOLDER.fullmatch(wanted.folder) or ".." in wanted.folder.split("/")):
            raise MirrorError(f"folder `{wanted.folder[:80]!r}` is no folder of a repository", is_for_ever=True)

    @contextmanager
    def _locked(self, repository: str) -> Iterator[Path]:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(repository)
        with open(path.with_suffix(".lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield path

    def _update(self, mirror: Path, wanted: Wanted) -> None:
        """Make the mirror, or fetch where what is wanted may not be there."""
        if not mirror.exists():
            self._make(mirror, wanted.repository)
            return
        if _FULL_REVISION.fullmatch(wanted.revision):
            if _git(mirror, "cat-file", "-e", f"{wanted.revision}^{{commit}}").returncode == 0:
                return
        elif abs(time.time() - _fetched(mirror)) < _BURST_SECONDS:
            return
        done = _git(mirror, "fetch", "--prune", "--quiet", "origin", "+refs/*:refs/*")
        if done.returncode != 0:
            raise MirrorError(f"{wanted.repository}: cannot be fetched: {_last(done.stderr)}", is_for_ever=False)
        _note_fetch(mirror)

    def _make(self, mirror: Path, repository: str) -> None:
        aside = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            done = _git(None, "clone", "--mirror", "--quiet", "--", repository, str(aside / "mirror"))
            if done.returncode != 0:
                raise MirrorError(f"{repository}: cannot be cloned: {_last(done.stderr)}", is_for_ever=False)
            _note_fetch(aside / "mirror")
            (aside / "mirror").replace(mirror)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _resolve(self, mirror: Path, wanted: Wanted) -> str:
        done = _git(mirror, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted.revision}^{{commit}}")
        if done.returncode != 0:
            raise MirrorError(f"{wanted.repository}: no revision `{wanted.revision}`", is_for_ever=True)
        return done.stdout.decode().strip()


def _git(mirror: Path | None, *words: str, out: object = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    """Run git with nothing of the machine's own settings, and with transports that run no command of a stranger."""
    place = [f"--git-dir={mirror}"] if mirror else []
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
                   "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true",
                   "GIT_ALLOW_PROTOCOL": "https:http:file:git", "LC_ALL": "C"}
    try:
        return subprocess.run(["git", "-c", "safe.directory=*", *place, *words], env=environment, check=False,  # type: ignore[call-overload,no-any-return]
                              stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, timeout=_GIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise MirrorError(f"git {words[0]} took more than {_GIT_SECONDS} s", is_for_ever=False) from None
    except FileNotFoundError:
        raise MirrorError("git is not installed on the master", is_for_ever=False) from None


def _note_fetch(mirror: Path) -> None:
    (mirror / "checkotron-fetched").touch()


def _fetched(mirror: Path) -> float:
    try:
        return (mirror / "checkotron-fetched").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _last(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "git said nothing"
