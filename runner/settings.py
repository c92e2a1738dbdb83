"""Where outside services are: read from the environment once, at the edge, and passed in."""
from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from checks.addresses import default_state_folder

#: Setting: the environment variables that give it, the first that is set wins.
FROM_ENVIRONMENT = {
    "koji_store": ("CHECKOTRON_KOJI_STORE",),
    "koji_hub": ("CHECKOTRON_KOJI_HUB", "KOJI_HUB_URL"),
    "koji_topurl": ("CHECKOTRON_KOJI_TOPURL", "KOJI_TOP_URL"),
    "bodhi_url": ("CHECKOTRON_BODHI_URL", "BODHI_URL"),
    "distgit_url": ("CHECKOTRON_DISTGIT_URL",),
    "releases": ("CHECKOTRON_RELEASES",),
    "resultsdb_url": ("CHECKOTRON_RESULTS_URL",),
    "addresses": ("CHECKOTRON_ADDRESSES",),
}


def settings_from(environ: Mapping[str, str], **given: str | None) -> dict[str, str]:
    """Return the settings; what is given by name goes before the environment."""
    settings = {}
    for name, variables in FROM_ENVIRONMENT.items():
        value = given.get(name) or next((environ[key] for key in variables if environ.get(key)), None)
        if value:
            settings[name] = value
    return settings


def check_folders(environ: Mapping[str, str]) -> list[Path]:
    """Return where checks are looked for by name: $CHECKOTRON_CHECKS, then the library."""
    from checks.catalogue import library_folder

    named = [Path(part) for part in environ.get("CHECKOTRON_CHECKS", "").split(os.pathsep) if part]
    return [*named, library_folder()]


def workspaces_folder(environ: Mapping[str, str], open_to_all: bool = False) -> Path:
    """
    Return where workspaces are made: $CHECKOTRON_WORKSPACES, else the folder for temporary files.

    `open_to_all`: the user of a sandbox must be able to enter it; a private
    folder for temporary files is passed over then.
    """
    if named := environ.get("CHECKOTRON_WORKSPACES"):
        return Path(named)
    # not tempfile: loading it costs more than everything else here
    folders = [Path(environ.get("TMPDIR") or "/tmp"), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    if open_to_all and os.geteuid() == 0:
        folders = [folder for folder in folders if folder.is_dir() and _is_open(folder)] or folders
    return folders[0]


def runs_folder(environ: Mapping[str, str]) -> Path:
    """Return where runs by hand leave their artifacts."""
    return default_state_folder(environ) / "runs"


def _is_open(folder: Path) -> bool:
    """True where everybody may enter the folder and all above it."""
    return all(part.stat().st_mode & 0o001 for part in (folder.resolve(), *folder.resolve().parents))


def caches_folder(environ: Mapping[str, str]) -> Path:
    """Return where caches are kept: $CHECKOTRON_CACHES, else below $XDG_CACHE_HOME or ~/.cache."""
    if named := environ.get("CHECKOTRON_CACHES"):
        return Path(named)
    return Path(environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME", "/"), ".cache")) / "checkotron"


def secrets_folder(environ: Mapping[str, str]) -> Path | None:
    """Return where secrets are: $CHECKOTRON_SECRETS."""
    return Path(environ["CHECKOTRON_SECRETS"]) if environ.get("CHECKOTRON_SECRETS") else None


def roots_folder(environ: Mapping[str, str]) -> Path | None:
    """Return where roots for the sandbox are: $CHECKOTRON_ROOTS."""
    return Path(environ["CHECKOTRON_ROOTS"]) if environ.get("CHECKOTRON_ROOTS") else None
