"""What each check lacks on this machine, and the command that installs it."""
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.capability import can_run_on
from checks.description import CheckDescription, Environment

#: Where dpkg keeps one list of files for each installed package.
DPKG_LISTS = Path("/var/lib/dpkg/info")


@dataclass(frozen=True, slots=True)
class PackageSystem:
    """The system's packages: one way of telling what is installed and of installing more."""

    #: The key of `environment` that names its packages.
    key: str
    #: Before the packages' names.
    install: str
    is_installed: Callable[[str], bool]

    def missing(self, environment: Environment) -> list[str]:
        """Return the packages of the check that are not installed."""
        return [name for name in getattr(environment, self.key) if not self.is_installed(name)]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is to be said about one check on this machine."""

    check: str
    #: Why it cannot run; empty: it can.
    reasons: tuple[str, ...] = ()
    #: Commands that bring what is missing, as far as the check says which packages have it.
    install: tuple[str, ...] = ()


def diagnose(check: CheckDescription, capabilities: Mapping[str, Any], system: PackageSystem | None) -> Diagnosis:
    """
    Return what the check lacks.

    Packages of the system are asked for only where no missing or present tool speaks for them: a tool may have come
    from anywhere.
    """
    environment = check.environment
    reasons = list(can_run_on(check, check.arches[0], capabilities))
    lacks_tool = any(not capabilities.get(f"tool:{tool}") for tool in environment.tools)
    packages = system.missing(environment) if system and (lacks_tool or not environment.tools) else []
    if not environment.tools:
        reasons += [f"package `{name}` is needed and not installed" for name in packages]
    modules = [name for name in environment.python if not _has_distribution(name)]
    reasons += [f"Python package `{name}` is needed and not installed" for name in modules]
    install = [f"{system.install} {' '.join(packages)}"] if system and packages else []
    install += [f"pip install {' '.join(modules)}"] if modules else []
    return Diagnosis(check.name, tuple(reasons), tuple(install))


def combined(diagnoses: Iterable[Diagnosis]) -> list[str]:
    """Return the fewest commands that install everything: one for each way of installing."""
    together: dict[str, dict[str, None]] = {}
    for command in (command for diagnosis in diagnoses for command in diagnosis.install):
        head, _, packages = command.partition(" install ")
        together.setdefault(head, {}).update(dict.fromkeys(packages.split()))
    return [f"{head} install {' '.join(packages)}" for head, packages in together.items()]


def package_system() -> PackageSystem | None:
    """Return the package system of this machine, None where it is neither Debian's nor Fedora's."""
    if shutil.which("apt-get"):
        return PackageSystem("deb", "apt-get install", _has_deb)
    if shutil.which("dnf"):
        return PackageSystem("rpm", "dnf install", _has_rpm)
    return None


def _has_deb(name: str) -> bool:
    return (DPKG_LISTS / f"{name}.list").is_file() or any(DPKG_LISTS.glob(f"{name}:*.list"))


def _has_rpm(name: str) -> bool:
    from runner.abort import AbortToken
    from runner.tool import ToolCall, run_tool

    call = ToolCall(("rpm", "--query", "--whatprovides", "--", name), Path(tempfile.gettempdir()), timeout_seconds=30)
    return run_tool(call, AbortToken()).returncode == 0


def _has_distribution(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
