"""
Order: one entry of a rule's `do`, what to run when the rule applies.

The keys are a table, `ORDER_KEYS`: name, what it may be, what it is for. It is
the source of validation and of docs/rules.md.
"""
from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.item import shown

Tell = Callable[[tuple[str | int, ...], str], None]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}", re.ASCII)
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}", re.ASCII)
#: Properties that the job itself fills.
_OURS = ("item", "item_type", "taskname", "arch", "build_id", "reason", "priority", "key")
#: Seconds. Longer would outlive most releases of a package.
DELAY_LIMIT = 7 * 24 * 3600

#: Key: (what is expected, what it is for).
ORDER_KEYS: dict[str, tuple[str, str]] = {
    "check": ("the name of a check", "run this check"),
    "tasks": ("a list of names of checks", "run these checks (Taskotron's word)"),
    "discover": ("`repo`, and perhaps `branch`, `fallback_branch`, `recursive`",
                 "run the checks that live in a Git repository, such as the package's own"),
    "arches": ("a list of architectures", "one job for each; else what the check says, else noarch"),
    "priority": ("a whole number", "higher runs earlier; 0 where not given"),
    "once": ("`event` or `item`", "a job an event (usual), or one job an item whatever happens to it later"),
    "delay": ("seconds, at most a week", "wait, and make one job of everything that asks for the same meanwhile"),
    "reason": ("a text of at most 200 characters", "why, in Buildbot's list of builds"),
    "extra": ("texts by name", "further properties of the build"),
    "worker": ("the name of a kind of worker", "where to run; else `default`"),
    "needs": ("names of checks, or `check` with `after: done` or `after: success`",
              "start only after these checks have ended for the same event"),
    "disabled": ("true or false", "keep the entry, start nothing"),
    "match_host_arch": ("true or false", "run on a worker of the same architecture even where the check is noarch"),
}
#: How the address of a repository may begin; a fact of a message can then never choose it.
_SCHEMES = ("https://", "http://", "git://", "ssh://", "file://")
_DISCOVER_KEYS = ("repo", "branch", "fallback_branch", "recursive")


@dataclass(frozen=True, slots=True)
class Discover:
    """Checks in a repository; texts may hold `${name}`, `${distgit_branch}` and other facts."""

    repo: str
    branch: str = ""
    fallback_branch: str = ""
    recursive: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """A check that must have ended before."""

    check: str
    #: `done` (whatever the verdict) or `success` (nothing failed).
    after: str = "done"


@dataclass(frozen=True, slots=True)
class Order:
    """What to run."""

    checks: tuple[str, ...] = ()
    #: Where each name of `checks` stands in the file.
    check_paths: tuple[tuple[str | int, ...], ...] = field(default=(), compare=False)
    discover: Discover | None = None
    #: None: as the check says.
    arches: tuple[str, ...] | None = None
    priority: int = 0
    #: `event` or `item`.
    once: str = "event"
    delay_seconds: int = 0
    reason: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    worker: str = "default"
    needs: tuple[Need, ...] = ()
    match_host_arch: bool = False
    disabled: bool = False


def read_orders(data: Any, path: tuple[str | int, ...], tell: Tell) -> tuple[Order, ...]:
    """Return the entries of a `do`; every fault goes to `tell`."""
    if isinstance(data, Mapping):
        data = [data]
        place = [path]
    elif isinstance(data, list) and data:
        place = [(*path, index) for index in range(len(data))]
    else:
        tell(path, "expected a list such as `- check: rpmlint`")
        return ()
    return tuple(_Entry(entry, where, tell).order() for entry, where in zip(data, place, strict=True))


