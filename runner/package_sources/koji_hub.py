"""A Koji hub, asked through Koji's own client library; the files come from the hub's file server."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checks.item import Nvr
from runner.address_rule import AddressRule, host_of
from runner.download import Downloader
from runner.package_source import MissingBuildError, PackageFile, SourceError


class KojiHub:
    """Asks a hub without logging in."""

    def __init__(self, url: str, top_url: str | None = None, rule: AddressRule | None = None) -> None:
        """`top_url` is where `packages/` lies; without it the hub's own `/kojifiles`. Raises SourceError."""
        try:
            import koji
        except ImportError as error:
            raise SourceError("Koji's client library is not installed; `pip install checkotron[koji]` "
                              f"(needs libkrb5-dev), or use a package store: {error}") from None
        self._koji = koji
        self.where = url
        if rule is not None:
            rule.addresses_of(*host_of(url))
        self._session = _session_class(koji, rule)(url, {"anon_retry": True, "max_retries": 3, "retry_interval": 1,
                                                 "timeout": 60, "no_ssl_verify": False})
        base = url.removesuffix("/").removesuffix("/kojihub")
        self._paths = koji.PathInfo(topdir=(top_url or f"{base}/kojifiles").rstrip("/"))
        self._downloader = Downloader(rule=rule)
        self._builds: dict[str, dict[str, Any]] = {}

    def packages(self, nvr: Nvr) -> list[PackageFile]:
        """Return every package of a build."""
        build = self._build(str(nvr))
        folder = self._paths.build(build)
        return sorted((PackageFile(f"{rpm['nvr']}.{rpm['arch']}.rpm", rpm["arch"], f"{folder}/{self._paths.rpm(rpm)}",
                                   rpm.get("size")) for rpm in self._ask("listRPMs", buildID=build["id"])),
                      key=lambda file: (file.arch, file.file_name))

    def logs(self, nvr: Nvr) -> list[PackageFile]:
        """Return the build logs the hub lists."""
        build = self._build(str(nvr))
        top = self._paths.topdir
        return [PackageFile("build.log", log["dir"], f"{top}/{log['path']}")
                for log in self._ask("getBuildLogs", build["id"]) if log["name"] == "build.log"]

    def tagged(self, tag: str) -> list[str]:
        """Return the newest build of each package in a tag, parents included."""
        return [self._remembered(build) for build in self._ask("listTagged", tag, inherit=True, latest=True)]

    def latest(self, tag: str, name: str) -> str | None:
        """Return the newest build of one package in a tag, parents included."""
        builds = self._ask("getLatestBuilds", tag, package=name)
        return self._remembered(builds[0]) if builds else None

    def about(self, nvr: Nvr) -> Mapping[str, str]:
        """Return the task and the owner of a build; an imported one has no task."""
        build = self._build(str(nvr))
        known = {"task_id": build.get("task_id"), "issuer": build.get("owner_name")}
        return {name: str(value) for name, value in known.items() if value}

    def download(self, file: PackageFile, target: Path) -> None:
        """Write the file to the target; it has the size that the hub knows, or is not there."""
        self._downloader.file(file.location, target)
        size = target.stat().st_size
        if file.size_bytes is not None and size != file.size_bytes:
            target.unlink()
            raise SourceError(f"{file.location}: has {size} bytes, the hub says {file.size_bytes}")

    def _build(self, nvr: str) -> dict[str, Any]:
        if nvr not in self._builds:
            build = self._ask("getBuild", nvr)
            if not build:
                raise MissingBuildError(f"hub `{self.where}` has no build `{nvr}`")
            if build["state"] != self._koji.BUILD_STATES["COMPLETE"]:
                word = self._koji.BUILD_STATES[build["state"]]
                raise MissingBuildError(f"build `{nvr}` of hub `{self.where}` is {word}, not COMPLETE")
            self._builds[nvr] = build
        return self._builds[nvr]

    def _remembered(self, build: dict[str, Any]) -> str:
        """Keep a build that a list gave: it need not be asked for again."""
        nvr = str(build["nvr"])
        if "id" in build and build.get("state") == self._koji.BUILD_STATES["COMPLETE"]:
            self._builds.setdefault(nvr, build)
        return nvr

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._session, method)(*arguments, **options)
        except self._koji.GenericError as error:
            raise MissingBuildError(f"hub `{self.where}`, {method}: {error}") from None
        except Exception as error:
            # the client lets errors of requests, ssl, socket and xmlrpc through as they are
            raise SourceError(f"hub `{self.where}`, {method}: no answer: {type(error).__name__}: {error}") from None


def _session_class(koji: Any, rule: AddressRule | None) -> Any:
    """Return the client's session; each connection that it makes is held to the rule."""
    if rule is None:
        return koji.ClientSession
    adapter = rule.adapter

    class RuledSession(koji.ClientSession):  # type: ignore[misc]
        def new_session(self) -> None:
            super().new_session()
            for scheme in ("http://", "https://"):
                self.rsession.mount(scheme, adapter())

    return RuledSession
