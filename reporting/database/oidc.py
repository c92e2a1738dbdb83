"""
Users of an OpenID Connect provider: asks it about each token (RFC 7662), and a file about permissions.

The file is a YAML or JSON list as in the original's PERMISSIONS:
`{users: [...], testcases: [patterns], ...}`. LDAP groups are not looked up.
"""
from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting.database.access import Permission
from reporting.database.exchange import ApiError

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10
_TRIES = 2


class PermissionsFileError(ValueError):
    """Raised when the file cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Where and as whom to ask."""

    introspection_url: str
    client_id: str
    client_secret: str
    #: The claim that names the user.
    username_field: str = "uid"


class OidcProvider:
    """See `IdentityProvider`."""

    def __init__(self, settings: OidcSettings, permissions: list[Permission]) -> None:
        self._settings = settings
        self._permissions = permissions

    def user_of(self, token: str) -> str | None:
        claims = self._introspected(token)
        user = claims.get(self._settings.username_field)
        return user if claims.get("active") is True and isinstance(user, str) and user else None

    def permissions(self) -> list[Permission]:
        return self._permissions

    def _introspected(self, token: str) -> dict[str, Any]:
        import requests

        settings = self._settings
        for left in reversed(range(_TRIES)):
            try:
                answer = requests.post(
                    settings.introspection_url, data={"token": token, "token_type_hint": "access_token"},
                    auth=(settings.client_id, settings.client_secret), timeout=_TIMEOUT_SECONDS)
                answer.raise_for_status()
                claims = answer.json()
                return claims if isinstance(claims, dict) else {}
            except (requests.RequestException, ValueError) as error:
                if left:  # connections to providers are often reset
                    continue
                logger.warning("identity provider does not answer; the request was refused",
                               extra={"fault": type(error).__name__})
        raise ApiError(502, "Bad Gateway")


def read_permissions(path: Path) -> list[Permission]:
    """Return the permissions of a file. Raises PermissionsFileError with every fault."""
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PermissionsFileError(f"{path}: cannot be read: {error}") from None
    if not isinstance(found, list) or not found:
        raise PermissionsFileError(f"{path}: expected a list of permissions, at least one")
    faults = [f"{path}, [{number}]: {fault}" for number, each in enumerate(found) for fault in _faults(each)]
    if faults:
        raise PermissionsFileError("\n".join(faults))
    return [Permission(tuple(each.get("users", ())), tuple(each["testcases"]) if "testcases" in each else None, each)
            for each in found]


def _faults(each: Any) -> list[str]:
    if not isinstance(each, dict):
        return [f"expected an object, got {type(each).__name__}"]
    return [f"`{key}`: expected a list of texts" for key in ("users", "groups", "testcases")
            if not isinstance(each.get(key, []), list) or not all(isinstance(text, str) for text in each.get(key, []))]
