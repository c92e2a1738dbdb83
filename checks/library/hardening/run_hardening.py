"""
Are programs and libraries built so that a bug in them is hard to exploit, and is no file writable for everyone?

hardening-check says what an ELF file has. What is required is PIE and RELRO; the other measures are told and no more,
because not every program can have them. A regular file or a folder that everyone may write to is a fault, unless the
folder has the sticky bit.
"""
from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packages import packages_below, shortened
from payload import PackedFile, PayloadError, UnreadableError, counted, files_in, printable

#: Each measure: the line of hardening-check that tells it, and the option that stops requiring it.
MEASURES = {
    "pie": ("Position Independent Executable", "--nopie"),
    "relro": ("Read-only relocations", "--norelro"),
    "bindnow": ("Immediate binding", "--nobindnow"),
    "stackprotector": ("Stack protected", "--nostackprotector"),
    "fortify": ("Fortify Source functions", "--nofortify"),
    "cfprotection": ("Control flow integrity", "--nocfprotection"),
}
REQUIRED = ("pie", "relro")
#: Bytes of one program; what is larger is told and left out.
FILE_LIMIT = 512 * 1024 * 1024
#: Offsets and values in the header of an ELF file.
TYPE_OFFSET, EXECUTABLE, SHARED, DATA_OFFSET, BIG_ENDIAN = 16, 2, 3, 5, 2
#: Debuggers read these, nobody runs them.
DEBUG = "/usr/lib/debug/"
WRITABLE_FOR_ALL, STICKY = 0o002, 0o1000


@dataclass
class Findings:
    """What was found, as lines."""

    faults: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    programs: int = 0


def run(rpms: str, item: str, item_type: str = "koji_build", *, required: Iterable[str] = REQUIRED,
        arch: str | None = None) -> list[dict[str, Any]]:
    """
    Return one result for the item.

    `required` names the measures that a program must have: pie, relro, bindnow, stackprotector, fortify, cfprotection.
    Raises NoPackagesError, PayloadError: no verdict, and why; the run is NOT_OK.
    """
    required = tuple(required)
    unknown = [name for name in required if name not in MEASURES]
    if unknown:
        raise PayloadError(f"unknown measure `{unknown[0]}`; known: {', '.join(MEASURES)}")
    if shutil.which("hardening-check") is None:
        raise PayloadError("`hardening-check` is not installed; install it with `apt-get install devscripts` "
                           "(Debian) or `dnf install hardening-check` (Fedora)")
    packages, findings = packages_below(rpms, item), Findings()
    for package in packages:
        try:
            for file in files_in(package):
                look_at(package.name, file, required, findings)
        except UnreadableError as error:
            findings.unreadable.append(f"{printable(package.name)}: cannot be read: {error}")
    looked_at = f"{counted(findings.programs, 'program')} looked at"
    if findings.unreadable:
        outcome, summary = "NEEDS_INSPECTION", f"{len(findings.unreadable)} of {len(packages)} packages cannot be read"
    elif findings.faults:
        outcome, summary = "FAILED", f"{counted(len(findings.faults), 'fault')}; {looked_at}"
    else:
        outcome, summary = "PASSED", f"{', '.join(required)} everywhere; {looked_at}"
    result = {"item": item, "type": item_type, "outcome": outcome, "summary": summary,
              "details": {"output": shortened(findings.unreadable + findings.faults + findings.told)}}
    return [result | ({"arch": arch} if arch else {})]


def look_at(package: str, file: PackedFile, required: tuple[str, ...], findings: Findings) -> None:
    """Add what is to be said about one file."""
    where, whose = printable(file.path), f" ({printable(package.removesuffix('.rpm'))})"
    is_shared_folder = file.kind == "folder" and bool(file.mode & STICKY)
    if file.mode & WRITABLE_FOR_ALL and file.kind != "other" and not is_shared_folder:
        findings.faults.append(f"{where}: everyone may write to it (mode {file.mode:04o}){whose}")
    if file.content is None or file.path.startswith(DEBUG):
        return
    head = file.content.read(64)
    if not is_program(head):
        return
    with tempfile.NamedTemporaryFile(prefix="elf-") as copy:
        copy.write(head)
        size = len(head)
        while chunk := file.content.read(1024 * 1024):
            size += len(chunk)
            if size > FILE_LIMIT:
                findings.told.append(f"{where}: not looked at, more than {FILE_LIMIT} bytes{whose}")
                return
            copy.write(chunk)
        copy.flush()
        findings.programs += 1
        missing, absent = measured(Path(copy.name), required)
    if missing:
        findings.faults.append(f"{where}: without {', '.join(missing)}{whose}")
    if absent:
        findings.told.append(f"{where}: could also have {', '.join(absent)}{whose}")


def is_program(head: bytes) -> bool:
    """True for a program or a shared library; object files and core dumps are none."""
    if len(head) < TYPE_OFFSET + 2 or head[:4] != b"\x7fELF":
        return False
    kind = head[TYPE_OFFSET:TYPE_OFFSET + 2]
    return int.from_bytes(kind, "big" if head[DATA_OFFSET] == BIG_ENDIAN else "little") in (EXECUTABLE, SHARED)


def measured(path: Path, required: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the required measures that the file lacks, hardening-check's own verdict, and the others it lacks."""
    options = [option for name, (_, option) in MEASURES.items() if name not in required]
    done = subprocess.run(["hardening-check", *options, str(path)], capture_output=True, text=True, check=False,
                          errors="replace", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    if done.returncode not in (0, 1) or not done.stdout:
        raise PayloadError(f"hardening-check ended with {done.returncode}: {done.stderr.strip()[-1000:]}")
    # " Read-only relocations: no, not found!" or " Stack protected: no, not found (ignored)"; see hardening-check(1)
    said = re.finditer(r"^ (.+?): no(.*)$", done.stdout, re.MULTILINE)
    lacking = {match[1]: "(ignored)" in match[2] for match in said}
    missing = [name for name in required if MEASURES[name][0] in lacking and not lacking[MEASURES[name][0]]]
    if bool(missing) != (done.returncode == 1):
        raise PayloadError(f"hardening-check ended with {done.returncode} and said: {done.stdout.strip()[-1000:]}")
    return missing, [name for name in MEASURES if name not in required and MEASURES[name][0] in lacking]
