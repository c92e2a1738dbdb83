"""Bodhi: updates that are ready for tests, asked for, edited, pushed or thrown out."""
from __future__ import annotations

import hashlib
import re
from typing import Any

from trigger.field import mapping, number, sequence, text, value
from trigger.message import BusMessage
from trigger.topic import Reading, TopicSettings, one_event

_DIST = re.compile(r"(?:fc|f|el|epel)\d+", re.ASCII)


class BodhiReady:
    """
    `bodhi.update.status.testing.koji-build-group.build.complete`: test this update now.

    Sent when an update is made, when its builds change, and when somebody asks for the tests again (`re-trigger`).
    """

    names = ("bodhi.update.status.testing.koji-build-group.build.complete",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the update with its builds."""
        body = message.body
        builds = _nvrs(sequence(body, "artifact", "builds")) or _nvrs(sequence(body, "update", "builds"))
        alias = _alias(body)
        again = value(body, "re-trigger") is True or value(body, "re_trigger") is True
        facts = update_facts(body) | {"builds": builds, "retrigger": again, "action": "ready"}
        identity = f"bodhi:{alias}:ready:{_digest(builds)}" + (f":again:{message.occurrence}" if again else "")
        return one_event(message, (alias, "bodhi_update"), "BodhiUpdateReady", identity, facts)


class BodhiUpdate:
    """`bodhi.update.request.*`, `.edit`, `.complete.*`, `.eject`: something was done with an update."""

    names = ("bodhi.update.request.*", "bodhi.update.edit", "bodhi.update.complete.*", "bodhi.update.eject")

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the update, and what was done in `action` (`request.stable`, `edit`, ...)."""
        body = message.body
        action = message.name.removeprefix("bodhi.update.")
        alias = _alias(body)
        builds = _nvrs(sequence(body, "update", "builds"))
        facts = update_facts(body) | {"builds": builds, "retrigger": False, "action": action}
        kind = {"request": "BodhiUpdateRequest", "edit": "BodhiUpdateEdit", "complete": "BodhiUpdateComplete",
                "eject": "BodhiUpdateEject"}[action.partition(".")[0]]
        # The same can be asked for again after it was revoked: only the message tells the occurrences apart.
        return one_event(message, (alias, "bodhi_update"), kind,
                         f"bodhi:{alias}:{action}:{message.occurrence}", facts)


def update_facts(body: object) -> dict[str, Any]:
    """Return what rules ask of an update; every value may be None."""
    update, release = mapping(body, "update"), mapping(body, "update", "release")
    branch = text(release, "branch")
    dist = text(release, "dist_tag") or branch
    return {
        "update": _alias(body), "agent": text(body, "agent"), "status": text(update, "status"),
        "request": text(update, "request"), "critpath": value(update, "critpath") is True,
        "release": text(release, "version") or text(release, "name"), "distgit_branch": branch, "branch": branch,
        "dist": _dist_tag(dist), "number": number(update, "id"), "owner": text(update, "user", "name"),
    }


def _alias(body: object) -> str | None:
    """Return the name of the update: alias today, updateid or the builds in the title in older messages."""
    update = mapping(body, "update")
    return text(update, "alias") or text(update, "updateid") or text(update, "title")


def _nvrs(builds: Any) -> tuple[str, ...]:
    names = [text(build, "nvr") if isinstance(build, dict) else build for build in builds]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and len(name) <= 512))


def _digest(builds: tuple[str, ...]) -> str:
    """Return what is the same for the same builds in any order."""
    return hashlib.sha256(" ".join(sorted(builds)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _dist_tag(release: str | None) -> str | None:
    """Return `fc36` of `f36`, the word that releases of packages end in."""
    if release is None or not _DIST.fullmatch(release):
        return release
    return "fc" + release[1:] if release[0] == "f" and release[1:].isdigit() else release
