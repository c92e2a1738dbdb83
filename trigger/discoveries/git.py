"""
Finds checks in Git repositories: asks for the commit of the branch, and clones only a commit not seen before.

The repository is a stranger's: no hooks, no submodules, no prompts, nothing of
it is run, links are not followed, and the clone is gone after reading.
"""
from __future__ import annotations

import logging
import os
import subprocess
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from checks.description import CheckFileError, check_file, load_check
from checks.item import shown
from trigger.discovery import FoundCheck, Repository
from trigger.lookup import LookupAwayError

logger = logging.getLogger(__name__)

#: Seconds for one call of git.
TIMEOUT = 120
#: Folders that are looked into, and checks that are taken.
FOLDER_LIMIT = 2000
CHECK_LIMIT = 200
#: Answers kept, by repository and commit.
KEPT = 256
#: What git says where the question is answered with no, in the C locale.
_NOT_THERE = ("not found", "does not exist", "does not appear to be a git repository", "Could not find remote branch")
_SETTINGS = ("-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "protocol.ext.allow=never",
             "-c", "submodule.recurse=false", "-c", "transfer.fsckObjects=true")


class GitDiscovery:
    """Asks git; keeps its last answers."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, bool], tuple[FoundCheck, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def checks_of(self, repository: Repository) -> tuple[FoundCheck, ...]:
        """Return the checks on the branch, else on the fallback branch."""
        with self._lock:
            for branch in dict.fromkeys((repository.branch, repository.fallback_branch)):
                if branch == "" and repository.branch:
                    continue
                revision = _revision(repository.url, branch)
                if revision:
                    return self._at(repository, branch, revision)
        return ()

    def _at(self, repository: Repository, branch: str, revision: str) -> tuple[FoundCheck, ...]:
        known = (repository.url, revision, repository.recursive)
        if known not in self._kept:
            self._kept[known] = _cloned(repository, branch, revision)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[known]


def _revision(url: str, branch: str) -> str | None:
    """Return the newest commit of a branch, None where it is not there."""
    listed = _git(["ls-remote", "--exit-code", "--", url, f"refs/heads/{branch}" if branch else "HEAD"])
    first = (listed or "").partition("\t")[0].strip()
    return first if len(first) >= 40 and set(first) <= set("0123456789abcdef") else None


def _cloned(repository: Repository, branch: str, revision: str) -> tuple[FoundCheck, ...]:
    with tempfile.TemporaryDirectory(prefix="checkotron-discover-") as folder:
        top = Path(folder) / "repository"
        chosen = ["--branch", branch] if branch else []
        if _git(["clone", "--quiet", "--depth=1", "--no-tags", "--single-branch", *chosen, "--",
                 repository.url, str(top)]) is None:
            return ()
        return tuple(_checks_below(top, revision, recursive=repository.recursive))


def _checks_below(top: Path, revision: str, *, recursive: bool) -> Iterator[FoundCheck]:
    """Yield what can be run; a check with faults is told and left out."""
    count = 0
    for folder in _folders(top, recursive=recursive):
        try:
            if not any(path.suffix == ".yml" for path in folder.iterdir()):
                continue
            description = load_check(check_file(folder))
        except (CheckFileError, OSError) as error:
            logger.info("a discovered check has faults and is left out", extra={"why": shown(str(error), 300)})
            continue
        count += 1
        if count > CHECK_LIMIT:
            logger.warning("more checks than are taken", extra={"limit": CHECK_LIMIT})
            return
        yield FoundCheck(description, revision, str(folder.relative_to(top)) or ".")


def _folders(top: Path, *, recursive: bool) -> Iterator[Path]:
    for seen, (path, names, _) in enumerate(os.walk(top, followlinks=False), 1):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield Path(path)
        if seen >= FOLDER_LIMIT:
            return
        if not recursive and Path(path) != top:
            names.clear()


def _git(arguments: list[str]) -> str | None:
    """Return what git prints, None where it says that something is not there. Raises LookupAwayError."""
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", "LC_ALL": "C",
                   "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_ASKPASS": "true",
                   "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
    try:
        done = subprocess.run(["git", *_SETTINGS, *arguments], env=environment, capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LookupAwayError(f"git {arguments[0]}: {shown(str(error), 200)}") from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == 2 or any(words in done.stderr for words in _NOT_THERE):
        return None
    raise LookupAwayError(f"git {arguments[0]}: {shown(done.stderr.strip(), 200)}")
