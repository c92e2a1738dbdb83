"""Composes and modules: what pungi and the module build service finish."""
from __future__ import annotations

from trigger.field import number, text, word
from trigger.message import BusMessage
from trigger.topic import Reading, TopicSettings, nothing, one_event

#: What a compose ends with when there is something to test; it may lack parts that are allowed to fail.
_FINISHED = ("FINISHED", "FINISHED_INCOMPLETE")
#: The module build service's number for `ready`.
_READY = 5


class Compose:
    """`pungi.compose.status.change`: a compose that is finished."""

    names = ("pungi.compose.status.change",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the compose."""
        body = message.body
        status = text(body, "status")
        if status not in _FINISHED:
            return nothing(f"the compose is {status}, not FINISHED")
        compose = text(body, "compose_id")
        location = text(body, "location")
        facts = {"compose_id": compose, "location": location, "status": status,
                 "release": text(body, "release_short") or _release(compose)}
        return one_event(message, (compose or location, "compose"), "ComposeFinished",
                         f"compose:{compose or location}:finished", facts)


class Module:
    """`mbs.module.state.change`: a module that is ready."""

    names = ("mbs.module.state.change",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the module build."""
        body = message.body
        state = text(body, "state_name") or word(body, "state")
        if number(body, "state") != _READY and state != "ready":
            return nothing(f"the module is {state}, not ready")
        name, stream, version = text(body, "name"), text(body, "stream"), word(body, "version")
        if name is None or stream is None or version is None:
            return nothing("names no module")
        context = text(body, "context")
        # A dash in a stream is written as an underscore in the name of the build, as Koji has it.
        item = f"{name}-{stream.replace('-', '_')}-{version}" + (f".{context}" if context else "")
        facts = {"name": name, "stream": stream, "version": version, "state": "ready", "owner": text(body, "owner"),
                 "build_id": number(body, "id")}
        return one_event(message, (item, "module_build"), "ModuleBuildComplete", f"module:{item}:ready", facts)


def _release(compose: str | None) -> str | None:
    """Return `Fedora-24` of `Fedora-24-20151208.n.7`."""
    return compose.rsplit("-", 1)[0] if compose and "-" in compose else None
