"""
Run rpmlint over the packages of one build and say what it found, as one result.

The verdict is rpmlint's own: it ends with 0 (PASSED, warnings or not) or with 64 to 66 (FAILED). A package that rpmlint
cannot read is NEEDS_INSPECTION: nothing was found out about it. Anything else rpmlint does breaks the check.
"""
from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waivers import Waivers, waivers_for

#: Those that are shipped with the check.
CONFIGURATIONS = Path(__file__).resolve().parent / "configurations"
#: rpmlint's exit codes: errors; only errors that --strict made; badness above the configured threshold.
FAILED_CODES = (64, 65, 66)
#: "fatal error while reading PATH: why": rpmlint stops at the first package it cannot read.
UNREADABLE_CODE = 3
#: The last line that rpmlint prints; the only count that a hostile file name inside a package cannot imitate.
COUNTS = re.compile(r"^\s*=*\s*(\d+) packages and (\d+) specfiles checked; (\d+) errors, (\d+) warnings[,;]")
#: A message: `name.arch: W: id details` or `name.spec:12: E: id details`.
MESSAGE = re.compile(r"^(?P<package>\S+?):(?P<line>\d+:)? (?P<level>[EWI]): (?P<text>\S.*)$")
UNREADABLE = re.compile(r"fatal error while reading (?P<path>.+?): (?P<why>.*)$", re.DOTALL)
#: What differs between two builds though nothing changed: build ids and version numbers.
VARIABLE = re.compile(r"\.build-id/\S+|\d+(?:[.:~^_-]?\w*\d+)*")
#: The end of a package's file name that says for which machines it is.
ARCH = re.compile(r"\.(i[3-6]86|x86_64|aarch64|armv7hn?l|ppc64|ppc64le|s390x|riscv64|loongarch64)\.rpm$")
#: Characters of messages that go into the result; the whole text is in the artifact `rpmlint.txt`.
OUTPUT_LIMIT = 60_000
#: Bytes of what rpmlint prints that are read.
PRINTED_LIMIT = 16 * 1024 * 1024


class RpmlintError(RuntimeError):
    """Raised where rpmlint gave no verdict for a reason that is not the package's: the run is NOT_OK."""


@dataclass(frozen=True)
class Linted:
    """What rpmlint said about some packages."""

    exit_code: int
    errors: int
    warnings: int
    messages: tuple[str, ...]
    #: File name and reason of each package that rpmlint could not read.
    unreadable: tuple[tuple[str, str], ...] = ()
    #: The files that rpmlint says it was configured by.
    configuration: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rpmlint:
    """How to call the tool."""

    program: str
    scratch: Path
    config: str | None
    timeout_seconds: float


def run(rpms: str, item: str, item_type: str = "koji_build", *, arch: str | None = None, rpmlintrc: str | None = None,
        previous: str | None = None, config: str | None = None, artifacts: str | None = None, rpmlint: str = "rpmlint",
        timeout_seconds: float = 900) -> list[dict[str, Any]]:
    """
    Return one result for the item: every package below the folder `rpms`, judged together.

    With an `arch`, packages of other architectures are left out; `noarch` takes all of them. `rpmlintrc` is a waiver
    file, or a folder that may hold `<name>.rpmlintrc`; without it the one in the source package is used. `previous` is
    a folder with the packages of an older build: say what is new and what is fixed. `config` is a file of
    `configurations/` without its ending, or an absolute path: rpmlint's own --config. `artifacts` a folder for the
    whole text, `rpmlint` the program, `timeout_seconds` for one call of it.
    Raises RpmlintError: no verdict, and why; the run is NOT_OK.
    """
    packages = [path for path in packages_below(Path(rpms)) if is_for(arch, path.name)]
    if not packages:
        raise RpmlintError(f"`{rpms}` holds no package (*.rpm) of {item}: nothing to check")
    with tempfile.TemporaryDirectory(prefix="rpmlint-") as folder:
        tool = Rpmlint(found_program(rpmlint), Path(folder), found_config(config), timeout_seconds)
        waivers = waivers_for(packages, rpmlintrc, item)
        linted = lint(tool, packages, waivers)
        older = older_messages(tool, previous, waivers, arch)
    result: dict[str, Any] = {"item": item, "type": item_type} | ({"arch": arch} if arch else {})
    result |= {"waivers": waivers.source} if waivers else {}
    result |= {"configuration": [shipped_name(path) for path in linted.configuration]} if linted.configuration else {}
    return [result_of(linted, older, len(packages), result, artifacts)]


def packages_below(folder: Path) -> list[Path]:
    """Return the regular files named *.rpm below the folder, sorted; links are not followed out of it."""
    if not folder.is_dir():
        raise RpmlintError(f"`{folder}` is no folder; expected the folder that the packages were downloaded to")
    return sorted(path for path in folder.rglob("*.rpm") if path.is_file() and not path.is_symlink())


