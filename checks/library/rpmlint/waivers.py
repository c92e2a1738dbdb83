"""
The waiver file of a package: which messages of rpmlint it may ignore.

It comes from the package's repository, else from its source package; rpmlint reads `addFilter` and `setBadness` in it
and runs nothing.
"""
from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: Bytes of a waiver file.
SIZE_LIMIT = 1024 * 1024


class WaiverError(RuntimeError):
    """Raised where a waiver file is asked for and cannot be had: the run is NOT_OK."""


@dataclass(frozen=True)
class Waivers:
    """A waiver file's text and where it comes from."""

    text: str
    source: str


def waiver_names(item: str) -> list[str]:
    """Return the names that the package's waiver file may have, for the action that fetches it from a repository."""
    name = item.rsplit("-", 2)[0].rsplit("/", 1)[-1]
    return [f"{name}.rpmlintrc", f"{name}-rpmlintrc"]


def waivers_for(packages: Iterable[Path], given: str | None, item: str) -> Waivers | None:
    """Return the package's waiver file: the given one, else the one in the given folder, else the source package's."""
    place, names = Path(given) if given else None, waiver_names(item)
    if place is not None and place.suffix and not place.is_dir() and not place.is_file():
        raise WaiverError(f"rpmlintrc `{given}` does not exist; expected a file, or a folder for `{names[0]}`")
    if place is not None:
        files = [place] if place.is_file() else [place / name for name in names]
        found = next((file for file in files if file.is_file()), None)
        if found is not None:
            return _checked(found.read_bytes(), found.name)
    sources = [path for path in packages if path.name.endswith(".src.rpm")]
    if len(sources) != 1 or not re.fullmatch(r"[A-Za-z0-9_.+-]+", names[0]):
        return None
    contents = (file_in_package(sources[0], name) for name in names)
    content = next((content for content in contents if content), None)
    return _checked(content, f"the source package's {names[0]}") if content else None


def _checked(content: bytes, source: str) -> Waivers:
    if len(content) > SIZE_LIMIT:
        raise WaiverError(f"rpmlintrc `{source}` is larger than {SIZE_LIMIT} bytes")
    # rpmlint itself breaks on text that is not UTF-8
    return Waivers(content.decode("utf-8", "replace"), source)


def file_in_package(package: Path, name: str) -> bytes | None:
    """Return one file of a source package, None where it has none of that name or cannot be read."""
    try:
        with package.open("rb") as source, _reading(["rpm2cpio", "-"], source) as unpack:
            with _reading(["cpio", "--extract", "--quiet", "--to-stdout", name], unpack.stdout) as pick:
                content = pick.stdout.read(SIZE_LIMIT + 1) if pick.stdout else b""
                pick.kill()
            unpack.kill()
    except FileNotFoundError:
        # neither tool is here: rpmlint needs both itself and says so better
        return None
    return content or None


def _reading(argv: list[str], source: IO[bytes] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
