"""
Ask solve.py: find a Python that has libsolv, hand over packages and repositories, take the answer.

Of the checks installability, reverse_dependencies and upgradepath.
"""
from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SOLVE = Path(__file__).resolve().parent / "solve.py"
#: libsolv's binding belongs to the system's Python.
PYTHONS = (sys.executable, "/usr/bin/python3", "/usr/libexec/platform-python", "python3")


class QuestionError(RuntimeError):
    """Raised where there is no verdict for a reason that is not the package's: the run is NOT_OK."""


def ask(question: str, packages: Iterable[Path], repositories: Any, arch: str | None, *, cache: str | None = None,
        timeout_seconds: float = 1800) -> dict[str, Any]:
    """Return solve.py's answer about packages of one architecture. Raises QuestionError: there is none, and why."""
    asked = {"question": question, "packages": [str(path.resolve()) for path in packages],
             "repositories": repositories_of(repositories, arch), "arch": arch, "cache": cache}
    try:
        done = subprocess.run([python_with_solv(), "-I", str(SOLVE)], input=json.dumps(asked), capture_output=True,
                              text=True, timeout=timeout_seconds, check=False)
    except subprocess.TimeoutExpired:
        raise QuestionError(f"no answer within {timeout_seconds:g} seconds") from None
    if done.returncode:
        raise QuestionError(done.stderr.strip()[-2000:] or f"solve.py ended with {done.returncode}")
    return dict(json.loads(done.stdout))


def repositories_of(given: Any, arch: str | None) -> dict[str, str]:
    """Return name and place of each repository: {name: place}, {name: {arch: place}}, or a list of places."""
    if isinstance(given, str):
        given = [given]
    if isinstance(given, (list, tuple)):
        given = {f"repository-{number}": place for number, place in enumerate(given, 1)}
    if not isinstance(given, Mapping) or not given:
        raise QuestionError("no repositories to look into; give `repositories`, or fill in the table of releases")
    wanted = "x86_64" if arch in (None, "", "noarch", "src") else str(arch)
    places: dict[str, Any] = {str(name): place.get(wanted) if isinstance(place, Mapping) else place
                              for name, place in given.items()}
    missing = [name for name, place in places.items() if not isinstance(place, str) or not place]
    if missing:
        raise QuestionError(f"repository `{missing[0]}` has no place for architecture `{wanted}`")
    return {name: place.replace("{arch}", wanted) for name, place in places.items()}


@functools.cache
def python_with_solv() -> str:
    """Return a Python that can import libsolv's binding."""
    for python in PYTHONS:
        try:
            done = subprocess.run([python, "-I", "-c", "import solv; solv.Repo.add_rpm"], capture_output=True,
                                  check=False)
        except OSError:
            continue
        if done.returncode == 0:
            return python
    raise QuestionError("no Python here has libsolv's binding; install it with `apt-get install python3-solv` (Debian) "
                        "or `dnf install python3-solv` (Fedora); the `solv` of PyPI cannot read packages")


def explained(problems: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the lines that tell the problems of one package."""
    lines = []
    for problem in problems:
        lines.append(f"  {problem['problem']}")
        if problem.get("lost"):
            lines.append(f"    {problem['lost']}")
    return lines


def named(packages: Iterable[str]) -> str:
    """Return the names for a summary, a few of many."""
    names = list(packages)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
