"""
Which jobs wait for which. Pure: stores are asked, nothing is changed.

A link says what membership in a store means for a job. A job is ready when it
is in every store that is required for its start and in none that inhibits it;
without any link it is ready, because the event itself asked for it.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from trigger.store import AllOf, AnyOf, Not, Store, Translated


@dataclass(frozen=True, slots=True)
class Link:
    """What a store is to a check. `None` stands for the usual: required for start is what is input, and so on."""

    store: Store
    is_input: bool = False
    is_output: bool = False
    is_status: bool = False
    inhibits_start: bool = False
    required_for_start: bool | None = None
    inhibits_output: bool = False
    required_for_output: bool | None = None

    @property
    def is_required_for_start(self) -> bool:
        """As given, else as `is_input`."""
        return self.is_input if self.required_for_start is None else self.required_for_start

    @property
    def is_required_for_output(self) -> bool:
        """As given, else as `is_output`."""
        return self.is_output if self.required_for_output is None else self.required_for_output


@dataclass(frozen=True, slots=True)
class CheckLinks:
    """The links of one check by name, and views of them by what they are for."""

    links: Mapping[str, Link]

    @property
    def input(self) -> dict[str, Store]:
        """What the check reads."""
        return {name: link.store for name, link in self.links.items() if link.is_input}

    @property
    def output(self) -> dict[str, Store]:
        """What the check leaves."""
        return {name: link.store for name, link in self.links.items() if link.is_output}

    @property
    def status(self) -> dict[str, Store]:
        """What is only there while, or because, it runs."""
        return {name: link.store for name, link in self.links.items() if link.is_status}

    @property
    def inhibits_start(self) -> dict[str, Store]:
        """What keeps a job from starting."""
        return {name: link.store for name, link in self.links.items() if link.inhibits_start}

    @property
    def required_for_start(self) -> dict[str, Store]:
        """What a job must be in to start."""
        return {name: link.store for name, link in self.links.items() if link.is_required_for_start}

    @property
    def inhibits_output(self) -> dict[str, Store]:
        """What keeps jobs of others from starting that read our output."""
        return {name: link.store for name, link in self.links.items() if link.inhibits_output}

    @property
    def required_for_output(self) -> dict[str, Store]:
        """What a job must be in for others to read our output."""
        return {name: link.store for name, link in self.links.items() if link.is_required_for_output}

    def ready(self) -> Store:
        """Return the store of jobs that may start."""
        return AllOf((*self.required_for_start.values(), Not(AnyOf(tuple(self.inhibits_start.values())))))

    def why_waiting(self, build_id: str) -> list[str]:
        """Return what a job still waits for, by the names of links; [] where it may start. Raises StoreAwayError."""
        missing = [name for name, store in self.required_for_start.items() if not store.has(build_id)]
        return missing + [f"not {name}" for name, store in self.inhibits_start.items() if store.has(build_id)]


def plug(mine: CheckLinks, other_name: str, other: CheckLinks, *, only: Iterable[str] | None = None,
         meta: bool = True, translate: Translate | None = None) -> CheckLinks:
    """
    Return my links with the output of another check as input.

    Its links come in as `<check>_<link>`. Output becomes input; with `meta`, what is required for its output becomes
    required for my start, and what inhibits its output inhibits my start. `only`: names of its links, None for all.
    `translate`: from my build ids to its.
    """
    names = set(other.links) if only is None else set(only)
    added: dict[str, Link] = {}
    for name, link in other.links.items():
        required, inhibits = meta and link.is_required_for_output, meta and link.inhibits_output
        if name not in names or not (link.is_output or required or inhibits):
            continue
        store = Translated(link.store, translate) if translate else link.store
        added[f"{other_name}_{name}"] = Link(store, is_input=link.is_output, required_for_start=required,
                                             inhibits_start=inhibits)
    return replace(mine, links={**mine.links, **added})


class Translate:
    """From a job to the jobs of another check that it needs."""

    def __init__(self, needed: Mapping[str, tuple[str, ...]]) -> None:
        """`needed`: build id of mine -> build ids of the other's."""
        self._needed = needed

    def __call__(self, build_id: str) -> tuple[str, ...]:
        """Return what the job needs, nothing for a job that is not known."""
        return self._needed.get(build_id, ())
