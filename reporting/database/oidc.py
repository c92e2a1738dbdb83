"""
Users of an OpenID Connect provider: asks it about each token (RFC 7662), and a file about permissions.

Which groups a user is in, the original asks LDAP; here the provider says it
with the token, in a claim. The file is described in `permissions_file`.
"""
from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from reporting.database.access import Identity, Permission
from reporting.database.exchange import ApiError

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10
_TRIES = 2


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Where and as whom to ask."""

    introspection_url: str
    client_id: str
    client_secret: str
    #: The claim that names the user.
    username_field: str = "uid"
    #: The claim that lists the user's groups.
    groups_field: str = "groups"


class OidcProvider:
    """See `IdentityProvider`."""

    def __init__(self, settings: OidcSettings, permissions: list[Permission]) -> None:
        self._settings = settings
        self._permissions = permissions

    def identity_of(self, token: str) -> Identity | None:
        claims = self._introspected(token)
        user, groups = claims.get(self._settings.username_field), claims.get(self._settings.groups_field)
        if claims.get("active") is not True or not isinstance(user, str) or not user:
            return None
        listed = groups if isinstance(groups, list) else []
        # Keycloak writes a group as its path: `/qa`
        return Identity(user, frozenset(group.removeprefix("/") for group in listed if isinstance(group, str)))

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
