"""
The rules file: when an event asks for a check. docs/rules.md is its manual.

A file is a list of rules, or an object with `lists` and `rules`. It is data:
nothing in it is run, and every fault in it is told at once with its line.
"""
from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.document import Document, DocumentError, Fault, load_document
from checks.item import shown
from trigger.job_worker import Worker
from trigger.query import All, Condition
from trigger.query_compiler import QueryCompiler
from trigger.quota import LaunchLimit
from trigger.rule_head import FileHead, read_head
from trigger.rule_order import Order, read_orders

#: Bytes of a rules file; ten thousand rules have a tenth of that.
RULES_LIMIT = 16 * 1024 * 1024
RULE_KEYS = ("when", "do", "name", "disabled")
FILE_KEYS = ("rules", "lists", "workers", "limits")
#: The rules that hold where no file is named.
DEFAULT_RULES = Path(__file__).parent / "default_rules.yml"


class RulesError(Exception):
    """Raised when a rules file has faults; all of them are in `.faults`."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Rule:
    """One `when` with its `do`."""

    #: Counted from 1 in the file.
    number: int
    #: Where it begins.
    line: int
    when: Condition
    orders: tuple[Order, ...]
    #: What people call it; "rule 3" where the file gives no name.
    name: str
    disabled: bool = False
    #: False where `when` says which environments it listens to.
    production_only: bool = True


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Every rule of a file, in its order."""

    file: str
    rules: tuple[Rule, ...]
    #: Things that work but are probably not meant: unknown checks.
    warnings: tuple[Fault, ...] = ()
    #: Kinds of workers by the name that rules use.
    workers: Mapping[str, Worker] = field(default_factory=lambda: {"default": Worker()})
    #: How many jobs may start in how long.
    limit: LaunchLimit | None = None
    #: Files that `lists` were read from.
    list_files: tuple[Path, ...] = ()


