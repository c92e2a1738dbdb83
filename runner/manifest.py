"""Holds the files of a folder against the manifests that list them: .dsc and .changes of Debian."""
from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from checks.item import shown

#: Bytes of one manifest, and files listed in it.
SIZE_LIMIT_BYTES = 4 * 1024 * 1024
FILES_LIMIT = 10_000
#: Field of a manifest: the hash it gives, and the key it has in each line.
_HASHES = {"Files": ("md5", "md5sum"), "Checksums-Sha1": ("sha1", "sha1"), "Checksums-Sha256": ("sha256", "sha256")}


class ManifestError(Exception):
    """Raised when a manifest cannot be read; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a manifest says about one file."""

    name: str
    #: `md5`, `sha1` or `sha256`.
    algorithm: str
    digest: str
    size_bytes: int


def listed_in(manifest: Path) -> list[Listed]:
    """Return every line of a manifest, one a hash. Raises ManifestError."""
    try:
        from debian.deb822 import Changes, Dsc
    except ImportError:
        raise ManifestError("python-debian is not installed; `pip install checkotron[debian]`") from None

    try:
        data = manifest.read_bytes()
    except OSError as error:
        raise ManifestError(f"`{manifest.name}`: cannot be read: {error.strerror}") from None
    if len(data) > SIZE_LIMIT_BYTES:
        raise ManifestError(f"`{manifest.name}`: larger than {SIZE_LIMIT_BYTES} bytes")
    try:
        # the two differ in the columns of `Files:`
        fields = (Dsc if manifest.suffix == ".dsc" else Changes)(data.decode("utf-8"))
        lines = [Listed(str(line["name"]), algorithm, str(line[key]).lower(), int(line["size"]))
                 for field, (algorithm, key) in _HASHES.items() for line in fields.get(field, ())]
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise ManifestError(f"`{manifest.name}`: cannot be read as a control file: {shown(str(error))}") from None
    if not lines:
        raise ManifestError(f"`{manifest.name}`: lists no files; expected `Files:` or `Checksums-Sha256:`")
    if len(lines) > FILES_LIMIT * len(_HASHES):
        raise ManifestError(f"`{manifest.name}`: lists more than {FILES_LIMIT} files")
    for line in lines:
        if line.name in ("", ".", "..") or "/" in line.name or not line.name.isprintable():
            raise ManifestError(f"`{manifest.name}`: `{shown(line.name)}` is no file name")
    return lines


def verify_manifest(folder: Path, manifests: Sequence[Path], unlisted: Collection[str] = ()) -> list[str]:
    """
    Return what is wrong with a folder: files that are missing or other than listed, and files that nothing lists.

    `unlisted`: names that may be there besides. The sentences are in order; empty: all is well. A manifest that
    cannot be read is one of the faults.
    """
    faults: set[str] = set()
    known = {*unlisted, *(manifest.name for manifest in manifests)}
    for manifest in manifests:
        try:
            lines = listed_in(manifest)
        except ManifestError as error:
            faults.add(str(error))
            continue
        known.update(line.name for line in lines)
        faults.update(_faults(folder, manifest.name, lines))
    for name in sorted(os.listdir(folder)):
        if name not in known:
            faults.add(f"`{shown(name)}` is there, and no manifest lists it")
    return sorted(faults)


def _faults(folder: Path, manifest: str, lines: list[Listed]) -> Iterator[str]:
    for name in dict.fromkeys(line.name for line in lines):
        of_file = [line for line in lines if line.name == name]
        try:
            descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            yield f"`{name}` is listed in `{manifest}`, and {'is not there' if missing else 'is no plain file'}"
            continue
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            os.close(descriptor)
            yield f"`{name}` is listed in `{manifest}`, and is no plain file"
            continue
        with os.fdopen(descriptor, "rb") as file:
            digests = {line.algorithm: hashlib.new(line.algorithm, usedforsecurity=False) for line in of_file}
            while data := file.read(1024 * 1024):
                for digest in digests.values():
                    digest.update(data)
        for line in of_file:
            found = digests[line.algorithm].hexdigest()
            if (found, info.st_size) != (line.digest, line.size_bytes):
                yield (f"`{name}`: {line.algorithm} is {found} ({info.st_size} bytes), "
                       f"`{manifest}` says {shown(line.digest, 64)} ({line.size_bytes} bytes)")
