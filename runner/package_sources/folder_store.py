"""A folder laid out as Koji's `packages/`: <name>/<version>/<release>/<arch>/*.rpm, logs in data/logs/<arch>/."""
from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from checks.item import Nvr
from runner.package_source import MissingBuildError, PackageFile, SourceError, below, newest_of


class FolderStore:
    """Reads builds from a folder; `tags/<tag>` below it holds one build a line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.where = str(root)

    def packages(self, nvr: Nvr) -> list[PackageFile]:
        """Return every package of a build."""
        folder = self._folder(nvr)
        return [PackageFile(path.name, path.parent.name, str(path)) for path in sorted(folder.glob("*/*.rpm"))
                if path.is_file() and path.parent.name != "data"]

    def logs(self, nvr: Nvr) -> list[PackageFile]:
        """Return the build logs that are there."""
        return [PackageFile(path.name, path.parent.name, str(path))
                for path in sorted(self._folder(nvr).glob("data/logs/*/build.log")) if path.is_file()]

    def tagged(self, tag: str) -> list[str]:
        """Return the builds of the file `tags/<tag>`."""
        try:
            text = (self.root / "tags" / Path(tag).name).read_text(encoding="utf-8")
        except OSError:
            raise MissingBuildError(f"store `{self.where}` has no tag `{tag}`; "
                                    f"expected the file `tags/{tag}` with one build a line") from None
        return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]

    def latest(self, tag: str, name: str) -> str | None:
        """Return the first build of the package in the tag's file."""
        return newest_of(self.tagged(tag), name)

    def about(self, nvr: Nvr) -> Mapping[str, str]:
        """Return nothing: only names are known here."""
        return {}

    def download(self, file: PackageFile, target: Path) -> None:
        """Link the file where both lie on one disk, else copy it."""
        part = target.with_name(target.name + ".part")
        try:
            part.unlink(missing_ok=True)
            shutil.copyfile(file.location, part)
            os.replace(part, target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SourceError(f"`{file.location}`: cannot be copied: {error.strerror}") from None

    def _folder(self, nvr: Nvr) -> Path:
        if not self.root.is_dir():
            raise SourceError(f"store `{self.where}` is no folder; give one with --koji-store")
        folder = self.root / below(nvr)
        if not folder.is_dir():
            raise MissingBuildError(f"build `{nvr}` is not in `{self.where}`; expected the folder `{below(nvr)}` there")
        return folder
