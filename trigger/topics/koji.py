"""Koji: builds that finish, builds that get or lose a tag, scratch builds."""
from __future__ import annotations

from typing import Any

from checks.item import shown
from trigger.field import mapping, number, sequence, text, value, word
from trigger.message import BusMessage
from trigger.nvr import nvr_facts
from trigger.topic import Reading, TopicSettings, nothing, one_event

#: Koji's numbers for the state of a build, docs.pagure.org/koji.
BUILD_STATES = {0: "BUILDING", 1: "COMPLETE", 2: "DELETED", 3: "FAILED", 4: "CANCELED"}
_COMPLETE = 1


class KojiBuild:
    """`buildsys.build.state.change`: an event when a build becomes COMPLETE."""

    names = ("buildsys.build.state.change",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the build that is complete."""
        body = message.body
        instance = text(body, "instance") or "primary"
        if instance not in settings.koji_instances:
            return _other_instance(instance, settings)
        new, old = number(body, "new"), number(body, "old")
        if new != _COMPLETE:
            state = "in no state" if new is None else BUILD_STATES.get(new, str(new))
            return nothing(f"the build is {state}, not COMPLETE")
        if old == _COMPLETE:
            return nothing("the build was COMPLETE before")
        nvr = nvr_of(body)
        number_of_build = word(body, "build_id")
        kind = "KojiBuildDockerCompleted" if _is_container(body) else "KojiBuildPackageCompleted"
        facts = build_facts(body) | {"instance": instance, "scratch": False}
        return one_event(message, (nvr, "koji_build"), kind,
                         f"koji:{instance}:{number_of_build or nvr}:complete", facts)


class KojiTag:
    """`buildsys.tag` and `buildsys.untag`: the tag is the item; each change of its content is an event."""

    names = ("buildsys.tag", "buildsys.untag")

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the tag whose content changed."""
        body = message.body
        instance = text(body, "instance") or "primary"
        if instance not in settings.koji_instances:
            return _other_instance(instance, settings)
        tag = text(body, "tag")
        change = "untagged" if message.name.endswith(".untag") else "tagged"
        kind = "KojiTagChanged" if change == "tagged" else "KojiTagRemoved"
        facts = build_facts(body) | {"instance": instance, "tag": tag, "change": change}
        # A build can get the same tag again later: only the message tells the occurrences apart.
        identity = f"koji:{instance}:{change}:{tag}:{nvr_of(body)}:{message.occurrence}"
        return one_event(message, (tag, "koji_tag"), kind, identity, facts)


class KojiTask:
    """`buildsys.task.state.change`: scratch builds; a build that stays says so by its own topic."""

    names = ("buildsys.task.state.change",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the scratch build that is done, named by its source package."""
        body = message.body
        instance = text(body, "instance") or "primary"
        if instance not in settings.koji_instances:
            return _other_instance(instance, settings)
        if text(body, "method") != "build" or text(body, "new") != "CLOSED" or text(body, "old") == "CLOSED":
            return nothing(f"the task `{shown(value(body, 'method'))}` is {shown(value(body, 'new'))}; "
                           "only a build that is CLOSED counts")
        request = sequence(body, "info", "request") or sequence(body, "request")
        options = next((part for part in request if isinstance(part, dict)), {})
        if options.get("scratch") is not True:
            return nothing("not a scratch build; the build itself is told by buildsys.build.state.change")
        nvr = _nvr_of_srpm(text(body, "srpm"))
        task = word(body, "id")
        facts = nvr_facts(nvr) | {"instance": instance, "scratch": True, "task_id": number(body, "id"),
                                  "owner": text(body, "owner"), "target": _target(request)}
        return one_event(message, (nvr, "koji_build"), "KojiScratchBuildCompleted",
                         f"koji:{instance}:task:{task or nvr}:closed", facts)


def nvr_of(body: object) -> str | None:
    """Return name-version-release of a body that has the three, None where one is missing."""
    parts = [text(body, key) for key in ("name", "version", "release")]
    return "-".join(part for part in parts if part) if all(parts) else None


def build_facts(body: object) -> dict[str, Any]:
    """Return what rules ask of a build: its name in parts, dist tag and branch, ids, owner, target."""
    request = sequence(body, "request") or sequence(body, "task", "request")
    source = next((part for part in request if isinstance(part, str)), None)
    return nvr_facts(nvr_of(body)) | {
        "epoch": number(body, "epoch"), "build_id": number(body, "build_id"), "task_id": number(body, "task_id"),
        "owner": text(body, "owner"), "target": _target(request), "source": source,
    }


def _target(request: Any) -> str | None:
    texts = [part for part in request if isinstance(part, str)]
    return texts[1] if len(texts) > 1 else None


def _is_container(body: object) -> bool:
    """Tell a container build (OSBS) from a package: by its task's method or by the namespace it is built from."""
    if text(mapping(body, "task"), "method") == "buildContainer":
        return True
    source = build_facts(body)["source"] or ""
    return "/container/" in source or "/docker/" in source


def _nvr_of_srpm(srpm: str | None) -> str | None:
    if not srpm:
        return None
    return srpm.rsplit("/", 1)[-1].removesuffix(".src.rpm").removesuffix(".nosrc.rpm")


def _other_instance(instance: str, settings: TopicSettings) -> Reading:
    return nothing(f"Koji instance `{shown(instance)}` is not among those listened to: "
                   f"{', '.join(settings.koji_instances)}")
