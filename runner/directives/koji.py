"""koji: downloads the packages and logs of builds."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from checks.item import Nvr, parse_nvr
from checks.kind import Choice, Flag, ListOf, Place, Text
from checks.record import Key, Record
from runner import releases
from runner.all_package_sources import source_for
from runner.build_download import download_builds, nvrs
from runner.directive import Directive, DirectiveContext, DirectiveError, SurroundingsError
from runner.package_source import MissingBuildError, PackageSource, SourceError, Wanted

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
        Key("arch_exclude", _ARCHES, "Architectures to leave out.", default=(), example=["i386"]),
        Key("src", Flag(), "True downloads the source package too.", default=False, example=True),
        Key("debuginfo", Flag(), "True downloads debuginfo packages too.", default=False, example=True),
        Key("build_log", Flag(), "True downloads `build.log` of each architecture too; a missing one is no error.",
            default=False, example=True),
        Key("target_dir", Text(), "The folder to download into; the working folder without it.",
            example="${workdir}/rpms"),
        Key("store", Text(), "A folder or URL laid out as Koji's `packages/`, instead of the configured one.",
            example="https://packages.example.org"),
        Key("hub", Text(), "A hub's URL, instead of the configured one.",
            example="https://koji.example.org/kojihub"),
    ))

    def check_parameters(self, place: Place) -> None:
        """Each action needs its own key."""
        action = self.parameters["action"]
        needed = "koji_tag" if action == "download_tag" else "koji_build"
        if not self.parameters[needed]:
            place.fault(f"`{needed}` is missing; `action: {action}` needs it")

    def run(self, context: DirectiveContext) -> dict[str, Any]:
        """Return `downloaded_rpms`, `downloaded_logs` and `log_errors`; for a latest build that is not there, {}."""
        given = self.parameters
        target = context.folder(given["target_dir"] or ".")
        wanted = Wanted(given["arch"], given["arch_exclude"], given["src"], given["debuginfo"])
        try:
            source = source_for(given["store"], given["hub"], context.settings)
            builds = self._builds(source, context.settings)
            if not builds and given["action"] == "download_latest_stable":
                return {}
            done = download_builds(source, builds, wanted, target, context.abort, build_log=given["build_log"])
        except MissingBuildError as error:
            raise SurroundingsError(str(error), "no-such-build") from None
        except SourceError as error:
            raise SurroundingsError(str(error)) from None
        for nvr in builds:
            context.note("derived_from", f"koji:{nvr}")
        if [str(nvr) for nvr in builds] == [context.check.item] and (facts := source.about(builds[0])):
            context.note("facts", facts)
        return done.to_dict()

    def _builds(self, source: PackageSource, settings: Mapping[str, str]) -> list[Nvr]:
        action = self.parameters["action"]
        if action == "download_tag":
            tag = self.parameters["koji_tag"]
            return nvrs(source.tagged(tag), f"tag `{tag}`")
        [nvr] = nvrs([self.parameters["koji_build"]], "`koji_build`")
        return [nvr] if action == "download" else latest_stable(source, nvr, stable_tags(nvr, settings))


def latest_stable(source: PackageSource, nvr: Nvr, tags: Iterable[str]) -> list[Nvr]:
    """Return the newest stable build of the package, from the first tag that has one; empty where there is none."""
    for tag in tags:
        try:
            newest = source.latest(tag, nvr.name)
        except MissingBuildError:
            # the hub does not know the tag: a release under development has no `-updates`
            continue
        if newest is not None:
            return [parse_nvr(newest)]
    return []


def stable_tags(nvr: Nvr, settings: Mapping[str, str]) -> list[str]:
    """
    Return the tags with the stable builds of a build's release, the newest first.

    The table of releases says them; without a table, or for a release that is not in it, Fedora's `fNN-updates`
    and `fNN`. Raises DirectiveError: neither knows the release, or the table is wrong.
    """
    match = re.search(r"\.fc(\d+)", nvr.release)
    fedora = [f"f{match.group(1)}-updates", f"f{match.group(1)}"] if match else []
    if settings.get(releases.SETTING):
        try:
            release = releases.configured_table(None, settings).of_build(nvr.release)
        except releases.ReleaseTableError as error:
            raise SurroundingsError(str(error), "wrong-releases") from None
        except releases.UnknownReleaseError as error:
            if not fedora:
                raise DirectiveError(str(error), "wrong-check") from None
        else:
            stable = [tag for tag in release.koji_tags if not releases.TAG_ENDING.search(tag)]
            if stable or not fedora:
                return list(dict.fromkeys([*reversed(stable), release.name]))
    if not fedora:
        raise DirectiveError(f"release `{nvr.release}` names no Fedora release; expected `.fcNN` in it, or a table "
                             f"of releases that knows it: {releases.HOW_TO_SET}", "wrong-check")
    return fedora
