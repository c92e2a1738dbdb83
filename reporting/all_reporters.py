"""Every kind of destination, by how its address begins."""
from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from reporting.reporter import Reporter, Secrets


class UnknownDestinationError(ValueError):
    """Raised when an address is none of a known kind; the text lists those."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of destination."""

    #: Module and function that makes the reporter of an address.
    module: str
    function: str
    #: Shown in help.
    example: str
    line: str


#: The longest beginning that fits wins.
KINDS: dict[str, Kind] = {
    "http://": Kind("reporting.reporters.resultsdb", "reporter", "http://127.0.0.1:5001", "a results database"),
    "https://": Kind("reporting.reporters.resultsdb", "reporter", "https://resultsdb.example.org",
                     "a results database"),
    "amqp://": Kind("reporting.reporters.fedora_messaging", "reporter", "amqp://host?ci_name=...",
                    "CI messages on the bus"),
    "amqps://": Kind("reporting.reporters.fedora_messaging", "reporter", "amqps://host?ci_name=...",
                     "CI messages on the bus"),
    "mailto:": Kind("reporting.reporters.email", "reporter", "mailto:qa@example.org?smtp=...&from=...",
                    "e-mail about what changed"),
    "bodhi+http": Kind("reporting.reporters.bodhi", "reporter", "bodhi+https://host?user=...",
                       "comments on updates about what changed"),
    **{f"{forge}+http": Kind("reporting.reporters.commit_status", "reporter", f"{forge}+https://host",
                             "status of commits and pull requests") for forge in ("pagure", "forgejo", "github")},
    "junit:": Kind("reporting.reporters.junit", "reporter", "junit:FOLDER", "JUnit XML, one file a run"),
    "html:": Kind("reporting.reporters.html", "reporter", "html:FOLDER", "a page for people, one file a run"),
    "console": Kind("reporting.reporters.console", "reporter", "console", "this terminal"),
    "recording": Kind("reporting.reporters.recording", "reporter", "recording", "nowhere: says what would be sent"),
}


def reporter_for(address: str, secrets: Secrets) -> Reporter:
    """Return the reporter of an address. Raises UnknownDestinationError, ValueError: what is wrong with it."""
    fitting = sorted((start for start in KINDS if address.startswith(start)), key=len)
    if not fitting:
        known = ", ".join(dict.fromkeys(kind.example for kind in KINDS.values()))
        raise UnknownDestinationError(f"`{address[:100]}` is no destination; expected something like {known}")
    kind = KINDS[fitting[-1]]
    make: Callable[[str, Secrets], Reporter] = getattr(importlib.import_module(kind.module), kind.function)
    return make(address, secrets)
