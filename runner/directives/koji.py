"""koji: downloads the packages and logs of builds."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from checks.item import ItemError, Nvr, parse_nvr
from checks.kind import Choice, Flag, ListOf, Place, Text
from checks.record import Key, Record
from runner.all_package_sources import source_for
from runner.directive import Directive, DirectiveContext, DirectiveError, SurroundingsError
from runner.package_source import MissingBuildError, PackageFile, PackageSource, SourceError, Wanted

_ARCHES = ListOf(Text("an architecture, or `all`", r"[A-Za-z0-9_]{1,32}"), single=True, commas=True)


class Koji(Directive):
    """Download a build, every build of a tag, or the latest stable build of a package."""

    name = "koji"
    PARAMETERS = Record((
        Key("action", Choice(("download", "download_tag", "download_latest_stable")), "What to download.",
            required=True, example="download"),
        Key("koji_build", Text(), "The build, name-version-release; for the latest stable one any build of the "
            "package.", example="${koji_build}"),
        Key("koji_tag", Text(), "With `download_tag`: the tag.", example="f42-updates-pending"),
        Key("arch", _ARCHES, "Architectures, or `all`; `noarch` comes along. An empty list: no binary package.",
            default=("all",), example=["x86_64"]),
        Key("arch_exclude", _ARCHES, "Architectures to leave out.", default=()),
        Key("src", Flag(), "True downloads the source package too.", default=False),
        Key("debuginfo", Flag(), "True downloads debuginfo packages too.", default=False),
        Key("build_log", Flag(), "True downloads `build.log` of each architecture too; a missing one is no error.",
            default=False),
        Key("target_dir", Text(), "The folder to download into; the working folder without it.",
            example="${workdir}/rpms"),
        Key("store", Text(), "A folder or URL laid out as Koji's `packages/`, instead of the configured one."),
        Key("hub", Text(), "A hub's URL, instead of the configured one."),
    ))

    def check_parameters(self, place: Place) -> None:
        """Each action needs its own key."""
        action = self.parameters["action"]
        needed = "koji_tag" if action == "download_tag" else "koji_build"
        if not self.parameters[needed]:
            place.fault(f"`{needed}` is missing; `action: {action}` needs it")

    def run(self, context: DirectiveContext) -> dict[str, Any]:
        """Return `downloaded_rpms`, `downloaded_logs` and `log_errors`; for a latest build that is not there, {}."""
        target = context.inside(self.parameters["target_dir"] or ".")
        target.mkdir(parents=True, exist_ok=True)
        try:
            source = source_for(self.parameters["store"], self.parameters["hub"], context.settings)
            builds = self._builds(source)
            if not builds and self.parameters["action"] == "download_latest_stable":
                return {}
            return self._download(source, builds, target, context)
        except MissingBuildError as error:
            raise SurroundingsError(str(error), "no-such-build") from None
        except SourceError as error:
            raise SurroundingsError(str(error)) from None

    def _builds(self, source: PackageSource) -> list[Nvr]:
        action = self.parameters["action"]
        if action == "download_tag":
            return [parse_nvr(name) for name in source.tagged(self.parameters["koji_tag"])]
        try:
            nvr = parse_nvr(self.parameters["koji_build"])
        except ItemError as error:
            raise DirectiveError(f"`koji_build`: {error}", "wrong-check") from None
        return [nvr] if action == "download" else latest_stable(source, nvr)

    def _download(self, source: PackageSource, builds: list[Nvr], target: Path,
                  context: DirectiveContext) -> dict[str, Any]:
        given = self.parameters
        wanted = Wanted(given["arch"], given["arch_exclude"], given["src"], given["debuginfo"])
        rpms: list[str] = []
        logs: list[str] = []
        errors: list[str] = []
        for nvr in builds:
            for file in filter(wanted.takes, source.packages(nvr)):
                rpms.append(str(_fetched(source, file, target, context)))
            if not given["build_log"]:
                continue
            for log in source.logs(nvr):
                if not (wanted.takes(log) or "all" in wanted.arches):
                    continue
                try:
                    name = f"{nvr}.build.log.{log.arch}" if len(builds) > 1 else f"build.log.{log.arch}"
                    logs.append(str(_fetched(source, log, target, context, name)))
                except (MissingBuildError, SourceError) as error:
                    errors.append(str(error))
        if not rpms and (given["arch"] or given["src"]):
            names = ", ".join(str(nvr) for nvr in builds[:3])
            raise MissingBuildError(f"`{source.where}` has no package of {names} for "
                                    f"{', '.join(given['arch']) or 'src'}; see `arch`, `src` and `debuginfo`")
        return {"downloaded_rpms": rpms, "downloaded_logs": logs, "log_errors": errors}


def latest_stable(source: PackageSource, nvr: Nvr) -> list[Nvr]:
    """Return the newest stable build of the package: in `fNN-updates`, else in `fNN`; empty where there is none."""
    match = re.search(r"\.fc(\d+)", nvr.release)
    if match is None:
        raise DirectiveError(f"release `{nvr.release}` names no Fedora release; expected `.fcNN` in it", "wrong-check")
    for tag in (f"f{match.group(1)}-updates", f"f{match.group(1)}"):
        try:
            names = source.tagged(tag)
        except MissingBuildError:
            continue
        for name in names:
            found = parse_nvr(name)
            if found.name == nvr.name:
                return [found]
    return []


def _fetched(source: PackageSource, file: PackageFile, folder: Path, context: DirectiveContext,
             name: str | None = None) -> Path:
    """Download one file; return where it lies. A file name of a stranger stays a file name."""
    if context.abort.is_aborted:
        raise DirectiveError("aborted", "aborted")
    target = folder / (name or Path(file.file_name).name)
    if not target.exists():
        source.download(file, target)
    return target