def is_for(arch: str | None, file_name: str) -> bool:
    """True for a package of that architecture, of none, and for a source package; without an architecture for all."""
    found = ARCH.search(file_name)
    if arch in (None, "", "noarch", "all") or found is None:
        return True
    return found[1] == arch or (arch == "i386" and found[1].startswith("i"))


def found_program(name: str) -> str:
    """Return the path of rpmlint."""
    path = shutil.which(name)
    if path is None:
        raise RpmlintError(f"`{name}` is not installed; install it with `apt-get install rpmlint` (Debian), "
                           "`dnf install rpmlint` (Fedora) or `pip install rpmlint rpm`")
    return path


def found_config(config: str | None) -> str | None:
    """Return the path of the configuration that is named, None for rpmlint's own."""
    if not config:
        return None
    if os.path.isabs(config):
        if not os.path.exists(config):
            raise RpmlintError(f"configuration `{config}` is not on this worker; expected a TOML file of rpmlint's, or "
                               "a folder of them")
        return config
    shipped = {path.stem: str(path) for path in sorted(CONFIGURATIONS.glob("*.toml"))}
    if config not in shipped:
        raise RpmlintError(f"there is no configuration `{config}`; expected an absolute path on the worker, or one of "
                           f"{', '.join(shipped)}")
    return shipped[config]


def shipped_name(path: str) -> str:
    """Return the name of a configuration that is ours, the path of any other: ours lies elsewhere at each run."""
    return Path(path).stem if Path(path).parent == CONFIGURATIONS else path


# -- the tool ----------------------------------------------------------------------------------------------------------

def lint(tool: Rpmlint, packages: list[Path], waivers: Waivers | None) -> Linted:
    """Run rpmlint over the packages; again without those that it cannot read, so that the others get their answer."""
    remaining = list(packages)
    unreadable: list[tuple[str, str]] = []
    while remaining:
        code, printed, complaints = call(tool, remaining, waivers)
        if code != UNREADABLE_CODE:
            return Linted(code, *counted(code, printed, complaints, len(remaining)), tuple(unreadable),
                          configuration_in(printed))
        culprit, why = culprit_of(complaints, remaining)
        unreadable.append((culprit.name, why))
        remaining.remove(culprit)
    return Linted(UNREADABLE_CODE, 0, 0, (), tuple(unreadable))


