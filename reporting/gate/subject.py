"""What a decision is about: an item, its kind, and how results about it are found."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from checks.item import ITEM_TYPES


@dataclass(frozen=True, slots=True)
class SubjectType:
    """One kind of subject. Kinds that are not in the table are asked for by `type` and `item`."""

    id: str
    aliases: tuple[str, ...] = ()
    #: Identified by name-version-release, so that the package's name is known.
    is_nvr: bool = False
    #: A package's own gating.yaml counts.
    supports_remote_rule: bool = False
    #: Without a policy there is nothing to decide, rather than a mistake in the question.
    ignore_missing_policy: bool = False
    #: The key that names it in results, where that is not `item`; and in the `item` of a requirement.
    item_key: str | None = None
    #: Queries of a results database; "{}" stands for the identifier.
    queries: tuple[Mapping[str, str], ...] = ()

    def matches(self, name: str) -> bool:
        """True for its own name and its aliases, and for a policy of an on-demand request."""
        return name in ("*", self.id, *self.aliases)


_TYPES = (
    SubjectType("koji_build", ("brew-build",), is_nvr=True, supports_remote_rule=True, queries=(
        {"type": "koji_build,brew-build", "item": "{}"}, {"original_spec_nvr": "{}"})),
    SubjectType("bodhi_update", ignore_missing_policy=True),
    SubjectType("compose", item_key="productmd.compose.id", queries=({"productmd.compose.id": "{}"},)),
    SubjectType("redhat-container-image", is_nvr=True, supports_remote_rule=True, queries=(
        {"type": "redhat-container-image", "nvr": "{}"}, {"type": "koji_build", "item": "{}"})),
    SubjectType("redhat-module", is_nvr=True, supports_remote_rule=True, queries=(
        {"type": "redhat-module", "nvr": "{}"},)),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One item that a decision is about."""

    kind: SubjectType
    identifier: str

    @property
    def type(self) -> str:
        """The name of its kind; an alias is resolved."""
        return self.kind.id

    @property
    def package(self) -> str | None:
        """The package's name, None where the identifier holds none."""
        parts = self.identifier.rsplit("-", 2)
        return parts[0] if self.kind.is_nvr and len(parts) == 3 else None

    def to_dict(self) -> dict[str, str]:
        """Return the `item` of a requirement."""
        if self.kind.item_key:
            return {self.kind.item_key: self.identifier}
        return {"type": self.type, "item": self.identifier}

    def queries(self) -> list[dict[str, str]]:
        """Return the questions to a results database, each the parameters of one."""
        queries = self.kind.queries or (MappingProxyType({"type": self.type, "item": "{}"}),)
        return [{key: value.replace("{}", self.identifier) for key, value in query.items()} for query in queries]


def subject_types() -> list[dict[str, Any]]:
    """Return the known kinds as the API lists them, by id."""
    return [{"id": kind.id, "aliases": list(kind.aliases), "item_key": kind.item_key, "is_koji_build": kind.is_nvr,
             "is_nvr": kind.is_nvr, "supports_remote_rule": kind.supports_remote_rule,
             "ignore_missing_policy": kind.ignore_missing_policy,
             "result_queries": [dict(query) for query in kind.queries]}
            for kind in sorted(_TYPES, key=lambda kind: kind.id)]


def subject(type_name: str, identifier: str) -> Subject:
    """Return the subject of that type, known or not."""
    for kind in _TYPES:
        if kind.matches(type_name):
            return Subject(kind, identifier)
    return Subject(SubjectType(type_name), identifier)


def guessed(identifier: str) -> Subject:
    """Return the subject that an identifier looks like: an update, a compose, a Debian source, else a Koji build."""
    if identifier.split("-")[0].isupper() and ITEM_TYPES["bodhi_update"].pattern.fullmatch(identifier):
        return subject("bodhi_update", identifier)
    if not ITEM_TYPES["koji_build"].pattern.fullmatch(identifier):
        for name in ("debian_source", "compose"):
            if ITEM_TYPES[name].pattern.fullmatch(identifier):
                return subject(name, identifier)
    return subject("koji_build", identifier)