@dataclass
class _Reader:
    """Reads one file and gathers its faults."""

    document: Document
    known_checks: Collection[str] | None
    folder: Path
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    workers: Mapping[str, Worker] = field(default_factory=lambda: {"default": Worker()})
    list_files: list[Path] = field(default_factory=list)

    def read(self) -> RuleSet:
        data, lists = self.document.data, {}
        path: tuple[str, ...] = ()
        head = FileHead()
        if isinstance(data, Mapping):
            self._unknown_keys(data, FILE_KEYS, ())
            lists = self._lists(data.get("lists") or {})
            head = read_head(data, self._fault)
            self.workers = head.workers
            data, path = data.get("rules"), ("rules",)
        if not isinstance(data, list):
            self.faults.append(self.document.fault(path, f"is `{shown(data)}`; expected a list of rules, each with "
                                                         "`when` and `do`"))
            data = []
        compiler = QueryCompiler(self.document, lists, self.faults)
        rules = [self._rule(entry, (*path, index), compiler) for index, entry in enumerate(data)]
        self._no_circles([rule for rule in rules if rule is not None], path)
        if self.faults:
            raise RulesError(self.faults)
        return RuleSet(self.document.name, tuple(rule for rule in rules if rule is not None), tuple(self.warnings),
                       head.workers, head.limit, tuple(self.list_files))

    def _rule(self, entry: Any, path: tuple[str | int, ...], compiler: QueryCompiler) -> Rule | None:
        if not isinstance(entry, Mapping):
            self._fault(path, f"is `{shown(entry)}`; expected a rule with `when` and `do`")
            return None
        self._unknown_keys(entry, RULE_KEYS, path)
        for key in ("when", "do"):
            if key not in entry:
                self._fault(path, f"has no `{key}`")
        number = int(path[-1]) + 1
        when = compiler.compile(entry["when"], (*path, "when")) if "when" in entry else All(())
        orders = read_orders(entry["do"], (*path, "do"), self._fault) if "do" in entry else ()
        for order in orders:
            self._check_names(order)
            if order.worker not in self.workers:
                self._fault((*path, "do"), f"no kind of worker is called `{shown(order.worker)}`; known: "
                                           f"{', '.join(self.workers)}")
        name = entry.get("name", f"rule {number}")
        if not isinstance(name, str) or not 0 < len(name) <= 100:
            self._fault((*path, "name"), "expected a text of at most 100 characters")
        disabled = entry.get("disabled", False)
        if not isinstance(disabled, bool):
            self._fault((*path, "disabled"), f"is `{shown(disabled)}`; expected true or false")
        return Rule(number, self.document.line(path), when, orders, str(name), disabled is True,
                    "environment" not in when.fields())

    def _check_names(self, order: Order) -> None:
        """Refuse a name that looks like a slip of a known check; one that nobody knows may live elsewhere."""
        for check, path in zip(order.checks, order.check_paths, strict=True):
            if self.known_checks is None or check in self.known_checks:
                continue
            close = difflib.get_close_matches(check, self.known_checks, 1, 0.75)
            if close:
                self._fault(path, f"unknown check `{shown(check)}`; did you mean `{close[0]}`?")
            else:
                self.warnings.append(self.document.fault(
                    path, f"no check `{shown(check)}` is known here; its jobs start only where a worker has it"))

    def _no_circles(self, rules: list[Rule], path: tuple[str | int, ...]) -> None:
        """Refuse checks that wait for each other: none of them would ever start."""
        needs: dict[str, set[str]] = {}
        place: dict[str, tuple[str | int, ...]] = {}
        for index, rule in enumerate(rules):
            for check in (check for order in rule.orders if order.needs for check in order.checks):
                needs.setdefault(check, set()).update(
                    need.check for order in rule.orders if check in order.checks for need in order.needs)
                place.setdefault(check, (*path, index, "do"))
        for check in needs:
            seen: set[str] = set()
            ahead = set(needs[check])
            while ahead:
                seen |= ahead
                ahead = {other for one in ahead for other in needs.get(one, ())} - seen
            if check in seen:
                self._fault(place[check], f"check `{check}` needs itself by a circle of `needs`; it could never start")

    def _lists(self, data: Any) -> dict[str, tuple[Any, ...]]:
        if not isinstance(data, Mapping):
            self._fault(("lists",), f"is `{shown(data)}`; expected names with lists")
            return {}
        return {str(name): self._list(value, ("lists", name)) for name, value in data.items()}

    def _list(self, value: Any, path: tuple[str | int, ...]) -> tuple[Any, ...]:
        if isinstance(value, list):
            if not all(isinstance(member, (str, int, float, bool)) for member in value):
                self._fault(path, "expected texts, numbers, true or false only")
            return tuple(value)
        if isinstance(value, Mapping) and set(value) == {"file"} and isinstance(value["file"], str):
            return self._list_of_file(self.folder / value["file"], path)
        self._fault(path, f"is `{shown(value)}`; expected a list, or `file: NAME` (a member a line, or a JSON list)")
        return ()

    def _list_of_file(self, file: Path, path: tuple[str | int, ...]) -> tuple[str, ...]:
        self.list_files.append(file)
        try:
            text = file.read_text(encoding="utf-8")
            if text.lstrip().startswith("["):
                return tuple(str(member) for member in json.loads(text))
        except (OSError, ValueError, RecursionError) as error:
            self._fault(path, f"file `{file}` cannot be read: {shown(str(error), 200)}")
            return ()
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return tuple(line for line in lines if line)

    def _unknown_keys(self, data: Mapping[str, Any], known: tuple[str, ...], path: tuple[str | int, ...]) -> None:
        for key in data:
            if key not in known:
                close = difflib.get_close_matches(str(key), known, 1)
                hint = f"; did you mean `{close[0]}`?" if close else f"; known: {', '.join(known)}"
                self._fault((*path, key), f"unknown key `{shown(key)}`{hint}")

    def _fault(self, path: tuple[str | int, ...], message: str) -> None:
        self.faults.append(self.document.fault(path, message))


def read_rules(text: str | bytes, name: str, known_checks: Collection[str] | None = None,
               folder: Path = Path()) -> RuleSet:
    """
    Return the rules in the text; `name` is the file in messages.

    `known_checks`: names to compare with, None to take any name. `folder`: where files of `lists` lie.
    Raises RulesError: every fault, with its line.
    """
    try:
        document = load_document(text, name, RULES_LIMIT)
    except DocumentError as error:
        raise RulesError(error.faults) from None
    return _Reader(document, known_checks, folder).read()


def load_rules(path: Path, known_checks: Collection[str] | None = None) -> RuleSet:
    """Return the rules of a file. Raises RulesError: not readable, or with faults."""
    try:
        with path.open("rb") as file:
            text = file.read(RULES_LIMIT + 1)
    except OSError as error:
        raise RulesError([Fault(0, (), f"cannot be read: {error.strerror}", str(path))]) from None
    return read_rules(text, str(path), known_checks, path.parent)

