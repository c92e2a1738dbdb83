"""
Which waiting jobs are dropped for a newer one: none, unless the settings name the check.

Buildbot's own rule would drop jobs of other items and call the dropped ones
successful: it compares source stamps, and ours say nothing.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import defer

from buildbot_master.parts.settings import Settings

#: Jobs that agree in these are about the same question.
_SAME = ("item", "item_type", "taskname", "arch")


def collapse_rule(settings: Settings) -> bool | Callable[..., Any]:
    """Return `collapseRequests`: False, or a function for the checks that the settings name."""
    if not settings.collapse_checks:
        return False

    @defer.inlineCallbacks
    def collapse(master: Any, builder: Any, older: dict[str, Any], newer: dict[str, Any]) -> Any:
        """True where the older request asks the same about the same item."""
        one = yield master.data.get(("buildsets", older["buildsetid"], "properties"))
        two = yield master.data.get(("buildsets", newer["buildsetid"], "properties"))
        if _value(one, "taskname") not in settings.collapse_checks:
            return False
        return all(_value(one, name) == _value(two, name) for name in _SAME)

    return collapse


def _value(properties: dict[str, Any], name: str) -> Any:
    found = properties.get(name)
    return found[0] if found else None
