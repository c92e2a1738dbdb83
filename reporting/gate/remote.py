"""Where a package's own gating.yaml comes from: a local file, or URLs tried in order."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import requests

from reporting.gate.question import Builds, Fetched
from reporting.gate.subject import Subject
from reporting.urls import is_web_address

#: Bytes. A gating.yaml has a few hundred.
_LIMIT = 1024 * 1024
_TIMEOUT_SECONDS = (6.1, 15)
#: What a template of an address may hold.
PARAMETERS = ("pkg_name", "pkg_namespace", "rev", "subject_id")


class NoRemoteFiles:
    """For whoever has none: every package is without a file of its own."""

    def fetch(self, subject: Subject, sources: Sequence[str]) -> Fetched:
        """Return that there is none at `sources`, where a rule names them, after looking."""
        return FileOrUrls(()).fetch(subject, sources)


@dataclass(frozen=True, slots=True)
class FileOrUrls:
    """
    Looks at files and URLs in order; the first that is there counts.

    Templates may hold {pkg_name}, {pkg_namespace}, {rev} and {subject_id}. The first three are what Koji says of the
    build's sources; where no Koji is asked, what the build's name and the fields here say.
    """

    places: tuple[str, ...]
    #: Namespace in the package sources, with a slash at its end where there is one.
    namespace: str = "rpms/"
    #: The commit or branch to look at.
    revision: str = "HEAD"
    builds: Builds | None = None

    def fetch(self, subject: Subject, sources: Sequence[str]) -> Fetched:
        """
        Return the first file that is there. A rule's own sources may only be URLs: they are a stranger's words.

        Raises DeliveryError: Koji cannot be asked where the sources are.
        """
        tried: list[str] = []
        for place in sources or self.places:
            try:
                values = self._values(place, subject)
            except LookupError as error:
                return Fetched(tuple(tried), trouble=str(error))
            if values is None:
                continue
            address = _filled_in(place, values)
            tried.append(address)
            try:
                text = _from_url(address) if is_web_address(address) else None
                if not is_web_address(address) and not sources:
                    text = _from_file(Path(address))
            except (requests.RequestException, OSError, ValueError) as error:
                return Fetched(tuple(tried), trouble=f"{address}: {str(error)[:300]}")
            if text is not None:
                return Fetched(tuple(tried), text)
        return Fetched(tuple(tried))

    def _values(self, place: str, subject: Subject) -> dict[str, str] | None:
        """Return what fills a template; None for a build without sources. Raises LookupError: no such build."""
        values = {"pkg_name": subject.package or "", "pkg_namespace": self.namespace, "rev": self.revision,
                  "subject_id": subject.identifier.removeprefix("sha256:")}
        if self.builds is None or not any("{" + name + "}" in place for name in PARAMETERS[:3]):
            return values
        build = self.builds.build(subject.identifier)
        if build is None:
            raise LookupError(f"Koji build not found for {subject.identifier}")
        if not build.source:
            return None
        sources = build.sources()
        if sources is None:
            raise LookupError(f"Koji build {subject.identifier}: its source `{build.source[:300]}` names no revision")
        return {**values, "pkg_name": sources.package, "pkg_namespace": sources.namespace, "rev": sources.revision}


def _filled_in(place: str, values: Mapping[str, str]) -> str:
    for name in PARAMETERS:
        place = place.replace("{" + name + "}", quote(values[name], safe="/"))
    return place


def _from_file(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
    except FileNotFoundError:
        return None
    return _decoded(content)


def _from_url(url: str) -> str | None:
    with requests.get(url, timeout=_TIMEOUT_SECONDS, stream=True, headers={"User-Agent": "checkotron"}) as response:
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise ValueError(f"answered {response.status_code}")
        content = b""
        for part in response.iter_content(65536):
            content += part
            if len(content) > _LIMIT:
                break
    return _decoded(content)


def _decoded(content: bytes) -> str:
    if len(content) > _LIMIT:
        raise ValueError(f"larger than {_LIMIT} bytes; this is no policy file")
    return content.decode("utf-8", "backslashreplace")
