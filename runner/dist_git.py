"""
Where distgit's files come from: a server's raw pages, or a folder of repositories that the operator has.

The order: `with dist_git_at(...) as repository`, then any number of questions; what was fetched goes away at the end.
"""
from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from runner.address_rule import AddressRule
from runner.directive import DirectiveContext, SurroundingsError
from runner.download import Downloader
from runner.git import MissingRevisionError, Source, fetch
from runner.package_source import MissingBuildError, SourceError

#: Below a server's URL: as Fedora's dist-git answers.
RAW = "{baseurl}/{namespace}/{package}/raw/{gitref}/f/{path}"


class DistGit(Protocol):
    """One package's repository."""

    #: For messages: `rpms/xchat`.
    name: str

    def take(self, ref: str, path: str, place: Path) -> bool:
        """Put the file of a path, at a revision, into a place; False: it is not there."""

    def has(self, ref: str, scratch: Path) -> bool:
        """True where the revision is known to be there; `scratch` may be written to for finding out."""


@contextmanager
def dist_git_at(base: str, namespace: str, package: str, context: DirectiveContext, rule: AddressRule | None = None
                ) -> Iterator[DistGit]:
    """Give the repository of a package, at a URL or below a folder; `rule`: what the URL may lead to."""
    if base.startswith(("http://", "https://")):
        yield _Server(base, namespace, package, rule)
        return
    folder = _Folder(base.removeprefix("file://"), namespace, package, context)
    try:
        yield folder
    finally:
        folder.remove()


class _Server:
    """Raw pages over HTTP."""

    def __init__(self, base: str, namespace: str, package: str, rule: AddressRule | None) -> None:
        self.name = f"{namespace}/{package}"
        self._namespace, self._package = namespace, package
        self._downloader = Downloader(rule=rule)
        self._layout = base if "{path}" in base else RAW.replace("{baseurl}", base.rstrip("/").replace("{", "%7B"))

    def take(self, ref: str, path: str, place: Path) -> bool:
        words = {"namespace": self._namespace, "package": self._package, "gitref": ref, "path": path}
        url = re.sub(r"\{(namespace|package|gitref|path)\}", lambda match: quote(words[match.group(1)]), self._layout)
        try:
            self._downloader.file(url, place)
        except MissingBuildError:
            return False
        except SourceError as error:
            raise SurroundingsError(str(error)) from None
        return True

    def has(self, ref: str, scratch: Path) -> bool:
        """A server answers 404 to a missing branch and to a missing file; but each branch has the spec file."""
        if self._namespace != "rpms":
            return False
        probe = scratch / f".{self._package}.spec.probe"
        try:
            return self.take(ref, f"{self._package}.spec", probe)
        finally:
            probe.unlink(missing_ok=True)


class _Folder:
    """A folder of repositories on this machine: fetched with git, then copied from."""

    def __init__(self, base: str, namespace: str, package: str, context: DirectiveContext) -> None:
        self.name = f"{namespace}/{package}"
        self._context = context
        plain = Path(base) / namespace / package
        self._repository = plain if plain.is_dir() else plain.with_name(f"{package}.git")
        self._trees: dict[str, Path | None] = {}

    def take(self, ref: str, path: str, place: Path) -> bool:
        """Copy one file; links in a repository are passed over, whatever they lead to."""
        tree = self._tree(ref)
        file = tree / path if tree else None
        if tree is None or file is None or file.is_symlink() or not file.is_file() \
                or not file.resolve().is_relative_to(tree.resolve()):
            return False
        place.unlink(missing_ok=True)
        shutil.copyfile(file, place)
        return True

    def has(self, ref: str, scratch: Path) -> bool:
        return self._tree(ref) is not None

    def remove(self) -> None:
        """Remove what was fetched."""
        for tree in self._trees.values():
            if tree is not None:
                shutil.rmtree(tree, ignore_errors=True)

    def _tree(self, ref: str) -> Path | None:
        if ref not in self._trees:
            self._trees[ref] = self._fetched(ref)
        return self._trees[ref]

    def _fetched(self, ref: str) -> Path | None:
        tree = self._context.private / f"distgit-{os.urandom(4).hex()}"
        source = Source(str(self._repository), ref, local=True)
        try:
            fetch(source, tree, self._context.abort, timeout_seconds=self._context.timeout_seconds)
        except MissingRevisionError:
            shutil.rmtree(tree, ignore_errors=True)
            return None
        return tree
