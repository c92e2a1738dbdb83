"""
Why a PostgreSQL does not answer the master: a few words that everyone may read, and what the operator does.

What PostgreSQL says itself names hosts and users: that is for the log. A refusal of a new
connection comes without a code, only in words; in another language than English it is
taken for a server that cannot be reached, and the log still has its own words.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from buildbot_master.parts.full_disk import is_full_disk


@dataclass(frozen=True)
class Reason:
    """One kind of absence."""

    #: For the pages; fits between brackets.
    words: str
    #: For the log: what ends it.
    advice: str


SILENT = Reason("PostgreSQL does not answer",
                "look at PostgreSQL's host: its load, its disk, the network to it")
FULL = Reason("the disk of PostgreSQL is full", "make room on PostgreSQL's disk")
CROWDED = Reason("PostgreSQL has no connection left",
                 "raise its max_connections (or the role's limit), or end what has them; a master needs 6, at times 12")
REFUSED = Reason("PostgreSQL does not let the master in",
                 "let its user in again (password, pg_hba.conf, rights); or put the right `database_url` into "
                 "settings.json and restart the master, whose running builds then run again")
MISSING = Reason("PostgreSQL does not have the master's database",
                 "restore it from its backup, and the master goes on; or begin with an empty one, without what waited: "
                 "create it, remove `.database-version` in the master's folder, restart the master")
CHANGING = Reason("PostgreSQL is starting or stopping", "nothing, unless it lasts; PostgreSQL's log says what it does")
UNREACHED = Reason("PostgreSQL cannot be reached",
                   "start PostgreSQL, or mend the way to it; its log says more, and `database_url` in settings.json "
                   "says where the master looks")

#: The first one of which a word is said counts.
_SAID: tuple[tuple[Reason, tuple[str, ...]], ...] = (
    (CROWDED, ("too many clients", "too many connections", "connection slots")),
    (CHANGING, ("starting up", "shutting down", "in recovery mode", "not yet accepting")),
    (MISSING, ("is not currently accepting connections", 'relation "')),
    (REFUSED, ("authentication failed", "pg_hba.conf", "no password supplied", "is not permitted to log in",
               "permission denied", 'role "')),
    (MISSING, ("does not exist",)),
)
_CODES = {"53300": CROWDED, "57P01": CHANGING, "57P02": CHANGING, "57P03": CHANGING, "42P01": MISSING, "3D000": MISSING,
          "42501": REFUSED, "28P01": REFUSED, "28000": REFUSED}


def reason_of(error: Any) -> Reason:
    """Return the reason for an error of SQLAlchemy's."""
    if is_full_disk(error):
        return FULL
    said, code = said_by(error), code_of(error)
    if code in _CODES:
        return _CODES[code]
    return next((reason for reason, words in _SAID if any(word in said for word in words)), UNREACHED)


def said_by(error: Any) -> str:
    """Return what the driver said, in one line; never the question, which may hold anything."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def code_of(error: Any) -> str:
    """Return PostgreSQL's code of an error, empty where it came without one."""
    own = getattr(error, "orig", None)
    return getattr(own, "sqlstate", None) or getattr(own, "pgcode", None) or ""
