"""Where the file of a check lies on the master: the settings' own folders, the library, or a mirror."""
from __future__ import annotations

from pathlib import Path

from buildbot_master.parts.settings import Settings
from checks.catalogue import library_folder
from checks.description import CheckFileError, load_check


def own_check_path(settings: Settings, taskname: str) -> Path | None:
    """Return the folder of a check in one of the settings' folders of checks; None where it is in none of them."""
    for folder in settings.check_folders:
        path = settings.path(folder) / taskname
        if path.is_dir():
            return path
    return None


def check_path(settings: Settings, taskname: str) -> Path | None:
    """Return the folder of a check that lies on the master, None where none does."""
    if not taskname or "/" in taskname or taskname.startswith("."):
        return None
    if own := own_check_path(settings, taskname):
        return own
    path = library_folder() / taskname
    return path if path.is_dir() else None


def testcase_of(settings: Settings, taskname: str) -> str:
    """Return the full name of a check, `dist.rpmlint`; "" where its file is not here or has faults."""
    path = check_path(settings, taskname)
    try:
        return load_check(path).testcase if path else ""
    except CheckFileError:
        return ""
