"""
No two buildsets of one key: the database itself refuses the second, whoever adds it and whoever dies meanwhile.

Two doors that take the same message at once must not both find its key new, nor a
door whose first try went on in a database that was away. A lock would be lost with
its connection; an index is not.

Rebuild copies the key of the buildset that it repeats, and `trigger cancel` finds
it by that. It is told by its `rebuilt_buildid`; where it has none, because nothing
had been built, it goes without the key.
"""
from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_ONE_KEY = "checkotron_buildsets_one_key"
#: Buildbot has none for looking a key up.
_LOOK_UP = "CREATE INDEX IF NOT EXISTS checkotron_buildsets_key ON buildsets (external_idstring)"
_MAKE_ONE_KEY = ("CREATE UNIQUE INDEX checkotron_buildsets_one_key ON buildsets (external_idstring) "
                 "WHERE rebuilt_buildid IS NULL")
_FORGET_DOUBLED = """UPDATE buildsets SET external_idstring = NULL
    WHERE external_idstring IS NOT NULL AND rebuilt_buildid IS NULL AND id NOT IN (
        SELECT min(id) FROM buildsets WHERE rebuilt_buildid IS NULL GROUP BY external_idstring)"""
#: Keeps two masters that start at once from making the same index.
_LOCK = sa.text("SELECT pg_advisory_xact_lock(1667851892)")
#: On Buildbot's connector, once it is ours.
_ATTRIBUTE = "checkotron_keys"


class Key(str):
    """The key of a job, as the door hands it to Buildbot."""

    __slots__ = ()


def make_indexes(connection: Any) -> None:
    """Let each key be there once; of buildsets that older versions doubled, the first keeps it."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    connection.execute(sa.text(_LOOK_UP))
    if _ONE_KEY not in {one["name"] for one in sa.inspect(connection).get_indexes("buildsets")}:
        connection.execute(sa.text(_FORGET_DOUBLED))
        connection.execute(sa.text(_MAKE_ONE_KEY))
    connection.commit()


def keep_keys_apart(connector: Any) -> None:
    """Let `master.db.buildsets` drop a key that neither the door nor a known Rebuild gives; safe to call twice."""
    own = getattr(connector, _ATTRIBUTE, None) or connector.addBuildset
    setattr(connector, _ATTRIBUTE, own)

    def add_buildset(*arguments: Any, external_idstring: str | None = None, rebuilt_buildid: int | None = None,
                     **rest: Any) -> Any:
        is_known = isinstance(external_idstring, Key) or rebuilt_buildid is not None
        return own(*arguments, external_idstring=external_idstring if is_known else None,
                   rebuilt_buildid=rebuilt_buildid, **rest)

    connector.addBuildset = add_buildset
