"""
The seam of directives: one sort of action, as a class that can be used alone.

Life of a directive:

1. Made from its parameters: `Koji({"action": "download", ...})`. All faults of
   the parameters are raised together (ParametersError). Nothing of the machine
   is touched: the master does this too, to decide.
2. `can_run_on(capabilities)` answers from the parameters and a worker's
   capabilities alone, with reasons.
3. `run(context)` does the work, once, and returns what `export` keeps. Variables
   are filled in by then. It raises DirectiveError where the action failed.
   Commands go through `context.run_command`, so that they run where the check
   may run, can be aborted, and are logged.

`analyse_worker()` says on a worker what the directive finds there. A directive
imports neither the runner's run nor its settings: `DirectiveContext.alone(folder)`
is all it needs.
"""
from __future__ import annotations

import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TextIO

from checks.build_id import STANDALONE
from checks.contracts import NOARCH, CheckInput
from checks.document import Fault, KeyPath
from checks.kind import Place
from checks.record import Record
from checks.result import Result
from runner.abort import AbortToken
from runner.captured import CapturedError, as_texts
from runner.command import Command, CommandResult

#: Files of the runner in the folder of a run: no log and no artifact of a check has such a name.
RUNNER_FILES = frozenset({"results.tap", "execution.json", "input.json", "stages.log", "run.log", "cmd-output.log"})
#: Exit codes of a run that an action ends, see ARCHITECTURE.md.
CHECK_BROKE, WRONG_CHECK, TRY_AGAIN = 1, 2, 3


class DirectiveError(Exception):
    """Raised when an action failed: the check broke. `code` is the word for programs."""

    exit_code = CHECK_BROKE

    def __init__(self, message: str, code: str = "check-crashed") -> None:
        super().__init__(message)
        self.code = code


class SurroundingsError(DirectiveError):
    """Raised when something around the check failed, a server or the disk; another try may work."""

    exit_code = TRY_AGAIN

    def __init__(self, message: str, code: str = "fetch-failed") -> None:
        super().__init__(message, code)


