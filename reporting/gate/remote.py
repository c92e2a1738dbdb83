"""Where a package's own gating.yaml comes from: a local file, or URLs tried in order."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import requests

from reporting.gate.decision import Fetched
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

    Templates may hold {pkg_name}, {pkg_namespace}, {rev} and {subject_id}.
    """

    places: tuple[str, ...]
    #: Namespace in the package sources, with a slash at its end where there is one.
    namespace: str = "rpms/"
    #: The commit or branch to look at.
    revision: str = "HEAD"

    def fetch(self, subject: Subject, sources: Sequence[str]) -> Fetched:
        """Return the first file that is there. A rule's own sources may only be URLs: they are a stranger's words."""
        tried: list[str] = []
        for place in sources or self.places:
            address = self._filled_in(place, subject)
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

    def _filled_in(self, place: str, subject: Subject) -> str:
        values = {"pkg_name": subject.package or "", "pkg_namespace": self.namespace, "rev": self.revision,
                  "subject_id": subject.identifier.removeprefix("sha256:")}
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
