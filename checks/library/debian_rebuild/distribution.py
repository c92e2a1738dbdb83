"""Which distribution to build for: $CHECKOTRON_DEBIAN_DISTRIBUTION, else the one that this machine is."""
from __future__ import annotations

import os
import re
from pathlib import Path

VARIABLE = "CHECKOTRON_DEBIAN_DISTRIBUTION"
OS_RELEASE = Path("/etc/os-release")


class DistributionError(RuntimeError):
    """Raised where nobody says what to build for: the run is NOT_OK."""


def distribution() -> dict[str, str]:
    """Return {"codename": "bookworm"}."""
    given = os.environ.get(VARIABLE)
    if given:
        return {"codename": given}
    text = OS_RELEASE.read_text(encoding="utf-8", errors="replace") if OS_RELEASE.is_file() else ""
    codename = re.search(r'^VERSION_CODENAME="?([a-z0-9.+-]+)"?$', text, re.MULTILINE)
    if codename is None or not re.search(r'^ID(?:_LIKE)?="?(?:\S+ )*debian', text, re.MULTILINE):
        raise DistributionError(f"this machine is no Debian; set ${VARIABLE} to the codename to build for")
    return {"codename": codename[1]}