class _Entry:
    """Reads one entry key by key."""

    def __init__(self, data: Any, path: tuple[str | int, ...], tell: Tell) -> None:
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        self.path = path
        self._tell = tell
        if not isinstance(data, Mapping):
            tell(path, f"is `{shown(data)}`; expected an object such as `check: rpmlint`")

    def order(self) -> Order:
        for key in self.data:
            if key not in ORDER_KEYS:
                close = difflib.get_close_matches(str(key), ORDER_KEYS, 1)
                hint = f"; did you mean `{close[0]}`?" if close else f"; known: {', '.join(ORDER_KEYS)}"
                self.fault(f"unknown key `{shown(key)}`{hint}", key)
        checks, paths = self._checks()
        return Order(
            checks=checks, check_paths=paths, discover=self._discover(),
            arches=self._names("arches") if "arches" in self.data else None,
            priority=self._number("priority", -2**31 + 1, 2**31 - 1), once=self._one_of("once", ("event", "item")),
            delay_seconds=self._number("delay", 0, DELAY_LIMIT), reason=self._text("reason", 200),
            extra=self._extra(), worker=self._text("worker", 128) or "default",
            needs=self._needs(),
            match_host_arch=self._flag("match_host_arch"), disabled=self._flag("disabled"))

    def fault(self, message: str, *inner: str | int) -> None:
        self._tell((*self.path, *inner), message)

    def _checks(self) -> tuple[tuple[str, ...], tuple[tuple[str | int, ...], ...]]:
        ways = [key for key in ("check", "tasks", "discover") if key in self.data]
        if not ways and self.data:
            self.fault("says nothing to run; expected `check: NAME`, `tasks: [NAME]` or `discover: {repo: URL}`")
        names: list[str] = []
        paths: list[tuple[str | int, ...]] = []
        if "check" in self.data and self._is_name(self.data["check"], "check"):
            names.append(self.data["check"])
            paths.append((*self.path, "check"))
        if "tasks" in self.data:
            tasks = self._names("tasks")
            names += tasks
            paths += [(*self.path, "tasks", index) for index in range(len(tasks))]
        return tuple(names), tuple(paths)

    def _names(self, key: str) -> tuple[str, ...]:
        value = self.data[key]
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not value:
            self.fault(f"is `{shown(value)}`; expected {ORDER_KEYS[key][0]}", key)
            return ()
        return tuple(dict.fromkeys(name for index, name in enumerate(value) if self._is_name(name, key, index)))

    def _is_name(self, value: Any, *inner: str | int) -> bool:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return True
        self.fault(f"`{shown(value)}` is no name; expected letters, digits and . _ + - only", *inner)
        return False

    def _number(self, key: str, low: int, high: int) -> int:
        value = self.data.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fault(f"is `{shown(value)}`; expected {ORDER_KEYS[key][0]}", key)
            return 0
        return value

    def _text(self, key: str, limit: int) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str) or len(value) > limit:
            self.fault(f"is `{shown(value)}`; expected {ORDER_KEYS[key][0]}", key)
            return ""
        return value

    def _flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self.fault(f"is `{shown(value)}`; expected true or false", key)
        return value is True

    def _one_of(self, key: str, known: tuple[str, ...]) -> str:
        value = self.data.get(key, known[0])
        if value not in known:
            self.fault(f"is `{shown(value)}`; expected {ORDER_KEYS[key][0]}", key)
        return str(value)

    def _needs(self) -> tuple[Need, ...]:
        value = self.data.get("needs", [])
        found: list[Need] = []
        for index, part in enumerate(value if isinstance(value, list) else [value]):
            part = part if isinstance(part, Mapping) else {"check": part}
            after = part.get("after", "done")
            if not set(part) <= {"check", "after"} or after not in ("done", "success"):
                self.fault(f"is `{shown(part)}`; expected {ORDER_KEYS['needs'][0]}", "needs", index)
            elif self._is_name(part.get("check"), "needs", index):
                found.append(Need(part["check"], after))
        return tuple(found)

    def _extra(self) -> Mapping[str, str]:
        value = self.data.get("extra", {})
        if not isinstance(value, Mapping) or len(value) > 32 \
                or not all(isinstance(part, (str, int)) and len(str(part)) <= 1024 for part in value.values()):
            self.fault(f"is `{shown(value)}`; expected at most 32 texts by name", "extra")
            return {}
        for name in value:
            if not _PROPERTY.fullmatch(str(name)) or name in _OURS:
                self.fault(f"`{shown(name)}` is no free name of a property; expected letters, digits and _, "
                           f"and none of {', '.join(_OURS)}", "extra", name)
        return {str(name): str(part) for name, part in value.items()}

    def _discover(self) -> Discover | None:
        value = self.data.get("discover")
        if value is None:
            return None
        if not isinstance(value, Mapping) or not isinstance(value.get("repo"), str) or not value["repo"]:
            self.fault(f"is `{shown(value)}`; expected {ORDER_KEYS['discover'][0]}", "discover")
            return None
        if not value["repo"].startswith(_SCHEMES):
            self.fault(f"`{shown(value['repo'])}` is no address of a repository; expected one that begins with "
                       f"{', '.join(_SCHEMES)}", "discover", "repo")
        for key in value:
            if key not in _DISCOVER_KEYS:
                self.fault(f"unknown key `{shown(key)}`; known: {', '.join(_DISCOVER_KEYS)}", "discover", key)
        texts = {key: value.get(key, "") for key in ("branch", "fallback_branch")}
        recursive = value.get("recursive", False)
        if not all(isinstance(text, str) for text in texts.values()) or not isinstance(recursive, bool):
            self.fault("expected texts for the branches, and true or false for `recursive`", "discover")
            return None
        return Discover(value["repo"], texts["branch"], texts["fallback_branch"], recursive)
