"""What a check's YAML says, once it is valid."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from checks.contracts import NOARCH
from checks.document import SIZE_LIMIT, Document, DocumentError, Fault, KeyPath, load_document, without
from checks.item import ITEM_TYPES
from checks.kind import Place
from checks.schema import CHECK, DEFAULT_NAMESPACE, DEFAULT_SILENCE_SECONDS, DEFAULT_TIMEOUT_SECONDS, NAME

#: Tried in a check's folder after `<folder>.yml`; the first is the name in Taskotron's repositories.
_OTHER_FILE_NAMES = ("runtask.yml", "check.yml")
#: The variable of an item type in formulas older than its present name.
_OLD_ITEM_TYPES = {"bodhi_id": "bodhi_update"}


class CheckFileError(Exception):
    """Raised when a check's file is missing or wrong; `.faults` has everything that is wrong with its form."""

    def __init__(self, faults: Sequence[Fault], draft: CheckDescription | None = None) -> None:
        self.faults = tuple(faults)
        #: The check without what is wrong, for whoever knows directives and looks for further faults; never run.
        self.draft = draft
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a check: a directive with arguments."""

    #: Empty only in a draft, where the file names none, or several.
    directive: str
    #: As in the file, variables not yet filled in: a mapping, a list, a text, or None.
    parameters: Any
    #: For people; the directive where the file names nothing.
    name: str
    #: The variable that keeps what the directive returns.
    export: str | None = None
    timeout_seconds: float | None = None
    ignore_failure: bool = False
    always: bool = False
    #: Where it stands in the file: ("actions", 2).
    path: KeyPath = ()


@dataclass(frozen=True, slots=True)
class Run:
    """How the check runs: `directives`, `command` or `python-function`."""

    using: str = "directives"
    #: A list as it is, or a text for `sh -c`.
    command: tuple[str, ...] | str | None = None
    results: str = "auto"
    file: str | None = None
    callable: str = "run"
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    checkout: bool = True


@dataclass(frozen=True, slots=True)
class Environment:
    """What must be there for the check to run."""

    rpm: tuple[str, ...] = ()
    deb: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    image: str | None = None
    distribution: str | None = None
    release: str | None = None
    variant: str | None = None
    arch: str | None = None
    executor: str = "auto"
    network: bool = False
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Resources:
    """The most the check may use; None where it does not say."""

    memory_bytes: int | None = None
    cpus: float | None = None
    cpu_seconds: float | None = None
    processes: int | None = None
    file_bytes: int | None = None
    disk_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class CheckDescription:
    """One check, as its file describes it."""

    name: str
    folder: Path
    #: The YAML file.
    path: Path
    namespace: str = DEFAULT_NAMESPACE
    description: str = ""
    maintainer: str = ""
    ref_url: str | None = None
    version: str | None = None
    disabled: bool = False
    #: Keys of ITEM_TYPES; empty: any.
    item_types: tuple[str, ...] = ()
    #: Variables that must be there, besides the item.
    args: tuple[str, ...] = ()
    #: One job for each of these; `noarch` alone where the check says nothing.
    arches: tuple[str, ...] = (NOARCH,)
    #: True where `arches` comes from `matrix`: a run without an arch runs them all.
    has_matrix: bool = False
    environment: Environment = field(default_factory=Environment)
    run: Run = field(default_factory=Run)
    actions: tuple[Action, ...] = ()
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    silence_seconds: float = DEFAULT_SILENCE_SECONDS
    resources: Resources = field(default_factory=Resources)
    #: Name of a folder beside the check's, whose files lie among the check's when it runs.
    shares: str | None = None
    artifacts: tuple[str, ...] = ()
    #: What an operator may set: name -> what holds where nobody does.
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    caches: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    #: The file itself: for the line of an action in a message.
    document: Document | None = field(default=None, repr=False, compare=False)

    @property
    def testcase(self) -> str:
        """The full name in results, `dist.rpmlint`."""
        return f"{self.namespace}.{self.name}"

    @property
    def shared_folder(self) -> Path | None:
        """The folder that `shares` names; None where the check shares nothing."""
        return self.folder.parent / self.shares if self.shares else None

    def file(self, name: str) -> Path | None:
        """Return the file that has this name when the check runs: its own, else a shared one; None: there is none."""
        places = (self.folder, self.shared_folder)
        return next((place / name for place in places if place is not None and (place / name).is_file()), None)

    def runs_on(self, item_type: str) -> bool:
        """True where the check takes items of that type."""
        return not self.item_types or item_type in self.item_types


def load_check(path: str | Path) -> CheckDescription:
    """
    Return the check of a YAML file, or of a folder that holds one.

    Raises CheckFileError: no such file, not readable, or with faults; all of
    them at once.
    """
    file = check_file(Path(path))
    if not file.is_file():
        raise CheckFileError([Fault(0, (), "is a pipe or a device; expected a plain file", str(file))])
    try:
        with file.open("rb") as content:
            text = content.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise CheckFileError([Fault(0, (), f"cannot be read: {error.strerror}", str(file))]) from None
    return parse_check(text, file)


def parse_check(text: str | bytes, file: Path) -> CheckDescription:
    """Return the check that the text describes; `file` is where it stands. Raises CheckFileError."""
    faults: list[Fault] = []
    try:
        document = load_document(text, str(file))
    except DocumentError as error:
        if error.rest is None or not isinstance(error.rest.data, Mapping):
            raise CheckFileError(error.faults) from None
        document, faults = error.rest, list(error.faults)
    told = {fault.path for fault in faults}

    def tell(at: KeyPath, message: str) -> None:
        # a value that is no plain data is missing from the data too: one fault is enough
        if at not in told:
            faults.append(document.fault(at, message))

    data = CHECK.read(document.data, Place(tell))
    if isinstance(document.data, Mapping):
        _join_rules(data, document.data, Place(tell))
        _look_beside(data["shares"], file, Place(tell, ("shares",)))
    if faults:
        raise CheckFileError(sorted(faults, key=lambda fault: fault.line), _draft(document, faults, file))
    return _description(data, document, file)


def check_file(path: Path) -> Path:
    """Return the YAML file of a check: the path itself, or the one in the folder. Raises CheckFileError."""
    if not path.is_dir():
        if path.exists():
            return path
        raise CheckFileError([Fault(0, (), "no such file; expected a check's folder or YAML file", str(path))])
    own_name = path.resolve().name + ".yml"
    for name in (own_name, *_OTHER_FILE_NAMES):
        if (path / name).is_file():
            return path / name
    others = sorted(path.glob("*.yml"))
    if len(others) == 1:
        return others[0]
    there = ", ".join(f"`{other.name}`" for other in others[:5]) or "no YAML file"
    raise CheckFileError([Fault(0, (), f"expected `{own_name}` in this folder, found {there}", str(path))])


def _join_rules(data: dict[str, Any], given: Mapping[str, Any], place: Place) -> None:
    """Tell what no single key can say; `given` is the file's own data, which may be wrong in any way."""
    run, actions = data["run"] or {}, any(given.get(name) for name in ("actions", "task"))
    using = run.get("using") if given.get("run") else "directives"
    if using == "directives" and not actions:
        place.fault("`actions` is missing; expected at least one action, or `run: {using: command, command: ...}`")
    if using in ("command", "python-function") and actions:
        place.at("actions").fault(f"does not go with `run.using: {using}`; keep one of the two")
    if using == "command" and not run["command"]:
        place.at("run").fault("`command` is missing; expected a list, or a text for the shell")
    if using == "python-function" and not run["file"]:
        place.at("run").fault("`file` is missing; expected the Python file with the function")
    if given.get("matrix") and given.get("arches"):
        place.at("matrix").fault("does not go with `arches`; keep one of the two")


