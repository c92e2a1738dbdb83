"""More than one master on one database: they tell each other what happens through a router (crossbar)."""
from __future__ import annotations

from typing import Any

from buildbot_master.parts.settings import Settings, SettingsError


def several_masters(settings: Settings) -> dict[str, Any]:
    """Return the keys of the configuration that several masters need; none for a single one."""
    if not settings.multi_master:
        return {}
    if settings.database_url.startswith("sqlite") or not settings.wamp_url:
        raise SettingsError("multi_master: several masters need a PostgreSQL `database_url` that they share, and the "
                            "`wamp_url` of a router; see docs/master.md")
    return {"multiMaster": True, "mq": {"type": "wamp", "router_url": settings.wamp_url, "realm": "buildbot"}}
