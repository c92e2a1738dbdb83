"""What Bodhi says of an update that a gate must know: its builds, and the product it is for."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from reporting.json_service import JsonService
from reporting.reporter import DeliveryError, RefusedError
from reporting.urls import without_password

#: An update of a whole desktop has a few hundred builds.
_BUILDS_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Update:
    """One update."""

    alias: str
    #: Name-version-release of each build.
    builds: tuple[str, ...]
    #: `fedora-40`, as Bodhi itself asks Greenwave; None where the release has no long name.
    product_version: str | None


def update_at(url: str, alias: str) -> Update:
    """Return an update of a Bodhi. Raises AwayError, RefusedError: it cannot be had, or there is none of that name."""
    name = f"Bodhi {without_password(url)}"
    service = JsonService({"Accept": "application/json"})
    try:
        answer = service.ask("GET", f"{url.rstrip('/')}/updates/{quote(alias, safe='')}")
    except DeliveryError as error:
        raise type(error)(f"{name}: {error}") from None
    finally:
        service.close()
    update = answer.get("update") if isinstance(answer, Mapping) else None
    builds = update.get("builds") if isinstance(update, Mapping) else None
    if not isinstance(update, Mapping) or not isinstance(builds, list) or len(builds) > _BUILDS_LIMIT:
        raise RefusedError(f"{name}: gives no builds of `{alias}`; is this a Bodhi?")
    release = update.get("release")
    long_name = release.get("long_name") if isinstance(release, Mapping) else None
    return Update(alias, tuple(build["nvr"] for build in builds
                               if isinstance(build, Mapping) and isinstance(build.get("nvr"), str)),
                  long_name.lower().replace(" ", "-") if isinstance(long_name, str) and long_name else None)
