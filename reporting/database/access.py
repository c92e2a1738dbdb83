"""
Who may write: tokens with scopes, made by `checkotron results token`.

A scope is a pattern of testcase names (`dist.*`); a token may write where one
of its scopes matches. Only a digest of a token is stored.
"""
from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol

from reporting.database.exchange import ApiError, Request
from reporting.database.sql.dialect import Sql
from reporting.database.storage import Storage

#: Lets a secret scanner and a person know what it is.
_PREFIX = "ckt_"
_UNAUTHORIZED = ("401 Unauthorized: The server could not verify that you are authorized to access the URL requested. "
                 "You either supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand "
                 "how to supply the credentials required.")
_FORBIDDEN = ("403 Forbidden: You don't have the permission to access the requested resource. It is either "
              "read-protected or not readable by the server.")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose request it is."""

    user: str
    #: Groups of the provider that the user is in.
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Permission:
    """These users, and members of these groups, may write results of testcases that match one of the patterns."""

    users: tuple[str, ...]
    #: None: a permission that names no testcases, so grants none.
    testcases: tuple[str, ...] | None
    #: As configured, shown by /api/v3/permissions.
    shown: dict[str, Any]
    groups: tuple[str, ...] = ()

    def matches(self, testcase: str) -> bool:
        """True where one pattern matches."""
        return any(fnmatchcase(testcase, pattern) for pattern in self.testcases or ())

    def is_for(self, identity: Identity) -> bool:
        """True where it names the user or one of the user's groups."""
        return identity.user in self.users or not identity.groups.isdisjoint(self.groups)


class IdentityProvider(Protocol):
    """Says whose a token is. Called for every request that writes; calls overlap."""

    def identity_of(self, token: str) -> Identity | None:
        """Return whose token it is, None where it is not or no longer good. Raises ApiError (502): cannot tell."""
        ...

    def permissions(self) -> list[Permission]:
        """Return every permission."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is stored."""

    name: str
    scopes: tuple[str, ...]
    #: Seconds since 1970.
    created: int


class LocalTokens:
    """The identity provider over the tokens in our own database."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def identity_of(self, token: str) -> Identity | None:
        rows = self._storage.rows(Sql("SELECT name FROM api_token WHERE digest = ?", (_digest(token),)))
        return Identity(rows[0][0]) if rows else None

    def permissions(self) -> list[Permission]:
        return [Permission((token.name,), token.scopes,
                           {"users": [token.name], "groups": [], "testcases": list(token.scopes)})
                for token in list_tokens(self._storage)]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def create_token(storage: Storage, name: str, scopes: tuple[str, ...]) -> str:
    """Store a new token, which replaces the one of that name; return it: it cannot be read again."""
    token = _PREFIX + secrets.token_urlsafe(32)
    storage.change([Sql("DELETE FROM api_token WHERE name = ?", (name,)),
                    Sql("INSERT INTO api_token (name, digest, scopes, created) VALUES (?, ?, ?, ?)",
                        (name, _digest(token), json.dumps(scopes), int(time.time())))])
    return token


def list_tokens(storage: Storage) -> list[Token]:
    """Return every token, sorted by name."""
    rows = storage.rows(Sql("SELECT name, scopes, created FROM api_token ORDER BY name"))
    return [Token(name, tuple(json.loads(scopes)), created) for name, scopes, created in rows]


def revoke_token(storage: Storage, name: str) -> bool:
    """Delete a token; True where there was one."""
    return storage.change([Sql("DELETE FROM api_token WHERE name = ?", (name,))]) > 0


def authenticated(request: Request, provider: IdentityProvider, takes_basic: bool = False) -> Identity:
    """
    Return whose request it is. Raises ApiError: 401 without a bearer token, 403 with a bad one.

    `takes_basic`: the token may also come as the password of its user, as the clients of v2.0 send it.
    """
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    user, token = None, token.strip()
    if takes_basic and scheme.lower() == "basic":
        user, token = _user_and_password(token)
    elif scheme.lower() != "bearer":
        token = ""
    if not token:
        ways = 'Basic realm="results", Bearer' if takes_basic else "Bearer"
        raise ApiError(401, _UNAUTHORIZED, {"WWW-Authenticate": ways})
    identity = provider.identity_of(token)
    if identity is None or user not in (None, identity.user):
        raise ApiError(403, _FORBIDDEN)
    return identity


def _user_and_password(encoded: str) -> tuple[str, str]:
    """Return what Basic authentication says (RFC 7617); the password is empty where it says nothing readable."""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


def authorize(identity: Identity, testcase: str, provider: IdentityProvider, looked_up: str | None = None) -> None:
    """Raise ApiError (403) unless the user may write that testcase. `looked_up`: the name to match instead."""
    name = testcase if looked_up is None else looked_up
    if not any(permission.is_for(identity) and permission.matches(name) for permission in provider.permissions()):
        raise ApiError(403, f"403 Forbidden: User {identity.user} is not authorized to submit results for the "
                            f"test case {testcase}")
