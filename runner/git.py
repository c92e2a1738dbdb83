"""
Fetches one revision of a Git repository: only the protocols that are allowed, nobody's configuration, held to a size.

Git runs outside the surroundings of the check, so it works in a fresh folder
that no check has touched: a `.git/config` of a stranger can name programs.
"""
from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from checks.item import shown
from checks.quantity import show_bytes
from runner.abort import AbortToken
from runner.address_rule import AddressRule, host_of
from runner.directive import DirectiveError, SurroundingsError
from runner.package_source import SourceError
from runner.tool import ToolCall, ToolEnd, run_tool

#: On disk, history and files together; and how many files.
SIZE_LIMIT_BYTES = 2 * 1024**3
FILES_LIMIT = 300_000
TIMEOUT_SECONDS = 1200.0
#: A branch, a tag or a commit; as `git check-ref-format`, and never an option or a range.
REF = r"(?!-)(?!.*(?:\.\.|//|@\{|\.lock$|[./]$))[A-Za-z0-9_.+/@%=~-]{1,250}"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_OPTIONS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0",
            "-c", "advice.detachedHead=false", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60",
            "-c", "submodule.recurse=false", "-c", "init.defaultBranch=main")
_ENVIRONMENT = {"GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0",
                "GIT_ASKPASS": "/bin/false", "SSH_ASKPASS": "/bin/false", "GIT_LFS_SKIP_SMUDGE": "1"}


class MissingRevisionError(Exception):
    """Raised when the repository answers and has no such revision, or there is no such repository."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where from, and what."""

    #: http:, https:, or with `local` the path of a folder on this machine.
    url: str
    #: A branch, a tag or a commit; HEAD: the repository's own choice.
    ref: str = "HEAD"
    #: True for a folder that the operator has named; git is to trust it, as it would a server.
    local: bool = False
    #: What the URL may lead to; None: anything.
    rule: AddressRule | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise DirectiveError("the URL has a user or a password in it; a check has no credentials", "wrong-check")
        if not self.local and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise DirectiveError(f"`{shown(self.url)}` is not allowed; expected a URL of http or https", "wrong-check")
        if not re.fullmatch(REF, self.ref, re.ASCII):
            raise DirectiveError(f"`{shown(self.ref)}` is no name of a branch, tag or commit", "wrong-check")

    @property
    def address(self) -> str:
        """What git is given: a local folder as a URL, so that nothing of it is linked."""
        return Path(self.url).resolve().as_uri() if self.local else self.url

    def pinned(self) -> tuple[str, ...]:
        """
        Return the options that hold git to the addresses that were looked at: it would ask for the name again.

        Raises AddressRefusedError; SurroundingsError: no such name.
        """
        if self.rule is None:
            return ()
        host, port = host_of(self.url)
        try:
            addresses = self.rule.addresses_of(host, port)
        except SourceError as error:
            raise SurroundingsError(str(error)) from None
        there = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
        return ("-c", f"http.curloptResolve={host}:{port}:{there}", "-c", "http.followRedirects=false")


def fetch(source: Source, folder: Path, abort: AbortToken, *, timeout_seconds: float | None = None) -> str:
    """
    Fetch the revision into a new folder, its files and `.git`; return its commit.

    Only this revision where the server can, else the history with it. Raises MissingRevisionError, SurroundingsError
    (no answer), DirectiveError (too large, aborted).
    """
    folder.mkdir(mode=0o755)
    git = _Git(source, folder, abort, time.monotonic() + (timeout_seconds or TIMEOUT_SECONDS))
    git.run("init", "--quiet", "--template=")
    shallow = git.fetch("--depth=1", source.ref)
    wanted = "FETCH_HEAD"
    if shallow.returncode:
        if _is_final(shallow, source):
            raise _failed(shallow, source)
        # a server that gives only whole histories, or no commit that is not the end of a branch
        whole = git.fetch("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*",
                          "+HEAD:refs/remotes/origin/HEAD")
        if whole.returncode:
            raise _failed(whole, source)
        wanted = git.revision()
    checkout = git.run("checkout", "--quiet", "--progress", "--detach", "--force", wanted)
    if checkout.returncode:
        raise SurroundingsError(f"{source.url}: cannot be checked out: {checkout.last_line}")
    return git.run("rev-parse", "HEAD").tail.strip()