def _look_beside(shared: object, file: Path, place: Place) -> None:
    if isinstance(shared, str) and re.fullmatch(NAME, shared) and not (file.resolve().parent.parent / shared).is_dir():
        place.fault(f"no folder `{shared}` beside the check's folder")


def _draft(document: Document, faults: Sequence[Fault], file: Path) -> CheckDescription | None:
    if not isinstance(document.data, Mapping):
        return None
    rest = without(document.data, [fault.path for fault in faults if fault.path])
    return _description(CHECK.read(rest, Place(lambda at, message: None)), document, file)


def _description(data: dict[str, Any], document: Document, file: Path) -> CheckDescription:
    inputs = data["input"] or {}
    args = tuple(inputs.get("args") or ())
    named = [_OLD_ITEM_TYPES.get(arg, arg) for arg in args]
    types = tuple(inputs.get("item_type") or ()) or tuple(arg for arg in named if arg in ITEM_TYPES)
    matrix = data["matrix"]
    arches = tuple((matrix["arch"] if matrix else data["arches"]) or (NOARCH,))
    return CheckDescription(
        name=data["name"] or "", folder=file.resolve().parent, path=file.resolve(), namespace=data["namespace"],
        description=data["description"].strip(), maintainer=data["maintainer"], ref_url=data["ref_url"],
        version=data["version"], disabled=data["disabled"], item_types=types, args=args, arches=arches,
        has_matrix=bool(matrix), environment=_environment(data["environment"]), run=_run(data["run"]),
        actions=tuple(_action(action) for action in data["actions"] or () if action), timeout_seconds=data["timeout"],
        silence_seconds=data["silence_timeout"], resources=_resources(data["resources"]), shares=data["shares"],
        artifacts=tuple(data["artifacts"]), parameters=MappingProxyType(data["parameters"] or {}),
        caches=tuple(data["caches"]), secrets=tuple(data["secrets"]),
        document=document,
    )


def _environment(data: dict[str, Any] | None) -> Environment:
    if not data:
        return Environment()
    return Environment(**data | {"variables": MappingProxyType(data["variables"] or {})})


def _run(data: dict[str, Any] | None) -> Run:
    if not data:
        return Run()
    return Run(**data | {"arguments": MappingProxyType(data["arguments"] or {})})


def _resources(data: dict[str, Any] | None) -> Resources:
    if not data:
        return Resources()
    return Resources(data["memory"], data["cpus"], data["cpu_time"], data["processes"], data["file_size"],
                     data["disk"])


def _action(data: dict[str, Any]) -> Action:
    return Action(data["directive"], data["parameters"], data["name"] or data["directive"], data["export"],
                  data["timeout"], data["ignore_failure"], data["always"], data["path"])