class ParametersError(Exception):
    """Raised when parameters are wrong; `.faults` has everything, with paths below the parameters."""

    def __init__(self, directive: str, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{directive}: {fault}" for fault in self.faults))


@dataclass(frozen=True, slots=True)
class DirectiveContext:
    """What an action is given."""

    #: The working folder of the check, `${workdir}`.
    workdir: Path
    #: What the check leaves, `${artifactsdir}`.
    artifactsdir: Path
    #: The check's own folder, `${checkdir}`; to be read only.
    checkdir: Path
    #: The runner's own files: captured output and the like.
    private: Path
    check: CheckInput
    #: Runs a command where the check may run; its output is in the log.
    run_command: Callable[[Command], CommandResult]
    abort: AbortToken
    #: Where outside services are: `koji_store`, `koji_hub`, `bodhi_url`, ... Parameters go before.
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: Variables of the run by name, for shell texts.
    variables: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    #: True where the action's return value is kept, so stdout of a command is worth capturing.
    wants_value: bool = True
    #: Takes results that go out; called by `resultsdb`.
    send: Callable[[Iterable[Result]], object] = field(default=lambda results: deque(results, maxlen=0))
    #: Tells the runner something for the execution report: a key and a value.
    note: Callable[[str, Any], None] = field(default=lambda key, value: None)
    #: The Python interpreter that commands find.
    python: str = sys.executable
    #: The longest the action may take.
    timeout_seconds: float | None = None
    #: Where logs for people go; the folder of the run.
    logs: Path | None = None

    def open_log(self, name: str, mode: Literal["a", "w"] = "a") -> TextIO:
        """
        Open a log that people find beside the results; the caller closes it. With "w" it begins anew.

        The same name is the same file; bytes go into `.buffer` of what is returned.

        Raises DirectiveError: the name is no plain file name, or the runner's own.
        """
        if not name or name != Path(name).name or name.startswith(".") or name in RUNNER_FILES:
            raise DirectiveError(f"`{name}` is no name of a log; expected a plain file name, none of the runner's")
        return open((self.logs or self.private) / name, mode, encoding="utf-8", errors="backslashreplace")

    def append_log(self, name: str, lines: Iterable[str]) -> None:
        """Add lines to a log, a line break after each."""
        with self.open_log(name) as file:
            file.writelines(f"{line}\n" for line in lines)

    @classmethod
    def alone(cls, folder: Path, check: CheckInput | None = None, **changes: Any) -> DirectiveContext:
        """Return a context that works without the runner: everything below one folder, commands run right here."""
        from runner.alone import run_command_here

        folder = folder.resolve()
        for name in ("work", "artifacts", "private"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        check = check or CheckInput("xchat-0.5-1.fc20", "koji_build", STANDALONE, NOARCH, "scratch.alone")
        abort = changes.pop("abort", None) or AbortToken()
        given: dict[str, Any] = {
            "workdir": folder / "work", "artifactsdir": folder / "artifacts", "checkdir": folder,
            "private": folder / "private", "check": check, "abort": abort, "logs": folder,
            "run_command": run_command_here(folder, abort)}
        return cls(**given | changes)

    def inside(self, text: str, *folders: Path) -> Path:
        """
        Return a path of the check as an absolute path; relative ones are below the working folder.

        Raises DirectiveError: outside the workspace and the given folders, by `..` or by a link.
        """
        path = (self.workdir / text).resolve()
        allowed = [folder.resolve() for folder in (self.workdir, self.artifactsdir, *folders)]
        if not any(path == folder or folder in path.parents for folder in allowed):
            raise DirectiveError(f"path `{text}` is outside the workspace; use `${{workdir}}` or `${{artifactsdir}}`",
                                 "wrong-check")
        return path

    def folder(self, text: str) -> Path:
        """Return a folder of the check, made where it is missing. Raises DirectiveError: a file stands in its way."""
        path = self.inside(text)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise DirectiveError(f"`{text}` is no folder: an earlier action left a file there") from None
        return path


class Directive:
    """One action. A subclass sets the four class attributes and `run`; the rest has a default."""

    #: In check files: `koji`.
    name: ClassVar[str]
    #: One more where the same parameters would do something else: an older worker is then refused.
    VERSION: ClassVar[int] = 1
    #: The table of its parameters.
    PARAMETERS: ClassVar[Record]
    #: `worker`: any; another word: only workers that carry it as a tag, such as `restricted` for what signs.
    RUNS_ON: ClassVar[str] = "worker"
    #: Programs it calls; each entry is a program, or several of which one is enough: "createrepo_c|createrepo".
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameters: Mapping[str, Any] | list[Any] | str | None = None, *,
                 variables: bool = False) -> None:
        """With `variables`, texts with `${...}` are taken as valid: for looking, not for running."""
        faults: list[Fault] = []

        def tell(path: KeyPath, message: str) -> None:
            faults.append(Fault(0, path, message))

        place = Place(tell, variables=variables)
        given = self._read_captured(self.from_short_form(parameters), place)
        self.parameters: Mapping[str, Any] = self.PARAMETERS.read(given, place)
        if not any(self.PARAMETERS.knows(fault.path) for fault in faults):
            # keys that nobody knows are left out by then, and every other value is right
            self.check_parameters(place)
        if faults:
            raise ParametersError(self.name, faults)

    @classmethod
    def _read_captured(cls, given: Any, place: Place) -> Any:
        """Return the parameters with captured output as text, but for keys that take anything: those read the file."""
        if not isinstance(given, Mapping):
            return given
        clean = dict(given)
        for name, value in given.items():
            if cls.PARAMETERS.takes_anything(name):
                continue
            try:
                clean[name] = as_texts(value)
            except CapturedError as error:
                place.at(name).fault(str(error))
                del clean[name]
        return clean

    @classmethod
    def from_short_form(cls, parameters: Any) -> Any:
        """Return the mapping of parameters; for directives that also take a text or a list."""
        return parameters

    def check_parameters(self, place: Place) -> None:
        """Tell faults that no single key can have. Touches nothing of the machine."""

    @classmethod
    def fill_in(cls, parameters: Any, fill: Callable[[Any], Any]) -> Any:
        """Return the parameters with `fill` called on what has variables; not on texts for a shell."""
        return fill(parameters)

    @classmethod
    def prefix(cls, key: str) -> str:
        """Return a key of the capabilities that no other directive uses."""
        return f"directive:{cls.name}:{key}"

    @classmethod
    def analyse_worker(cls) -> dict[str, Any]:
        """Return what this machine offers to the directive, keys made by `prefix`. Extend it through `super()`."""
        missing = [need for need in cls.needs if not any(shutil.which(program) for program in need.split("|"))]
        return {cls.prefix("version"): cls.VERSION, cls.prefix("missing"): missing}

    def can_run_on(self, capabilities: Mapping[str, Any]) -> tuple[str, ...]:
        """Return why a worker cannot run this action; empty: it can. Extend it through `super()`."""
        version = capabilities.get(self.prefix("version"))
        if version is None:
            return (f"worker does not know directive `{self.name}`",)
        if version != self.VERSION:
            return (f"worker has version {version} of directive `{self.name}`, version {self.VERSION} is needed",)
        if self.RUNS_ON not in ("worker", *(capabilities.get("tags") or ())):
            return (f"directive `{self.name}` runs only on workers tagged `{self.RUNS_ON}`",)
        missing = capabilities.get(self.prefix("missing")) or ()
        return tuple(f"worker lacks `{need}`, which directive `{self.name}` calls" for need in missing)

    def run(self, context: DirectiveContext) -> Any:
        """Do the work; return what `export` keeps: text, plain data, or a `Captured`."""
        raise TypeError(f"directive `{self.name}` does not say how it runs")
