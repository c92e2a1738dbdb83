"""
A double of a Koji hub: the XML-RPC calls a reader needs, and the files, over real HTTP, from a store laid out so.

Koji's own client library speaks to it, so what crosses the wire is Koji's dialect. Answers have the keys that a hub
1.35 gives. `calls` remembers each call, those inside a multicall too.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import koji
from koji.xmlrpcplus import dumps, loads

from tests.support.web_server import Answer, Request, WebServer, files_below, web_server


@dataclass
class HubDouble:
    """What the hub knows: builds are the folders of the store, tags are told to it."""

    packages: Path
    #: Builds of each tag, the newest first; and the tags a tag inherits from.
    tags: dict[str, list[str]] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    #: Builds that are not complete: the name and Koji's word, `FAILED`.
    states: dict[str, str] = field(default_factory=dict)
    #: Further keys of builds, by their name: `task_id`, `creation_time`.
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    server: WebServer | None = None

    @property
    def url(self) -> str:
        """The URL of the hub."""
        assert self.server is not None
        return f"{self.server.url}/kojihub"

    @property
    def called(self) -> list[str]:
        """The names of all calls, in order."""
        return [name for name, _, _ in self.calls]

    def answer(self, request: Request) -> Answer:
        """Answer one request, of the hub or for a file."""
        if request.path.startswith("/kojifiles/"):
            return files_below(self.packages.parent, "/kojifiles")(request)
        arguments, name = loads(request.body.decode())
        try:
            value = self._call(name, arguments)
            text = dumps((value,), methodresponse=True, allow_none=True)
        except koji.GenericError as error:
            text = dumps(koji.xmlrpcplus.Fault(error.faultCode, str(error)), allow_none=True)
        return Answer(text.encode(), content_type="text/xml", headers={"Koji-Version": "1.35.3"})

    def _call(self, name: str, arguments: Any) -> Any:
        plain, options = koji.decode_args(*arguments)
        if name == "multiCall":
            return [self._one_of_many(call) for call in plain[0]]
        self.calls.append((name, tuple(plain), dict(options)))
        method = getattr(self, f"do_{name}", None)
        if method is None:
            raise koji.GenericError(f"Invalid method: {name}")
        return method(*plain, **options)

    def _one_of_many(self, call: dict[str, Any]) -> Any:
        try:
            return [self._call(call["methodName"], call["params"])]
        except koji.GenericError as error:
            return {"faultCode": error.faultCode, "faultString": str(error), "traceback": []}

    # -- the calls -----------------------------------------------------------------------------------------------------

    def _all_builds(self) -> dict[str, dict[str, Any]]:
        builds = {}
        for number, path in enumerate(sorted(self.packages.glob("*/*/*")), 100):
            name, version, release = path.parts[-3:]
            nvr = f"{name}-{version}-{release}"
            state = koji.BUILD_STATES[self.states.get(nvr, "COMPLETE")]
            builds[nvr] = {"id": number, "build_id": number, "name": name, "package_name": name, "version": version,
                           "release": release, "epoch": None, "nvr": nvr, "state": state, "volume_name": "DEFAULT",
                           "volume_id": 0, **self.facts.get(nvr, {})}
        return builds

    def do_getBuild(self, buildInfo: Any, strict: bool = False) -> dict[str, Any] | None:
        builds = self._all_builds()
        found = builds.get(buildInfo) or next((b for b in builds.values() if b["id"] == buildInfo), None)
        if found is None and strict:
            raise koji.GenericError(f"No matching build found: {buildInfo!r}")
        return found

    def _folder(self, build_id: Any) -> Path:
        build = self.do_getBuild(build_id, strict=True)
        assert build is not None
        return self.packages / build["name"] / build["version"] / build["release"]

    def do_listRPMs(self, buildID: int | None = None, **_: Any) -> list[dict[str, Any]]:
        rpms = []
        for number, path in enumerate(sorted(self._folder(buildID).glob("*/*.rpm"))):
            name, version, release = path.name.removesuffix(f".{path.parent.name}.rpm").rsplit("-", 2)
            rpms.append({"id": number, "build_id": buildID, "name": name, "version": version, "release": release,
                         "nvr": f"{name}-{version}-{release}", "arch": path.parent.name, "epoch": None,
                         "size": path.stat().st_size, "payloadhash": "0" * 32, "external_repo_id": 0})
        return rpms

    def do_listBuildRPMs(self, build: Any) -> list[dict[str, Any]]:
        found = self.do_getBuild(build, strict=True)
        assert found is not None
        return self.do_listRPMs(buildID=found["id"])

    def do_getBuildLogs(self, build: Any) -> list[dict[str, Any]]:
        folder = self._folder(build)
        return [{"name": path.name, "dir": path.parent.name, "path": str(path.relative_to(self.packages.parent))}
                for path in sorted(folder.glob("data/logs/*/*.log"))]

    def do_getTag(self, tagInfo: str, strict: bool = False) -> dict[str, Any] | None:
        if tagInfo not in self.tags:
            if strict:
                raise koji.GenericError(f"No such entry in table tag: {tagInfo}")
            return None
        return {"id": sorted(self.tags).index(tagInfo) + 1, "name": tagInfo, "locked": False, "arches": "x86_64"}

    def do_listTagged(self, tag: str, event: Any = None, inherit: bool = False, prefix: str | None = None,
                      latest: bool | int = False, package: str | None = None, **_: Any) -> list[dict[str, Any]]:
        self.do_getTag(tag, strict=True)
        builds = self._all_builds()
        found: list[dict[str, Any]] = []
        for each in [tag, *(self.parents.get(tag, []) if inherit else [])]:
            for nvr in self.tags[each]:
                build = builds[nvr] | {"tag_name": each}
                is_older = latest and any(other["name"] == build["name"] for other in found)
                if not is_older and package in (None, build["name"]):
                    found.append(build)
        return found

    def do_getLatestBuilds(self, tag: str, event: Any = None, package: str | None = None,
                           **_: Any) -> list[dict[str, Any]]:
        return self.do_listTagged(tag, inherit=True, latest=True, package=package)


@contextmanager
def koji_hub(packages: Path) -> Iterator[HubDouble]:
    """Serve the hub inside the `with`; `packages` is the folder that Koji calls so."""
    hub = HubDouble(packages)
    with web_server(hub.answer) as hub.server:
        yield hub
