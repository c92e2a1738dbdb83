"""
What an operator sets of a check: by `--parameter NAME=VALUE`, else by the environment of the worker; else its own hold.

The environment is for workers: `CHECKOTRON_PARAMETER_RPMLINT_CONFIG` is `config` of the check `rpmlint`.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from checks.description import CheckDescription
from checks.item import ItemError, shown
from checks.kind import nearest

_PREFIX = "CHECKOTRON_PARAMETER_"
#: Characters of a value, as in a check's file.
_LIMIT = 1024


def parameters_of(check: CheckDescription, given: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return every parameter of the check. `given`: `NAME=VALUE` each, the last of a name counts. Raises ItemError."""
    found = {name: environ.get(_variable(check.name, name), own) for name, own in check.parameters.items()}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ItemError(f"`--parameter`: `{shown(text)}`; expected NAME=VALUE")
        if name not in found:
            known = f"known: {', '.join(found)}" if found else "it has none"
            raise ItemError(f"`--parameter`: check `{check.name}` has no parameter `{shown(name)}`"
                            f"{nearest(name, list(found)) or ';'} {known}")
        found[name] = value
    for name, value in found.items():
        if len(value) > _LIMIT or "\n" in value or "\0" in value:
            raise ItemError(f"parameter `{name}` of check `{check.name}` is `{shown(value)}`; expected one line of at "
                            f"most {_LIMIT} characters")
    return found


def _variable(check: str, name: str) -> str:
    return _PREFIX + re.sub(r"[^A-Z0-9]", "_", f"{check}_{name}".upper())
