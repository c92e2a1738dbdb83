"""Files that reporters write for a run: what they are called, and how they come to be whole."""
from __future__ import annotations

import os
from pathlib import Path

from checks.build_id import is_standalone
from checks.item import slug
from reporting.reporter import ReportedRun


def file_name(run: ReportedRun) -> str:
    """Return a name for the files of a run: its build id, or what it was about where it was by hand."""
    if not is_standalone(run.build_id):
        return run.build_id
    return slug(f"{run.report.testcase}-{run.report.item}-{run.report.arch}")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never half of it."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
