"""Copr: builds that end well in one chroot."""
from __future__ import annotations

from typing import Any

from trigger.field import number, text, word
from trigger.message import BusMessage
from trigger.topic import Reading, TopicSettings, nothing, one_event

#: Copr's number for a build that succeeded; 0 failed, 3 runs, 4 waits.
_SUCCEEDED = 1


class CoprBuild:
    """`copr.build.end`: an event a chroot; the build of the source package itself is none."""

    names = ("copr.build.end",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the build that succeeded."""
        body = message.body
        status = number(body, "status")
        if status != _SUCCEEDED:
            return nothing(f"the build ended with status {status}; only 1 (succeeded) counts")
        chroot = text(body, "chroot")
        if chroot == "srpm-builds":
            return nothing("the build of a source package; its binaries come with other messages")
        owner, project, build = text(body, "owner") or text(body, "user"), text(body, "copr"), word(body, "build")
        if owner is None or project is None or build is None:
            return nothing("names no owner, project or build")
        item = f"{owner}/{project}#{build}" + (f"#{chroot}" if chroot else "")
        facts: dict[str, Any] = {
            "project": f"{owner}/{project}", "owner": owner, "build_id": number(body, "build"), "chroot": chroot,
            "arch": chroot.rsplit("-", 1)[-1] if chroot and "-" in chroot else None, "name": text(body, "pkg"),
            "version": text(body, "version"), "status": "succeeded",
        }
        return one_event(message, (item, "copr_build"), "CoprBuildCompleted", f"copr:{item}", facts)
