"""Secrets by Buildbot's own provider: a folder with a file a secret, each readable by its owner only."""
from __future__ import annotations

from typing import Any

from buildbot.plugins import secrets

from buildbot_master.parts.settings import Settings


def secrets_providers(settings: Settings) -> list[Any]:
    """Return `c['secretsProviders']`; Buildbot refuses a folder that others may read."""
    if not settings.secrets_folder:
        return []
    return [secrets.SecretInAFile(dirname=str(settings.path(settings.secrets_folder)))]
