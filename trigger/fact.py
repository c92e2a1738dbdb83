"""What a rule may ask about an event: one line a fact, the source of validation, error messages and docs/rules.md."""
from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from checks.item import shown

FACTS: dict[str, str] = {
    "item": "the thing under check, `xchat-0.5-1.fc20`",
    "item_type": "its kind, `koji_build`",
    "message_type": "what happened, `KojiBuildPackageCompleted`",
    "topic": "the topic without its prefix, `buildsys.tag`",
    "environment": "prod, stg or dev; a rule that does not ask hears prod only",
    "origin": "who published, the topic's prefix, `org.fedoraproject`",
    "name": "package name, `xchat`",
    "version": "`0.5`",
    "release": "`1.fc20`",
    "epoch": "a number, or null",
    "nvr": "`xchat-0.5-1.fc20`",
    "dist": "dist tag of the release, `fc20`",
    "distgit_branch": "`f20`, `epel8`",
    "branch": "branch of a push, or target of a pull request",
    "namespace": "`rpms`, `container`, ...",
    "repo": "name of the Git repository",
    "commit": "full hash of the newest commit",
    "host": "where the Git repository lives, `github.com`",
    "number": "of a pull request",
    "action": "what was done to a pull request or an update: `new`, `updated`, `edit`, ...",
    "agent": "who did it",
    "owner": "of the build or project",
    "target": "Koji's build target, `f36-candidate`",
    "source": "what the build was made from",
    "instance": "of Koji, `primary`",
    "scratch": "true for a scratch build",
    "build_id": "Koji's or Copr's number of the build",
    "task_id": "Koji's number of the task",
    "tag": "Koji tag, `f20-updates-pending`",
    "change": "`tagged` or `untagged`",
    "builds": "names of the builds of an update",
    "update": "alias of an update",
    "status": "of an update, compose, build or test",
    "request": "of an update: testing, stable, ...",
    "retrigger": "true where somebody asked for the tests again",
    "critpath": "true where an update says that it is critical",
    "project": "Copr project, `packit/hello`",
    "chroot": "of a Copr build, `fedora-rawhide-x86_64`",
    "arch": "architecture that the event is about",
    "compose_id": "`Fedora-24-20151208.n.7`",
    "location": "URL of a compose",
    "testcase": "full name of a test that has a result",
    "outcome": "of a result, `PASSED`",
    "stream": "of a module",
    "state": "of a module, `ready`",
    "requester": "who asked by checkotron.item.ready",
}

#: Names under which a rule reaches into the message itself; `_msg` is Taskotron's.
BODY_NAMES = ("body", "msg", "_msg")


def fact_fault(path: str) -> str | None:
    """Return what is wrong with a field named in a rule, None where it may be asked."""
    head = path.partition(".")[0]
    if head in FACTS or head in BODY_NAMES:
        return None
    close = difflib.get_close_matches(head, [*FACTS, "body"], 1, 0.7)
    hint = f"; did you mean `{close[0]}`?" if close else ";"
    return f"unknown field `{shown(head)}`{hint} a field of the message itself is written `body.{shown(path)}`"


def look_up(facts: Mapping[str, Any], path: tuple[str, ...]) -> list[Any]:
    """
    Return the values at a path; a list on the way stands for each of its members.

    A list at the end gives the list itself and its members, so `builds: x` asks "is among" (as MongoDB does).
    """
    found: list[Any] = [facts.get("body" if path[0] in BODY_NAMES else path[0])]
    for part in path[1:]:
        found = [inner for outer in found for inner in _step(outer, part)]
    if len(found) == 1 and not isinstance(found[0], (list, tuple)):
        return found
    return found + [inner for outer in found if isinstance(outer, (list, tuple)) for inner in outer]


def _step(outer: Any, part: str) -> list[Any]:
    if isinstance(outer, Mapping):
        return [outer[part]] if part in outer else []
    if isinstance(outer, (list, tuple)):
        if part.isascii() and part.isdigit():
            return [outer[int(part)]] if int(part) < len(outer) else []
        return [member[part] for member in outer if isinstance(member, Mapping) and part in member]
    return []
