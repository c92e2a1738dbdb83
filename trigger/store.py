"""
The seam to what is known of jobs: a Store is a set of build ids, each with a word about it.

Asked while waiting jobs are looked through, again and again. A store never
blocks for long and may be asked from one thread at a time. Where it cannot
tell (a database that is away) it raises StoreAwayError, and the job goes on
waiting: not knowing is never taken for an answer.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol


class StoreAwayError(Exception):
    """Raised when a store cannot tell now."""


class Store(Protocol):
    """Which jobs are in it."""

    def has(self, build_id: str) -> bool:
        """True where the job is in it. Raises StoreAwayError."""

    def info(self, build_id: str) -> str | None:
        """Return a word about the job, None where it is not in it. Raises StoreAwayError."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """In it is what is in all; everything where there is none."""

    stores: tuple[Store, ...]

    def has(self, build_id: str) -> bool:
        """True where all have it."""
        return all(store.has(build_id) for store in self.stores)

    def info(self, build_id: str) -> str | None:
        """Return what the first says."""
        return next((store.info(build_id) for store in self.stores), None) if self.has(build_id) else None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """In it is what is in any; nothing where there is none."""

    stores: tuple[Store, ...]

    def has(self, build_id: str) -> bool:
        """True where one has it."""
        return any(store.has(build_id) for store in self.stores)

    def info(self, build_id: str) -> str | None:
        """Return what the first that has it says."""
        return next((store.info(build_id) for store in self.stores if store.has(build_id)), None)


@dataclass(frozen=True, slots=True)
class Not:
    """In it is what is not in the other."""

    store: Store

    def has(self, build_id: str) -> bool:
        """True where the other does not have it."""
        return not self.store.has(build_id)

    def info(self, build_id: str) -> str | None:
        """Return that it is not there."""
        return None if self.store.has(build_id) else "not there"


@dataclass(frozen=True, slots=True)
class Translated:
    """Another store asked about other jobs: about a job's need instead of the job. Read only."""

    store: Store
    #: build id of a job -> build ids that it stands for.
    translate: Callable[[str], Iterable[str]]

    def has(self, build_id: str) -> bool:
        """True where the other has all that the job stands for, and that is at least one."""
        others = list(self.translate(build_id))
        return bool(others) and all(self.store.has(other) for other in others)

    def info(self, build_id: str) -> str | None:
        """Return what the other says of the first."""
        return next((self.store.info(other) for other in self.translate(build_id)), None)
