"""
A question to the gate, and what the gate asks of others: results, waivers, packages' own policies, builds.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from reporting.gate.subject import Subject
from reporting.koji_hub import KojiBuild


class NoPolicyError(Exception):
    """Raised when no policy says anything about the question; most often a word is misspelt."""


class NoBuildError(Exception):
    """Raised when a rule depends on when a build was made, and Koji has no such build."""


class Results(Protocol):
    """Where results come from."""

    def latest(self, params: Sequence[tuple[str, str]]) -> list[Mapping[str, Any]]:
        """Return the answer of `/results/latest`, newest first."""
        ...


class Waivers(Protocol):
    """Where waivers come from."""

    def matching(self, filters: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the waivers that one of the filters fits, newest first, withdrawn ones among them."""
        ...


class RemoteFiles(Protocol):
    """Where packages' own policies come from."""

    def fetch(self, subject: Subject, sources: Sequence[str]) -> Fetched:
        """
        Return the first file that is there, at `sources` or else where packages keep theirs.

        Raises DeliveryError: Koji, which knows where that is, cannot be asked.
        """
        ...


class Builds(Protocol):
    """Where facts about builds come from."""

    def build(self, nvr: str) -> KojiBuild | None:
        """Return the build, None where there is none of that name. Raises DeliveryError."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A package's own policies, or why there are none."""

    #: Addresses in the order they were tried; the last one is that of `text`.
    tried: tuple[str, ...] = ()
    #: None where there is no such file.
    text: str | None = None
    #: What kept us from knowing whether there is one.
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    decision_context: str
    product_version: str
    subjects: tuple[Subject, ...]
    #: Decide as it was at that time; text as the results database writes it.
    when: str | None = None
    #: When the items were made, where Koji is not to be asked; rules may be valid from or until a time.
    made_at: datetime | None = None
    verbose: bool = False
    ignore_results: tuple[int, ...] = ()
    ignore_waivers: tuple[int, ...] = ()
