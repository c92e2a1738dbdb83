"""
No two buildsets of one key: the database itself refuses the second, whoever adds it and whoever dies meanwhile.

Two doors that take the same message at once must not both find its key new, nor a
door whose first try went on in a database that was away. A lock would be lost with
its connection; an index is not.

Rebuild copies the key of the buildset that it repeats. Only those that the door
adds keep theirs: a Rebuild has its own ways to be known (`rebuilt_buildid`).
"""
from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_INDEX = "checkotron_buildsets_one_key"
#: What older versions had.
_OLD_INDEX = "checkotron_buildsets_key"
#: Keeps two masters that start at once from making the same index.
_LOCK = sa.text("SELECT pg_advisory_xact_lock(1667851892)")
#: On Buildbot's connector, once it is ours.
_ATTRIBUTE = "checkotron_keys"


class Key(str):
    """The key of a job, as the door hands it to Buildbot."""

    __slots__ = ()


def make_index(connection: Any) -> None:
    """Let each key be there once; of buildsets that older versions doubled, or Rebuild copied, the first keeps it."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    there = {one["name"] for one in sa.inspect(connection).get_indexes("buildsets")}
    if _INDEX not in there:
        connection.execute(sa.text(
            "UPDATE buildsets SET external_idstring = NULL WHERE external_idstring IS NOT NULL AND id NOT IN "
            "(SELECT min(id) FROM buildsets WHERE external_idstring IS NOT NULL GROUP BY external_idstring)"))
        connection.execute(sa.text(f"CREATE UNIQUE INDEX {_INDEX} ON buildsets (external_idstring)"))
    connection.execute(sa.text(f"DROP INDEX IF EXISTS {_OLD_INDEX}"))
    connection.commit()


def keep_keys_for_the_door(connector: Any) -> None:
    """Let `master.db.buildsets` drop every key that is not the door's; safe to call twice."""
    own = getattr(connector, _ATTRIBUTE, None) or connector.addBuildset
    setattr(connector, _ATTRIBUTE, own)

    def add_buildset(*arguments: Any, external_idstring: str | None = None, **rest: Any) -> Any:
        is_ours = type(external_idstring).__name__ == Key.__name__
        return own(*arguments, external_idstring=external_idstring if is_ours else None, **rest)

    connector.addBuildset = add_buildset
