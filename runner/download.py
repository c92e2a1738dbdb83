"""Downloads a file by HTTP: whole or not at all, held to a size, tried again where the server stumbles."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from runner.package_source import MissingBuildError, SourceError

if TYPE_CHECKING:
    import requests

    from runner.address_rule import AddressRule

#: One file. The largest package of a distribution (a kernel's debuginfo) has about 1 GB.
FILE_LIMIT_BYTES = 4 * 1024**3
#: A page, a listing.
PAGE_LIMIT_BYTES = 16 * 1024**2
TRIES = 3
#: Seconds before the second and the third try.
PAUSES = (0.5, 2.0)
#: Seconds to connect, and between two pieces.
TIMEOUTS = (10, 60)


class Downloader:
    """Keeps connections open between files."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep, accept: str = "*/*",
                 rule: AddressRule | None = None) -> None:
        import requests

        self._requests = requests
        self._session = requests.Session()
        self._session.headers["Accept"] = accept
        if rule is not None:
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, rule.adapter())
        self._sleep = sleep

    def page(self, url: str) -> str:
        """Return a page as text. Raises MissingBuildError (404), SourceError."""
        return b"".join(self._pieces(url, PAGE_LIMIT_BYTES)).decode("utf-8", "replace")

    def file(self, url: str, target: Path) -> None:
        """Write what the URL has to the target; a half-written file never stands there."""
        part = target.with_name(target.name + ".part")
        for attempt in range(TRIES):
            try:
                part.unlink(missing_ok=True)
                # "x": the folder is the check's, and a link that it left there must not lead elsewhere
                with open(part, "xb") as out:
                    for piece in self._pieces(url, FILE_LIMIT_BYTES, tries=1):
                        out.write(piece)
                part.replace(target)
                return
            except SourceError:
                if attempt + 1 == TRIES:
                    raise
                self._pause(attempt)
            finally:
                part.unlink(missing_ok=True)

    def _pieces(self, url: str, limit_bytes: int, tries: int = TRIES) -> Iterator[bytes]:
        """Return the body piece by piece; what has begun is not tried again here."""
        for attempt in range(tries - 1):
            try:
                return self._read(self._get(url), url, limit_bytes)
            except SourceError:
                self._pause(attempt)
        return self._read(self._get(url), url, limit_bytes)

    def _get(self, url: str) -> requests.Response:
        try:
            response = self._session.get(url, stream=True, timeout=TIMEOUTS)
        except self._requests.RequestException as error:
            raise SourceError(f"{url}: no answer: {type(error).__name__}") from None
        if response.status_code in (404, 410):
            raise MissingBuildError(f"{url}: not there (HTTP {response.status_code})")
        if response.status_code != 200:
            raise SourceError(f"{url}: HTTP {response.status_code}")
        return response

    def _read(self, response: requests.Response, url: str, limit_bytes: int) -> Iterator[bytes]:
        size = 0
        try:
            for piece in response.iter_content(1024 * 1024):
                size += len(piece)
                if size > limit_bytes:
                    raise SourceError(f"{url}: larger than {limit_bytes} bytes")
                yield piece
        except self._requests.RequestException as error:
            raise SourceError(f"{url}: broke off: {type(error).__name__}") from None
        expected = response.headers.get("Content-Length", "")
        if expected.isdigit() and "Content-Encoding" not in response.headers and int(expected) != size:
            raise SourceError(f"{url}: broke off after {size} of {expected} bytes")

    def _pause(self, attempt: int) -> None:
        self._sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
