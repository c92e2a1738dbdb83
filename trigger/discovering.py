"""From a rule's `discover` to descriptions: fills facts into URL and branch, and asks the discovery."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from checks.item import shown
from trigger.discovery import Discovery, Repository
from trigger.job_description import JobDescription
from trigger.matching import Match

#: What a fact may be that goes into a URL or a branch: nothing that leads elsewhere.
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}", re.ASCII)
_FACT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\$")


class DiscoverError(Exception):
    """Raised when a URL or branch cannot be filled in from the event."""


def discovered(match: Match, discovery: Discovery) -> Iterator[JobDescription]:
    """
    Yield a description for each check in the repository that the rule names.

    Raises DiscoverError, LookupAwayError.
    """
    wanted = match.order.discover
    if wanted is None:
        return
    facts = match.event.facts
    repository = Repository(filled(wanted.repo, facts), filled(wanted.branch, facts),
                            filled(wanted.fallback_branch, facts), wanted.recursive)
    for found in discovery.checks_of(repository):
        yield JobDescription(
            match, found.description.name, match.event.item, match.event.item_type, found.description,
            extra={"check_repository": repository.url, "check_revision": found.revision,
                   **({"check_folder": found.folder} if found.folder != "." else {})})


def filled(text: str, facts: Mapping[str, Any]) -> str:
    """Return the text with facts for `${name}` and `$` for `$$`. Raises DiscoverError."""
    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name is None:
            return "$"
        fact = facts.get(name)
        if not isinstance(fact, (str, int)) or not _SAFE.fullmatch(str(fact)):
            raise DiscoverError(f"`${{{name}}}` is `{shown(fact)}`, which cannot be put into `{shown(text)}`")
        return str(fact)

    return _FACT.sub(value, text)
