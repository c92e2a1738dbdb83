"""
Unpacks what a worker sent: a tar file made by a stranger's check.

Only plain files and folders below the target come out, with names that every
reader can handle; links, devices, pipes, absolute and climbing names are left
out and counted. Sizes and numbers are limited. A cut stream gives what was
whole. Nothing here needs Buildbot.
"""
from __future__ import annotations

import errno
import os
import tarfile
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

#: Parts of a name below the target.
_DEPTH_LIMIT = 16
#: Names of what was left out that are kept; the rest is only counted.
_SHOWN_LIMIT = 20


@dataclass
class Unpacked:
    """What came out of a tar file and what was left out."""

    files: int = 0
    #: Of content, not of blocks on the disk.
    size_bytes: int = 0
    #: Files and links that were left out.
    left_out: int = 0
    #: `name: reason`, the first twenty of what was left out.
    reasons: list[str] = field(default_factory=list)

    def leave_out(self, name: str, reason: str) -> None:
        """Count a member that stays out."""
        self.left_out += 1
        if len(self.reasons) < _SHOWN_LIMIT:
            self.reasons.append(f"{name.encode('unicode_escape').decode()[:120]}: {reason}")


def unpack(archive: Path, target: Path, limit_bytes: int, limit_files: int) -> Unpacked:
    """
    Unpack a plain tar file below `target`, which is made; return what came out.

    `limit_bytes`: of all files together; a file that goes beyond is left out. Raises OSError: our disk is full.
    """
    done = Unpacked()
    target.mkdir(mode=0o755, parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, mode="r:", errorlevel=0) as tar:
            # tarfile keeps every member it has seen: dropped, so that many members cost no memory
            for number, member in enumerate(tar):
                tar.members = []  # type: ignore[attr-defined]
                if number >= 4 * limit_files:
                    done.leave_out(member.name, "too many members; the rest was not read")
                    break
                _take(tar, member, target, (limit_bytes, limit_files), done)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        _refuse_full_disk(error)
        done.leave_out("the stream", f"ends early: {error}")
    return done


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, limits: tuple[int, int], done: Unpacked) -> None:
    """Write one member, or say why it stays out."""
    parts = _parts(member.name)
    if parts is None:
        done.leave_out(member.name, "the name is not allowed")
    elif member.isdir():
        if parts and not _made(target.joinpath(*parts)):
            done.leave_out(member.name, "a file has that name")
    elif member.issym() or member.islnk():
        done.leave_out(member.name, "links are not kept")
    elif not member.isreg() or member.issparse():
        done.leave_out(member.name, "not a plain file")
    elif not parts:
        done.leave_out(member.name, "the name is empty")
    elif done.files >= limits[1]:
        done.leave_out(member.name, f"more than {limits[1]} files")
    elif done.size_bytes + member.size > limits[0]:
        done.leave_out(member.name, f"more than {limits[0]} bytes in all")
    else:
        _write(tar, member, target.joinpath(*parts), done)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, done: Unpacked) -> None:
    source = tar.extractfile(member)
    if source is None or not _made(path.parent):
        done.leave_out(member.name, "a file stands where its folder should be")
        return
    try:
        # O_EXCL: a second member of that name, in whatever spelling, never writes over the first
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        _refuse_full_disk(error)
        done.leave_out(member.name, error.strerror or "cannot be written")
        return
    with os.fdopen(handle, "wb") as out:
        written = _copy(source, out)
    done.files += 1
    done.size_bytes += written
    if written < member.size:
        done.leave_out(member.name, f"cut after {written} of {member.size} bytes")


def _refuse_full_disk(error: Exception) -> None:
    """Raises OSError: what came is whole, and there is no place for it."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise error


def _copy(source: IO[bytes], out: IO[bytes]) -> int:
    """Copy as far as the stream goes; return how many bytes."""
    written = 0
    while True:
        try:
            block = source.read(1 << 20)
        except (tarfile.TarError, EOFError, OSError):
            return written
        if not block:
            return written
        out.write(block)
        written += len(block)


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError:
        return False
    return True


def _parts(name: str) -> tuple[str, ...] | None:
    """Return the name below the target, () for the target itself, None where it is not allowed."""
    if name.startswith("/") or len(name) > 1024:
        return None
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if len(parts) > _DEPTH_LIMIT or any(not _is_plain(part) for part in parts):
        return None
    return parts


def _is_plain(part: str) -> bool:
    if part == ".." or len(os.fsencode(part)) > 200 or "\\" in part:
        return False
    # control characters, line separators, direction marks and undecodable bytes make a name lie
    return not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn") for char in part)
