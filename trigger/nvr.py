"""What the name of a build tells: its parts, its dist tag, its branch."""
from __future__ import annotations

import re
from typing import Any

_DIST = re.compile(r"\.(fc|el|eln|epel|amzn|mga)(\d*)(?:_(\d+))?", re.ASCII)


def nvr_facts(nvr: str | None) -> dict[str, Any]:
    """Return name, version, release, nvr, dist (`fc36`) and distgit_branch (`f36`) of a build's name."""
    if nvr is None or nvr.count("-") < 2:
        return {"name": None, "version": None, "release": None, "nvr": nvr, "dist": None, "distgit_branch": None}
    name, version, release = nvr.rsplit("-", 2)
    dist, branch = dist_of(release)
    return {"name": name, "version": version, "release": release, "nvr": nvr, "dist": dist, "distgit_branch": branch}


def dist_of(release: str) -> tuple[str | None, str | None]:
    """Return dist tag and dist-git branch of a release: `1.fc36` gives (`fc36`, `f36`), `1.el8` (`el8`, `epel8`)."""
    matches = list(_DIST.finditer(release))
    if not matches:
        return None, None
    family, major = matches[-1].group(1), matches[-1].group(2)
    dist = family + major
    branch = {"fc": f"f{major}", "el": f"epel{major}", "epel": f"epel{major}", "eln": "eln"}.get(family)
    return dist, branch
