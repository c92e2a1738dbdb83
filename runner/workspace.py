"""
The workspace: the one place on disk where a run writes until it is collected.

    <root>/work        the working folder of the actions, `${workdir}`
    <root>/artifacts   what the check leaves, `${artifactsdir}`; collected at the end
    <root>/check       a copy of the check's folder, where the executor needs one
    <root>/private     the runner's own files: captured output, arguments, answers
"""
from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

#: The most that a check's folder may hold where it must be copied.
CHECK_FILES_LIMIT = 5_000
CHECK_BYTES_LIMIT = 256 * 1024 * 1024
_NOT_COPIED = (".git", "__pycache__", ".pytest_cache")


class WorkspaceError(Exception):
    """Raised when the workspace cannot be made: no room, no rights. Another try may work."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Made by `create`; removed by `remove`, however the run ended."""

    root: Path

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

    @classmethod
    def create(cls, parent: Path) -> Workspace:
        """Make a new workspace below the folder. Raises WorkspaceError."""
        try:
            parent.mkdir(parents=True, exist_ok=True)
            workspace = cls(_new_folder(parent.resolve()))
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

    def remove(self) -> str | None:
        """Remove everything; return what could not be removed, in words. Harmless when called twice."""
        problems: list[str] = []

        def again(function: object, path: str, error: tuple[type, BaseException, object]) -> None:
            if not isinstance(error[1], FileNotFoundError):
                problems.append(f"{path}: {error[1]}")

        if self.root.exists():
            _allow_removal(self.root)
            shutil.rmtree(self.root, onerror=again)
        return problems[0] if problems else None


def _new_folder(parent: Path) -> Path:
    """Return a new folder with a name nobody can guess, open to be entered but not listed by others."""
    while True:
        folder = parent / f"checkotron-{os.urandom(6).hex()}"
        try:
            folder.mkdir(mode=0o711)
        except FileExistsError:
            continue
        return folder


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
