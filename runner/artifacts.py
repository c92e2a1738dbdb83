"""
What a check left behind, collected: plain files only, held to a count and sizes, nothing from outside the workspace.

Everything here was written by the check. Links, pipes, sockets and devices are
not followed, opened or copied, and each thing left out is said.
"""
from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from checks.item import shown
from checks.quantity import show_bytes
from runner.command_log import CMD_LOG_FILENAME
from runner.limits import Limits, LimitsReached

#: Files of the runner in the same folder; a check's file of that name is kept as `artifact-<name>`.
RESERVED_NAMES = frozenset({"results.tap", "execution.json", "input.json", "stages.log", "run.log", CMD_LOG_FILENAME,
                            "check", "junit.xml"})
#: Entries that are looked at: a million empty files are no way to keep a worker busy.
LOOKED_AT = 20_000
_COPY_BYTES = 4 * 1024 * 1024


def claim(folder: Path) -> None:
    """Make the folder, and take out what would lead the runner's own writing elsewhere: links, pipes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in RESERVED_NAMES:
        for path in (folder / name, folder / f"{name}.part"):
            if path.is_symlink() or (path.exists() and not path.is_file() and not path.is_dir()):
                path.unlink()


def kept_name(path: str | PurePosixPath) -> str:
    """Return the name that a file of the check is kept under, relative to the folder of results."""
    parts = [_safe(part) for part in PurePosixPath(path).parts]
    if parts and parts[0] in RESERVED_NAMES:
        parts[0] = f"artifact-{parts[0]}"
    return "/".join(parts)


@dataclass(slots=True)
class Collected:
    """What was kept so far."""

    #: Relative to the artifacts folder, in the order they were found.
    names: list[str] = field(default_factory=list)
    size_bytes: int = 0


class Collector:
    """Copies from the workspace into one folder; used once for a run."""

    def __init__(self, target: Path, limits: Limits, reached: LimitsReached) -> None:
        self._target, self._limits, self._reached = target, limits, reached
        self.collected = Collected()
        self._looked_at = 0
        self._full = False

    def collect(self, source: Path, patterns: tuple[str, ...] | None = None) -> None:
        """Copy every file below a folder, or those whose path below it matches one of the patterns."""
        if not source.is_dir() or source.is_symlink():
            return
        for folder, folders, names, descriptor in os.fwalk(source, follow_symlinks=False):
            below = PurePosixPath(os.path.relpath(folder, source))
            for name in sorted([*names, *self._links(folders, descriptor)]):
                path = below / name
                self._looked_at += 1
                if self._looked_at > LOOKED_AT or self._full:
                    self._reached.say(f"artifacts: more than {min(LOOKED_AT, self._limits.artifacts_count)} files; "
                                      "the rest is left out")
                    return
                if patterns is None or any(_matches(path, pattern) for pattern in patterns):
                    self._take(path, name, descriptor)

    @staticmethod
    def _links(folders: list[str], descriptor: int) -> Iterator[str]:
        """Yield the links among the folders: os.fwalk lists a link to a folder there and does not enter it."""
        for name in folders:
            if stat.S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                yield name

    def _take(self, path: PurePosixPath, name: str, descriptor: int) -> None:
        label = shown(str(path), 120)
        try:
            source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=descriptor)
        except OSError as error:
            what = _kind_of(name, descriptor)
            self._reached.say(f"artifact `{label}` is left out: {what or error.strerror}")
            return
        try:
            info = os.fstat(source)
            if not stat.S_ISREG(info.st_mode):
                self._reached.say(f"artifact `{label}` is left out: {_word(info.st_mode)}")
            elif self._has_room(label, info.st_size):
                self._copy(source, path)
        finally:
            os.close(source)

    def _has_room(self, label: str, size: int) -> bool:
        limits, collected = self._limits, self.collected
        if len(collected.names) >= limits.artifacts_count:
            self._full = True
            self._reached.say(f"artifacts: more than {limits.artifacts_count} files; the rest is left out")
        elif size > limits.artifact_bytes:
            self._reached.say(f"artifact `{label}` is left out: {show_bytes(size)}, at most "
                              f"{show_bytes(limits.artifact_bytes)} are kept")
        elif collected.size_bytes + size > limits.artifacts_bytes:
            self._reached.say(f"artifact `{label}` is left out: all together are larger than "
                              f"{show_bytes(limits.artifacts_bytes)}")
        else:
            return True
        return False

    def _copy(self, source: int, path: PurePosixPath) -> None:
        name = kept_name(path)
        if path.parts[0] in RESERVED_NAMES:
            self._reached.say(f"artifact `{path.parts[0]}` has a name of the runner's own; "
                              f"kept as `artifact-{path.parts[0]}`")
        target = self._target / name
        target.parent.mkdir(parents=True, exist_ok=True)
        # the folder may have been there before, with links of somebody else's
        if not target.parent.resolve().is_relative_to(self._target.resolve()):
            self._reached.say(f"artifact `{shown(str(path), 120)}` is left out: a link leads out of the folder")
            return
        if target.is_symlink() or (target.exists() and not target.is_file()):
            self._reached.say(f"artifact `{shown(str(path), 120)}` is left out: there is a link or folder of that name")
            return
        left = self._limits.artifact_bytes
        with open(target, "wb") as out:
            while left > 0 and (data := os.read(source, min(_COPY_BYTES, left))):
                out.write(data)
                left -= len(data)
        if name not in self.collected.names:
            self.collected.names.append(name)
        self.collected.size_bytes += self._limits.artifact_bytes - left


def _matches(path: PurePosixPath, pattern: str) -> bool:
    """True where the pattern fits the whole path, or the last part where the pattern has no slash."""
    return fnmatch(str(path), pattern) or ("/" not in pattern and fnmatch(path.name, pattern))


def _kind_of(name: str, descriptor: int) -> str | None:
    try:
        mode = os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode
    except OSError:
        return None
    return None if stat.S_ISREG(mode) else _word(mode)


def _word(mode: int) -> str:
    for test, word in ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
                       (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"), (stat.S_ISDIR, "a folder")):
        if test(mode):
            return word
    return "no plain file"


def _safe(part: str) -> str:
    """Return a file name that is UTF-8 and prints nothing to a terminal but itself."""
    text = part.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else f"_x{ord(char):02x}" for char in text)
