"""release: says which release a build belongs to, where its packages live, and which releases are its neighbours."""
from __future__ import annotations

from typing import Any

from checks.item import ItemError, parse_nvr
from checks.kind import Text
from checks.record import Key, Record
from runner.directive import Directive, DirectiveContext, DirectiveError, SurroundingsError
from runner.releases import (
    DEFAULT_ARCH,
    Release,
    ReleaseTable,
    ReleaseTableError,
    UnknownReleaseError,
    configured_table,
)


class ReleaseDirective(Directive):
    """Look a release up in the table of releases, by a build, a tag or its name."""

    name = "release"
    PARAMETERS = Record((
        Key("koji_build", Text(), "A build; the end of its release says where it belongs.", example="${koji_build}"),
        Key("koji_tag", Text(), "A tag; `-pending` and its like are cut off.", example="f43-updates-pending"),
        Key("release", Text(), "The release's own name.", example="f43"),
        Key("arch", Text(), "The architecture; `noarch` looks at x86_64.", default=DEFAULT_ARCH, example="${arch}"),
        Key("table", Text(), "Another table than the configured one.", example="/etc/checkotron/releases.yml"),
    ), one_of=(("koji_build", "koji_tag", "release"),))

    def run(self, context: DirectiveContext) -> dict[str, Any]:
        """
        Return `release`, `arch`, `repositories` {name: place}, `koji_tags`, and `older` and `newer`
        {release: repositories}, the neighbours along the upgrade path.
        """
        try:
            table = configured_table(self.parameters["table"], context.settings)
            release = self._found(table)
        except (ReleaseTableError, UnknownReleaseError) as error:
            raise SurroundingsError(str(error), "wrong-configuration") from None
        except ItemError as error:
            raise DirectiveError(f"`koji_build`: {error}", "wrong-check") from None
        arch = self.parameters["arch"]
        places = release.places(arch)
        if not places:
            raise SurroundingsError(f"{table.where}: release `{release.name}` has no repository for `{arch}`",
                                    "wrong-configuration")
        older, newer = table.around(release)
        return {"release": release.name, "arch": arch, "repositories": places, "koji_tags": list(release.koji_tags),
                "older": {each.name: each.places(arch) for each in older if each.places(arch)},
                "newer": {each.name: each.places(arch) for each in newer if each.places(arch)}}

    def _found(self, table: ReleaseTable) -> Release:
        given = self.parameters
        if given["koji_build"]:
            return table.of_build(parse_nvr(given["koji_build"]).release)
        return table.of_tag(given["koji_tag"]) if given["koji_tag"] else table.named(given["release"])
