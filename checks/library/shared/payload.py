"""
The files inside a package, read as a stream: nothing is unpacked to disk, so no path in a package can lead anywhere.

Of the checks shebangs and hardening.
"""
from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: Characters of an answer.


class PayloadError(RuntimeError):
    """Raised where there is no verdict for a reason that is not the package's: the run is NOT_OK."""


class UnreadableError(Exception):
    """Raised when a package, or what is inside it, cannot be read."""


@dataclass(frozen=True)
class PackedFile:
    """One file inside a package."""

    #: Absolute, `/usr/bin/xchat`.
    path: str
    #: Permission bits.
    mode: int
    #: `file`, `folder` or `other`, a link for example.
    kind: str
    #: The beginning or all of its bytes; to be read before the next file is asked for.
    content: IO[bytes] | None


def files_in(package: Path) -> Iterator[PackedFile]:
    """Yield the files of a package in its order. Raises UnreadableError: it is no package, or broken."""
    with package.open("rb") as file:
        try:
            unpack = subprocess.Popen(["rpm2archive", "-"], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except FileNotFoundError:
            raise PayloadError("`rpm2archive` is not installed; install it with `apt-get install rpm` (Debian) or "
                               "`dnf install rpm` (Fedora)") from None
    with unpack:
        assert unpack.stdout is not None
        assert unpack.stderr is not None
        told = ""
        try:
            with tarfile.open(fileobj=unpack.stdout, mode="r|*") as archive:
                for entry in archive:
                    yield _packed(archive, entry)
            # the archive ends before the stream does; unread, rpm2archive would never come to its end
            while unpack.stdout.read(1024 * 1024):
                pass
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            told = str(error)
        finally:
            unpack.stdout.close()
        complaint = unpack.stderr.read(4000).decode("utf-8", "replace").strip()
        # a package without files is an archive without entries; whether it was a package the exit code says
        if unpack.wait() != 0 or (told and "empty" not in told):
            raise UnreadableError(printable(complaint or told or f"rpm2archive ended with {unpack.returncode}")[:300])


def _packed(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> PackedFile:
    path = "/" + entry.name.removeprefix("./").lstrip("/")
    kind = "file" if entry.isreg() or entry.islnk() else "folder" if entry.isdir() else "other"
    return PackedFile(path, entry.mode & 0o7777, kind, archive.extractfile(entry) if entry.isreg() else None)


def counted(number: int, word: str) -> str:
    """Return "1 script", "2 scripts"."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def printable(text: str) -> str:
    """Return the text without control characters: names inside a package may hold any byte."""
    return "".join(char if char.isprintable() else _hex(char) for char in text)


def _hex(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
