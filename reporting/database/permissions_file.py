"""
The file that says who may write what: a YAML or JSON list, as PERMISSIONS of the original.

Each entry is `{users: [...], groups: [...], testcases: [patterns], ...}`; an
entry grants where one pattern matches the testcase and it names the user or a
group of the user. Other keys are only shown.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

from reporting.database.access import Permission


class PermissionsFileError(ValueError):
    """Raised when the file cannot be used; the text says where and why."""


def read_permissions(path: Path) -> list[Permission]:
    """Return the permissions of a file. Raises PermissionsFileError with every fault."""
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PermissionsFileError(f"{path}: cannot be read: {error}") from None
    if not isinstance(found, list) or not found:
        raise PermissionsFileError(f"{path}: expected a list of permissions, at least one")
    faults = [f"{path}, [{number}]: {fault}" for number, each in enumerate(found) for fault in _faults(each)]
    if faults:
        raise PermissionsFileError("\n".join(faults))
    return [Permission(tuple(each.get("users", ())), tuple(each["testcases"]) if "testcases" in each else None, each,
                       tuple(each.get("groups", ()))) for each in found]


def _faults(each: Any) -> list[str]:
    if not isinstance(each, dict):
        return [f"expected an object, got {type(each).__name__}"]
    return [f"`{key}`: expected a list of texts" for key in ("users", "groups", "testcases")
            if not isinstance(each.get(key, []), list) or not all(isinstance(text, str) for text in each.get(key, []))]
