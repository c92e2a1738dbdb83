"""yumrepoinfo: the repositories of a tag, in the form that formulas of 2014 to 2018 expect."""
from __future__ import annotations

from checks.kind import ListOf, Text
from checks.record import Key, Record
from runner.directive import Directive, DirectiveContext, SurroundingsError
from runner.releases import ReleaseTableError, UnknownReleaseError, configured_table


class Yumrepoinfo(Directive):
    """Look up the repositories of a tag's release in the table of releases."""

    name = "yumrepoinfo"
    PARAMETERS = Record((
        Key("koji_tag", Text(), "The tag; `-pending` and its like are cut off.", required=True, example="${koji_tag}"),
        Key("arch", ListOf(Text("an architecture", r"[A-Za-z0-9_]{1,32}"), single=True, commas=True), "Architectures.",
            required=True, example=["x86_64"]),
        Key("table", Text(), "Another table than the configured one.", example="/etc/checkotron/releases.yml"),
    ))

    def run(self, context: DirectiveContext) -> dict[str, dict[str, str]]:
        """Return {repository: {architecture: place}}."""
        try:
            release = configured_table(self.parameters["table"], context.settings).of_tag(self.parameters["koji_tag"])
        except (ReleaseTableError, UnknownReleaseError) as error:
            raise SurroundingsError(str(error), "wrong-configuration") from None
        places: dict[str, dict[str, str]] = {}
        for arch in self.parameters["arch"]:
            for name, place in release.places(arch).items():
                places.setdefault(name, {})[arch] = place
        return places
