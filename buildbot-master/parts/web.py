"""Buildbot's pages: read by everyone, buttons only for who is logged in and an admin."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from buildbot.plugins import util
from buildbot.www.service import BuildbotSite

from buildbot_master.parts.away_pages import answer_without_database
from buildbot_master.parts.rest_answers import send_in_the_reactor
from buildbot_master.parts.settings import Settings, SettingsError


def www(settings: Settings) -> dict[str, Any]:
    """Return `c['www']`."""
    send_in_the_reactor()
    answer_without_database()
    # the access log of every page view helps nobody and fills disks; without a file it goes into the master's own log
    BuildbotSite.log = lambda *_: None
    pages: dict[str, Any] = {
        "port": f"tcp:{settings.web_port}:interface={settings.interface}",
        "plugins": {"console_view": {}, "grid_view": {}},
        "authz": _authorization(settings),
        "logfileName": None,
    }
    if settings.users:
        pages["auth"] = util.UserPasswordAuth({name: _password(settings.path(file))
                                               for name, file in settings.users.items()})
    return pages


def _authorization(settings: Settings) -> Any:
    roles = [util.RolesFromUsername(roles=["admin"], usernames=list(settings.admins))] if settings.admins else []
    # every button and every call that changes anything: force, stop, rebuild, cancel, pause a worker
    return util.Authz(allowRules=[util.AnyControlEndpointMatcher(role="admin")], roleMatchers=roles)


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{path}: the password of a user cannot be read: {error.strerror}") from None
