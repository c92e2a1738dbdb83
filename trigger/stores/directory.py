"""A folder with a file a job, `<build id>.json`: jobs that wait, artifacts of runs, reports that are queued."""
from __future__ import annotations

from pathlib import Path

from trigger.store import StoreAwayError


class DirectoryStore:
    """Has the jobs whose file (or folder) is there."""

    def __init__(self, folder: Path, suffix: str = ".json") -> None:
        self._folder = folder
        self._suffix = suffix

    def has(self, build_id: str) -> bool:
        """True where the file is there; a name with a slash is never."""
        return "/" not in build_id and self._path(build_id).exists()

    def info(self, build_id: str) -> str | None:
        """Return the beginning of the file."""
        if not self.has(build_id):
            return None
        try:
            with self._path(build_id).open(encoding="utf-8", errors="replace") as file:
                return file.read(4096)
        except OSError as error:
            raise StoreAwayError(f"{self._path(build_id)}: {error.strerror}") from None

    def _path(self, build_id: str) -> Path:
        return self._folder / f"{build_id}{self._suffix}"
