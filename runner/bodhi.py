"""
Asks a Bodhi server, by its REST interface, which builds an update has.

Bodhi's own client needs a newer Python and asks for a login even for reading;
one GET is all that is needed here.
"""
from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from checks.item import shown
from runner.address_rule import AddressRule
from runner.download import Downloader
from runner.package_source import MissingBuildError, SourceError

#: `FEDORA-2026-04459ef8cf`, `FEDORA-EPEL-2026-0a1b2c3d4e`.
_ALIAS = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d{4}-[A-Za-z0-9]+", re.ASCII)


def is_alias(update_id: str) -> bool:
    """True where only a server knows the builds of the update."""
    return _ALIAS.fullmatch(update_id) is not None


def builds_in_name(update_id: str) -> list[str]:
    """Return the builds that an update of old was named after, with commas between."""
    return [name.strip() for name in update_id.split(",") if name.strip()]


class Bodhi:
    """One server."""

    def __init__(self, url: str, rule: AddressRule | None = None) -> None:
        self.where = url.rstrip("/")
        # the same address is a web page for those who ask for one
        self._downloader = Downloader(accept="application/json", rule=rule)

    def builds(self, update_id: str) -> list[str]:
        """
        Return the RPM builds of an update, in Bodhi's order.

        Raises MissingBuildError: no such update, or one of modules or images only.
        SourceError: no answer that can be read.
        """
        url = f"{self.where}/updates/{quote(update_id, safe='')}"
        try:
            answer = json.loads(self._downloader.page(url))
        except MissingBuildError:
            raise MissingBuildError(f"Bodhi `{self.where}` has no update `{update_id}`") from None
        except (ValueError, RecursionError):
            raise SourceError(f"{url}: answered with something that is no JSON; is it a Bodhi server?") from None
        return self._named(answer, update_id, url)

    def _named(self, answer: Any, update_id: str, url: str) -> list[str]:
        update = answer.get("update") if isinstance(answer, dict) else None
        builds = update.get("builds") if isinstance(update, dict) else None
        if not isinstance(builds, list) or not all(isinstance(build, dict) and isinstance(build.get("nvr"), str)
                                                   for build in builds):
            raise SourceError(f"{url}: the answer has no list of builds; is it a Bodhi server?")
        names = [build["nvr"] for build in builds if build.get("type", "rpm") == "rpm"]
        if not names:
            types = sorted({shown(build.get("type"), 20) for build in builds})
            there = ", ".join(types) or "nothing at all"
            raise MissingBuildError(f"update `{update_id}` has no RPM build, but {there}")
        return names
