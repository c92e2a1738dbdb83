"""
Work that Buildbot does again and again in each build, done once.

Buildbot 4.3 writes each property of a build in a transaction of its own, twenty
a build that each wait for the disk, and reads and renders all of them five
times a build. Here they are one transaction, when one has changed. And its
table of endpoints is made anew for each look into it, because nothing notes
that it was made.
"""
from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import sqlalchemy as sa
from buildbot.util.service import BuildbotService
from twisted.internet import defer

#: Builds whose properties are remembered; more are never under way at a time.
_REMEMBERED = 1000


class WorkOnce(BuildbotService):  # type: ignore[misc]
    """Stands in for Buildbot's way of writing properties."""

    name = "work-once"

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        data = self.master.data
        #: Build -> its properties as they are in the database: name -> (JSON, source).
        self._written: OrderedDict[int, dict[str, tuple[str, str]]] = OrderedDict()
        self._owner = data.rtypes.property
        data.updates.setBuildProperties = self.set_build_properties
        data.matcher._compile()
        data.matcher._dirty = False

    def stopService(self) -> Any:
        updates = self.master.data.updates
        # a reconfig may have put another of us there
        if updates.setBuildProperties == self.set_build_properties:
            updates.setBuildProperties = self._owner.setBuildProperties
        return super().stopService()

    @defer.inlineCallbacks
    def set_build_properties(self, buildid: int, properties: Any) -> Any:
        """Write what has changed, and tell those who listen; as Buildbot's method of that name."""
        values = yield _rendered(properties.getProperties())
        texts = {name: (json.dumps(value), source) for name, (value, source) in values.items()}
        known = self._written.get(buildid, {})
        changed = {name: text for name, text in texts.items() if known.get(name) != text}
        if not changed:
            return
        for name, (_, source) in changed.items():
            table = self.master.db.model.build_properties
            self.master.db.builds.checkLength(table.c.name, name)
            self.master.db.builds.checkLength(table.c.source, source)
        yield self.master.db.pool.do_with_transaction(_write, self.master.db.model, buildid, changed)
        self._written[buildid] = texts
        while len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)
        yield self._owner.generateUpdateEvent(buildid, {name: values[name] for name in changed})


@defer.inlineCallbacks
def _rendered(properties: Any) -> Any:
    """Return name -> (value, source), with plain values."""
    values = properties.asDict()
    odd = {name: pair for name, pair in values.items() if not _is_plain(pair[0])}
    if odd:
        values |= yield properties.render(odd)
    return values


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(one) for name, one in value.items())
    return value is None or isinstance(value, (str, int, float))


def _write(connection: Any, model: Any, buildid: int, changed: dict[str, tuple[str, str]]) -> None:
    table = model.build_properties
    there = {row.name for row in connection.execute(
        sa.select(table.c.name).where(table.c.buildid == buildid, table.c.name.in_(list(changed))))}
    new = [{"buildid": buildid, "name": name, "value": text, "source": source}
           for name, (text, source) in changed.items() if name not in there]
    if new:
        connection.execute(table.insert(), new)
    for name in there:
        text, source = changed[name]
        connection.execute(table.update().where(table.c.buildid == buildid, table.c.name == name)
                           .values(value=text, source=source))