def call(tool: Rpmlint, packages: list[Path], waivers: Waivers | None) -> tuple[int, str, str]:
    """
    Return exit code, standard output and standard error of one rpmlint over all of the packages.

    rpmlint is given one folder of links: it expands `*` and `?` in its arguments, takes a name that begins with a dash
    for an option, and reads any *.rpmlintrc that lies beside a package.
    """
    with tempfile.TemporaryDirectory(dir=tool.scratch) as folder:
        for number, package in enumerate(packages):
            link = Path(folder, "rpms", f"{number:05}", package.name)
            link.parent.mkdir(parents=True)
            link.symlink_to(package.resolve())
        argv = [tool.program, *(["--config", tool.config] if tool.config else [])]
        if waivers is not None:
            Path(folder, "waivers").write_text(waivers.text, encoding="utf-8")
            argv += ["--rpmlintrc", f"{folder}/waivers"]
        with open(f"{folder}/out", "w+b") as out, open(f"{folder}/err", "w+b") as err:
            try:
                code = subprocess.run([*argv, f"{folder}/rpms"], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                      timeout=tool.timeout_seconds, check=False,
                                      env={**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": folder}).returncode
            except subprocess.TimeoutExpired:
                raise RpmlintError(f"rpmlint did not end within {tool.timeout_seconds:g} seconds") from None
            return code, _tail(out), _tail(err)


def _tail(file: Any) -> str:
    """Return the end of what was printed: the counts stand in the last line."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - PRINTED_LIMIT))
    return str(file.read(), "utf-8", "replace")


def counted(code: int, printed: str, complaints: str, expected: int) -> tuple[int, int, tuple[str, ...]]:
    """Return errors, warnings and messages. Raises RpmlintError: rpmlint did not come to an end as it should."""
    lines = printed.rstrip().splitlines()
    counts = COUNTS.match(lines[-1]) if lines else None
    if counts is None or code not in (0, *FAILED_CODES):
        said = complaints.strip() or printed.strip()
        raise RpmlintError(f"rpmlint ended with {code} and without a verdict: {said[-2000:]}")
    if int(counts[1]) != expected:
        raise RpmlintError(f"rpmlint checked {counts[1]} of {expected} packages: {complaints.strip()[-2000:]}")
    # before the first empty line rpmlint says which configuration it uses
    start = next((number for number, line in enumerate(lines) if not line.strip()), 0)
    return int(counts[3]), int(counts[4]), tuple(printable(line) for line in lines[start:-1] if line.strip())


def configuration_in(printed: str) -> tuple[str, ...]:
    """Return the paths below `configuration:` at the head of what rpmlint prints."""
    head = itertools.takewhile(str.strip, printed.splitlines())
    after = itertools.dropwhile(lambda line: line.strip() != "configuration:", head)
    paths = itertools.takewhile(lambda line: line.startswith("    "), itertools.islice(after, 1, None))
    return tuple(printable(line.strip()) for line in paths)


def culprit_of(complaints: str, packages: list[Path]) -> tuple[Path, str]:
    """Return the package that rpmlint could not read, and why."""
    fatal = UNREADABLE.search(complaints)
    for number, package in enumerate(packages):
        if fatal and f"/rpms/{number:05}/" in fatal["path"]:
            return package, printable(fatal["why"].strip().split("\n")[0])[:300] or "no reason given"
    raise RpmlintError(f"rpmlint ended with {UNREADABLE_CODE}: {complaints.strip()[-2000:]}")


def printable(line: str) -> str:
    """Return the line without terminal escapes and control characters: names inside a package may hold any byte."""
    return "".join(char if char.isprintable() or char == "\t" else f"\\x{ord(char):02x}" for char in line)


# -- the answer --------------------------------------------------------------------------------------------------------

def older_messages(
    tool: Rpmlint, previous: str | None, waivers: Waivers | None, arch: str | None,
) -> tuple[str, ...] | None:
    """Return what rpmlint says of the previous build, None where there is none to compare with."""
    folder = Path(previous) if previous else None
    found = packages_below(folder) if folder and folder.is_dir() else []
    packages = [path for path in found if is_for(arch, path.name)]
    return lint(tool, packages, waivers).messages if packages else None


def compared(message: str) -> str:
    """Return the message without what differs between two builds though nothing changed: lines and version numbers."""
    found = MESSAGE.match(message)
    text = f"{found['package']}: {found['level']}: {found['text']}" if found else message
    return VARIABLE.sub("N", text)


def result_of(
    linted: Linted, older: tuple[str, ...] | None, package_count: int, result: dict[str, Any], artifacts: str | None,
) -> dict[str, Any]:
    """Return the result: rpmlint's verdict, the counts in the summary, the messages in details.output."""
    summary = f"{linted.errors} ERRORS, {linted.warnings} WARNINGS"
    lines = by_weight(linted.messages)
    result |= {"errors": str(linted.errors), "warnings": str(linted.warnings)}
    if older is not None:
        parts = against(linted.messages, older)
        result |= {key: str(len(messages)) for key, messages in parts.items()}
        summary += f" ({len(parts['new'])} new, {len(parts['fixed'])} fixed)"
        heads = {"new": "new since", "fixed": "fixed since", "same": "same as in"}
        lines = [line for key, messages in parts.items() if messages
                 for line in (f"{heads[key]} the previous build ({len(messages)}):", *by_weight(messages))]
    outcome = "FAILED" if linted.exit_code in FAILED_CODES else "PASSED"
    if linted.unreadable:
        outcome = "NEEDS_INSPECTION"
        summary = f"{len(linted.unreadable)} of {package_count} packages cannot be read by rpmlint; {summary}"
        lines = [f"{printable(name)}: cannot be read: {why}" for name, why in linted.unreadable] + lines
    result |= {"outcome": outcome, "summary": summary, "details": {"output": "\n".join(shortened(lines))}}
    if artifacts:
        Path(artifacts, "rpmlint.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        result["artifact"] = "rpmlint.txt"
    return result


def by_weight(messages: Iterable[str]) -> list[str]:
    """Return errors before warnings before the rest, each in rpmlint's order: what must be mended is read first."""
    weights = {"E": 0, "W": 1}
    return sorted(messages, key=lambda line: weights.get(found["level"] if (found := MESSAGE.match(line)) else "", 2))


def against(messages: Iterable[str], older: Iterable[str]) -> dict[str, list[str]]:
    """Return the messages that are new, the older ones that are fixed, and those that stayed, each as often as said."""
    left: dict[str, list[str]] = {}
    for message in older:
        left.setdefault(compared(message), []).append(message)
    new: list[str] = []
    same: list[str] = []
    for message in messages:
        twins = left.get(compared(message))
        if twins:
            twins.pop(0)
            same.append(message)
        else:
            new.append(message)
    return {"new": new, "fixed": [message for twins in left.values() for message in twins], "same": same}


def shortened(lines: list[str]) -> Iterator[str]:
    """Yield the lines, or their beginning and how many were left out."""
    used = 0
    for number, line in enumerate(lines):
        used += len(line) + 1
        if used > OUTPUT_LIMIT:
            yield f"... {len(lines) - number} more lines; all of them are in rpmlint.txt"
            return
        yield line