class _Git:
    """Git in one folder."""

    def __init__(self, source: Source, folder: Path, abort: AbortToken, deadline: float) -> None:
        self._source, self._folder, self._abort, self._deadline = source, folder, abort, deadline
        self._next_look = 0.0
        self._options = _OPTIONS + source.pinned() + (("-c", f"safe.directory={source.url}") if source.local else ())
        self._environment = _ENVIRONMENT | {"GIT_ALLOW_PROTOCOL": "file" if source.local else "http:https",
                                            "GIT_CEILING_DIRECTORIES": str(folder.parent), "HOME": str(folder)}

    def run(self, *arguments: str) -> ToolEnd:
        """Run one command of git."""
        argv = ("prlimit", f"--fsize={SIZE_LIMIT_BYTES}", "--core=0", "git", *self._options, *arguments)
        return run_tool(ToolCall(argv, self._folder, self._environment, max(1.0, self._deadline - time.monotonic()),
                                 self._too_large, "git"), self._abort)

    def fetch(self, *arguments: str) -> ToolEnd:
        """Fetch; options before the separator, names after it."""
        options = [argument for argument in arguments if argument.startswith("--")]
        names = [argument for argument in arguments if not argument.startswith("--")]
        return self.run("fetch", "--progress", "--no-tags", "--no-recurse-submodules", "--no-write-commit-graph",
                        *options, "--", self._source.address, *names)

    def revision(self) -> str:
        """Return the commit of the revision in what was fetched. Raises MissingRevisionError."""
        ref = self._source.ref
        for name in (f"refs/remotes/origin/{ref}", f"refs/tags/{ref}", ref):
            found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            commit = found.tail.strip()
            if found.returncode == 0 and _COMMIT.fullmatch(commit):
                return commit
        raise MissingRevisionError(f"{self._source.url} has no branch, tag or commit `{ref}`")

    def _too_large(self) -> str | None:
        """Look at the folder, at most once a second; git tells its progress about as often."""
        now = time.monotonic()
        if now < self._next_look:
            return None
        self._next_look = now + 1.0
        size = files = 0
        for place, _, names in os.walk(self._folder):
            files += len(names)
            for name in names:
                try:
                    size += os.lstat(os.path.join(place, name)).st_size
                except FileNotFoundError:
                    # git renames what it has finished
                    continue
            if size > SIZE_LIMIT_BYTES or files > FILES_LIMIT:
                return (f"{self._source.url}: larger than {show_bytes(SIZE_LIMIT_BYTES)} or {FILES_LIMIT} files; "
                        "that is more than a check may fetch")
        return None


def _is_too_large(end: ToolEnd) -> bool:
    """True where the limit on one file's size ended git, or the part of it that unpacks."""
    return end.returncode == 128 + 25 or "signal 25" in end.tail or "File size limit" in end.tail


def _is_final(end: ToolEnd, source: Source) -> bool:
    """True where another way of fetching cannot find more."""
    return _is_too_large(end) or _says_missing(end, source)


def _says_missing(end: ToolEnd, source: Source) -> bool:
    """True where there is no repository, or the server does not have the name."""
    text = end.tail
    if "couldn't find remote ref" in text:
        # a short commit is no name for a server, but may be found in the history
        return not re.fullmatch(r"[0-9a-fA-F]{4,64}", source.ref)
    return any(words in text for words in ("not found", "does not appear to be a git repository", "does not exist"))


def _failed(end: ToolEnd, source: Source) -> Exception:
    if _is_too_large(end):
        return DirectiveError(f"{source.url}: larger than {show_bytes(SIZE_LIMIT_BYTES)}; "
                              "that is more than a check may fetch", "limit-reached")
    if _says_missing(end, source):
        return MissingRevisionError(f"{source.url} has no `{source.ref}`, or is no repository: {end.last_line}")
    return SurroundingsError(f"{source.url}: git cannot fetch it: {end.last_line}")
