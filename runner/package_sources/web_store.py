"""The same layout behind a web server that lists folders, such as kojipkgs.fedoraproject.org/packages."""
from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

from checks.item import Nvr
from runner.address_rule import AddressRule
from runner.download import Downloader
from runner.package_source import MissingBuildError, PackageFile, below, newest_of

_LINK = re.compile(r"""<a\s[^>]*?href\s*=\s*["']([^"'<>]+)["']""", re.IGNORECASE)


class WebStore:
    """Reads builds over HTTP from folder listings."""

    def __init__(self, url: str, rule: AddressRule | None = None) -> None:
        self.where = url.rstrip("/")
        self._downloader = Downloader(rule=rule)

    def packages(self, nvr: Nvr) -> list[PackageFile]:
        """Return every package of a build."""
        base = self._url(nvr)
        try:
            arches = [name[:-1] for name in self._names(base) if name.endswith("/") and name != "data/"]
        except MissingBuildError:
            raise MissingBuildError(f"build `{nvr}` is not at `{self.where}`; expected `{below(nvr)}/` there") from None
        return [PackageFile(name, arch, f"{base}{quote(arch)}/{quote(name)}")
                for arch in arches for name in self._names(f"{base}{quote(arch)}/") if name.endswith(".rpm")]

    def logs(self, nvr: Nvr) -> list[PackageFile]:
        """Return the build logs that are there; logs expire."""
        base = self._url(nvr) + "data/logs/"
        try:
            arches = [name[:-1] for name in self._names(base) if name.endswith("/")]
            return [PackageFile("build.log", arch, f"{base}{quote(arch)}/build.log") for arch in arches
                    if "build.log" in self._names(f"{base}{quote(arch)}/")]
        except MissingBuildError:
            return []

    def tagged(self, tag: str) -> list[str]:
        """Return the builds of the file `tags/<tag>`, one a line."""
        lines = self._downloader.page(f"{self.where}/tags/{quote(tag, safe='')}").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]

    def latest(self, tag: str, name: str) -> str | None:
        """Return the first build of the package in the tag's file."""
        return newest_of(self.tagged(tag), name)

    def about(self, nvr: Nvr) -> Mapping[str, str]:
        """Return nothing: only names are known here."""
        return {}

    def download(self, file: PackageFile, target: Path) -> None:
        """Write the file to the target."""
        self._downloader.file(file.location, target)

    def _url(self, nvr: Nvr) -> str:
        return f"{self.where}/{'/'.join(quote(part) for part in (nvr.name, nvr.version, nvr.release))}/"

    def _names(self, url: str) -> list[str]:
        """Return the entries of a listing, folders with a slash; links to anywhere else are passed over."""
        page = self._downloader.page(url)
        own = urlsplit(url).path
        names = []
        for link in _LINK.findall(page):
            path = urlsplit(urljoin(url, unescape(link))).path
            name = unquote(path.removeprefix(own))
            if path.startswith(own) and name and "/" not in name.rstrip("/") and not name.startswith("."):
                names.append(name)
        return sorted(set(names))
