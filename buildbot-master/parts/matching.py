"""Which worker may take a job: asked once for each free worker, so it reads nothing but what is in memory."""
from __future__ import annotations

import json
from typing import Any

from buildbot_master.parts.build import attempts_of
from buildbot_master.parts.settings import Settings
from checks.contracts import NOARCH


class Matching:
    """Decides for one master; `can_start` is Buildbot's `canStartBuild`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def can_start(self, builder: Any, worker_for_builder: Any, request: Any) -> bool:
        """True where the worker may take the request now."""
        return not self.reasons(builder.master, worker_for_builder.worker, request.id, request.properties)

    def reasons(self, master: Any, worker: Any, request_id: int, properties: Any) -> list[str]:
        """Return why not; empty where it may."""
        wait = attempts_of(master).not_before.get(request_id, 0.0) - master.reactor.seconds()
        if wait > 0:
            return [f"the last attempt failed; the next one starts in {wait:.0f} s"]
        arch = properties.getProperty("arch") or NOARCH
        arches = capabilities_of(worker).get("system:arches")
        if arch != NOARCH and isinstance(arches, list) and arch not in arches:
            return [f"arch `{arch}` is not among {', '.join(map(str, arches))}"]
        return []


def capabilities_of(worker: Any) -> dict[str, Any]:
    """Return what the worker said of itself when it connected (`info/capabilities.json`); {} where it said nothing."""
    text = worker.info.getProperty("capabilities.json")
    if not isinstance(text, str) or len(text) > 1 << 20:
        return {}
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
