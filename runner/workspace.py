"""
The workspace: the one place on disk where a run writes until it is collected.

    <root>/work        the working folder of the actions, `${workdir}`
    <root>/artifacts   what the check leaves, `${artifactsdir}`; collected at the end
    <root>/check       a copy of the check's folder, where the executor needs one
    <root>/private     the runner's own files: captured output, arguments, answers
    <root>/.owner      locked as long as the run lives; a workspace without a lock on it belonged to one that was killed
"""
from __future__ import annotations

import fcntl
import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

#: The most that a check's folder may hold where it must be copied.
CHECK_FILES_LIMIT = 5_000
CHECK_BYTES_LIMIT = 256 * 1024 * 1024
_NOT_COPIED = (".git", "__pycache__", ".pytest_cache")
_PREFIX, _OWNER = "checkotron-", ".owner"


class WorkspaceError(Exception):
    """Raised when the workspace cannot be made: no room, no rights. Another try may work."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Made by `create`; removed by `remove`, however the run ended."""

    root: Path
    #: Holds the lock; None for a folder that is nobody's workspace.
    owner: BinaryIO | None = field(default=None, repr=False, compare=False)

    @property
    def work(self) -> Path:
        """The working folder of the actions."""
        return self.root / "work"

    @property
    def artifacts(self) -> Path:
        """What the check leaves; nothing in it is trusted."""
        return self.root / "artifacts"

    @property
    def check(self) -> Path:
        """The copy of the check's folder."""
        return self.root / "check"

    @property
    def private(self) -> Path:
        """The runner's own files."""
        return self.root / "private"

    def _unlock(self) -> None:
        if self.owner is not None:
            self.owner.close()

    @classmethod
    def create(cls, parent: Path) -> Workspace:
        """Make a new workspace below the folder. Raises WorkspaceError."""
        try:
            parent.mkdir(parents=True, exist_ok=True)
            workspace = cls(*_new_folder(parent.resolve()))
            for folder in (workspace.work, workspace.artifacts, workspace.private):
                folder.mkdir(mode=0o755)
        except OSError as error:
            raise WorkspaceError(f"`{parent}`: no workspace can be made there: {error.strerror}") from None
        return workspace

    def copy_check(self, folder: Path, shared: Path | None = None) -> Path:
        """
        Copy the check's folder, and what it shares with others among its files; return the copy.

        Links stay links; where both have a name the check's own file stays. Raises WorkspaceError: too large,
        unreadable.
        """
        if self.check.exists():
            return self.check
        for one in (shared, folder):
            if one is not None:
                self._copy(one)
        return self.check

    def _copy(self, folder: Path) -> None:
        count = size = 0
        for place, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name not in _NOT_COPIED]
            count += len(names)
            size += sum(os.lstat(os.path.join(place, name)).st_size for name in names)
            if count > CHECK_FILES_LIMIT or size > CHECK_BYTES_LIMIT:
                raise WorkspaceError(f"`{folder}` has more than {CHECK_FILES_LIMIT} files or "
                                     f"{CHECK_BYTES_LIMIT // 2**20} MiB; give the check a folder of its own")
        try:
            shutil.copytree(folder, self.check, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED),
                            dirs_exist_ok=True)
        except (OSError, shutil.Error) as error:
            raise WorkspaceError(f"`{folder}`: the check's folder cannot be copied: {error}") from None

    def keep(self) -> None:
        """Leave everything where it is, for good: no later run takes it for a dead one's."""
        (self.root / _OWNER).unlink(missing_ok=True)
        self._unlock()

    def remove(self) -> str | None:
        """Remove everything; return what could not be removed, in words. Harmless when called twice."""
        problems: list[str] = []

        def again(function: object, path: str, error: tuple[type, BaseException, object]) -> None:
            if not isinstance(error[1], FileNotFoundError):
                problems.append(f"{path}: {error[1]}")

        if self.root.exists():
            _allow_removal(self.root)
            # the lock's file last: killed in the middle, the rest is still known as a dead one's
            for folder in (self.work, self.artifacts, self.check, self.private, self.root):
                if folder.exists():
                    shutil.rmtree(folder, onerror=again)
        self._unlock()
        return problems[0] if problems else None


def remove_stale(parent: Path) -> int:
    """
    Remove the workspaces of runs that were killed; return how many there were.

    Only this user's, and only where the lock shows that the owner is dead: a live one's is never touched.
    """
    removed = 0
    try:
        names = [entry.name for entry in os.scandir(parent) if entry.name.startswith(_PREFIX)]
    except OSError:
        return 0
    for name in names:
        lock = _lock_of_dead(parent / name)
        if lock is not None:
            removed += Workspace(parent / name, lock).remove() is None
    return removed


def _lock_of_dead(root: Path) -> BinaryIO | None:
    """Return the lock of a workspace whose owner is dead, now ours; None for any other folder."""
    try:
        info = os.lstat(root)
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
            return None
        lock = os.fdopen(os.open(root / _OWNER, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "wb", buffering=0)
    except OSError:
        # kept on purpose, gone meanwhile, or no workspace at all
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # a live one's
        lock.close()
        return None
    return lock


def _new_folder(parent: Path) -> tuple[Path, BinaryIO]:
    """
    Return a new folder with a name nobody can guess, open to be entered but not listed by others, and its lock.

    It gets its name only when it is locked, so no sweep of another run can come between.
    """
    while True:
        name = os.urandom(6).hex()
        folder, draft = parent / f"{_PREFIX}{name}", parent / f".{_PREFIX}{name}"
        try:
            draft.mkdir(mode=0o711)
            lock = open(draft / _OWNER, "xb", buffering=0)  # noqa: SIM115 (as long as the run)
            fcntl.flock(lock, fcntl.LOCK_EX)
            draft.rename(folder)
        except FileExistsError:
            continue
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return folder, lock


def _allow_removal(root: Path) -> None:
    """Give back to the owner the rights that a check took away, without following links."""
    for folder, names, _ in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            try:
                mode = os.lstat(path).st_mode
                if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
                    os.chmod(path, 0o700)
            except OSError:
                # gone, or another user's: rmtree tells
                continue
