"""bodhi: downloads every build of an update."""
from __future__ import annotations

from typing import Any

from checks.kind import Choice, Flag, ListOf, Text
from checks.record import Key, Record
from runner.address_rule import rule_in
from runner.all_package_sources import source_for
from runner.bodhi import Bodhi, builds_in_name, is_alias
from runner.build_download import download_builds, nvrs
from runner.directive import Directive, DirectiveContext, SurroundingsError
from runner.package_source import MissingBuildError, SourceError, Wanted

_ARCHES = ListOf(Text("an architecture, or `all`", r"[A-Za-z0-9_]{1,32}"), single=True, commas=True)


class BodhiDirective(Directive):
    """Download the packages of all builds of a Bodhi update, from the same place as directive `koji`."""

    name = "bodhi"
    PARAMETERS = Record((
        Key("action", Choice(("download",)), "What to do.", default="download", example="download"),
        Key("update_id", Text(), "The update.", required=True, example="${bodhi_update}"),
        Key("arch", _ARCHES, "Architectures, or `all`; `noarch` comes along. An empty list: no binary package.",
            default=("all",), example=["x86_64"]),
        Key("arch_exclude", _ARCHES, "Architectures to leave out.", default=(), example=["i386"]),
        Key("src", Flag(), "True downloads the source packages too.", default=False, example=True),
        Key("debuginfo", Flag(), "True downloads debuginfo packages too.", default=False, example=True),
        Key("build_log", Flag(), "True downloads `build.log` of each architecture too; a missing one is no error.",
            default=False, example=True),
        Key("target_dir", Text(), "The folder to download into; the working folder without it.",
            example="${workdir}/rpms"),
        Key("bodhi_url", Text("a URL", r"https?://\S{1,500}"), "The Bodhi server, instead of the configured one.",
            example="https://bodhi.example.org"),
        Key("store", Text(), "A folder or URL laid out as Koji's `packages/`, instead of the configured one.",
            example="https://packages.example.org"),
        Key("hub", Text(), "A Koji hub's URL, instead of the configured one.", example="https://koji.example.org/kojihub"),
    ))

    def run(self, context: DirectiveContext) -> dict[str, Any]:
        """Return `builds`, `downloaded_rpms`, `downloaded_logs` and `log_errors`."""
        given = self.parameters
        target = context.folder(given["target_dir"] or ".")
        wanted = Wanted(given["arch"], given["arch_exclude"], given["src"], given["debuginfo"])
        try:
            source = source_for(given["store"], given["hub"], context.settings)
            builds = nvrs(self._names(context), f"update `{given['update_id']}`")
            done = download_builds(source, builds, wanted, target, context.abort, build_log=given["build_log"])
        except MissingBuildError as error:
            raise SurroundingsError(str(error), "no-such-build") from None
        except SourceError as error:
            raise SurroundingsError(str(error)) from None
        context.note("derived_from", f"bodhi:{given['update_id']}")
        for nvr in builds:
            context.note("derived_from", f"koji:{nvr}")
        return {"builds": [str(nvr) for nvr in builds]} | done.to_dict()

    def _names(self, context: DirectiveContext) -> list[str]:
        update_id = self.parameters["update_id"]
        if not is_alias(update_id):
            return builds_in_name(update_id)
        named = self.parameters["bodhi_url"]
        url = named or context.settings.get("bodhi_url")
        if not url:
            raise SurroundingsError("no Bodhi server is set; give `bodhi_url`, or set $BODHI_URL", "not-configured")
        return Bodhi(url, rule_in(context.settings) if named else None).builds(update_id)
