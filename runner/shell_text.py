"""A command of a check as argv: a list as it is; a text for `sh -c`, or a script, with variables in the environment."""
from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.variables import as_text


def shell_or_list(command: Any, variables: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, str]]:
    """
    Return the argv, and the environment variables for a shell's text.

    In a text `${item}` stays what it is: the shell finds `item` in its
    environment. So no value is ever read as shell code. `${a.b}` becomes a
    variable of its own; names that are not ours are the shell's, and so is `$$`
    alone; `$$item` is `$item`.
    """
    if not isinstance(command, str):
        return tuple(as_text(part) for part in command), {}
    environment: dict[str, str] = {}

    def refer(match: re.Match[str]) -> str:
        if match.group().startswith("$$"):
            return "$"
        path = match.group(1) or match.group(2)
        first, *rest = path.split(".")
        value: Any = variables.get(first)
        if first not in variables:
            return match.group()
        for part in rest:
            value = value.get(part) if isinstance(value, Mapping) else None
        name = path.replace(".", "__")
        environment[name] = as_text(value)
        return f"${{{name}}}"

    text = re.sub(r"\$\$(?=[A-Za-z_{])|\$\{([A-Za-z_][\w.]*)\}|\$([A-Za-z_]\w*)", refer, command, flags=re.ASCII)
    return ("/bin/sh", "-c", text), environment


def write_script(text: str, folder: Path) -> Path:
    """Write a text that begins with `#!` as a program; return it."""
    path = folder / f"script-{os.urandom(4).hex()}"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def plain_variables(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that are one text or number, for the environment of a script."""
    return {name: as_text(value) for name, value in variables.items()
            if isinstance(value, (str, int, float)) and not isinstance(value, bool)}


def of_the_check(argv: tuple[str, ...], cwd: Path, check_folder: Path) -> tuple[str, ...]:
    """Return the argv; a program such as `./check.sh` that is not in the working folder is the check's own."""
    program = argv[0]
    if "/" not in program or program.startswith("/") or (cwd / program).exists():
        return argv
    own = check_folder / program
    return (str(own), *argv[1:]) if own.is_file() and check_folder.resolve() in own.resolve().parents else argv
