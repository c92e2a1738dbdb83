"""
The packages that were downloaded for a check, and how much of what was found about them fits into a result.

Of the checks shebangs, hardening, installability, reverse_dependencies and upgradepath.
"""
from __future__ import annotations

from pathlib import Path

OUTPUT_LIMIT = 60_000


class NoPackagesError(RuntimeError):
    """Raised where there is nothing to look at: the run is NOT_OK."""


def packages_below(folder: str, item: str) -> list[Path]:
    """Return the binary packages below the folder; links are not followed. Raises NoPackagesError."""
    root = Path(folder)
    if not root.is_dir():
        raise NoPackagesError(f"`{folder}` is no folder; expected the folder that the packages were downloaded to")
    found = [path for path in sorted(root.rglob("*.rpm")) if path.is_file() and not path.is_symlink()]
    found = [path for path in found if not path.name.endswith((".src.rpm", ".nosrc.rpm"))]
    if not found:
        raise NoPackagesError(f"`{folder}` holds no binary package (*.rpm) of {item}: nothing to check")
    return found


def shortened(lines: list[str]) -> str:
    """Return the lines as one text, or their beginning and how many were left out."""
    used = 0
    for number, line in enumerate(lines):
        used += len(line) + 1
        if used > OUTPUT_LIMIT:
            return "\n".join([*lines[:number], f"... {len(lines) - number} more lines"])
    return "\n".join(lines)
