"""Buildbot's pages: read by everyone, buttons only for who is logged in and an admin."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from buildbot.plugins import util
from buildbot.www.authz.endpointmatchers import Match, StopBuildEndpointMatcher
from twisted.internet import defer

from buildbot_master.parts.rest_answers import send_in_the_reactor
from buildbot_master.parts.settings import Settings, SettingsError


class CancelRequestMatcher(StopBuildEndpointMatcher):  # type: ignore[misc]
    """Also matches `cancel` of a job that waits: Buildbot's own matches only `stop`."""

    def match_BuildRequestEndpoint_cancel(self, endpoint: Any, address: Any, options: Any) -> Any:
        """Called by name for `POST /api/v2/buildrequests/N` with method `cancel`."""
        return defer.succeed(Match(self.master))


def www(settings: Settings) -> dict[str, Any]:
    """Return `c['www']`."""
    send_in_the_reactor()
    pages: dict[str, Any] = {
        "port": f"tcp:{settings.web_port}:interface={settings.interface}",
        "plugins": {"console_view": {}, "grid_view": {}},
        "authz": _authorization(settings),
        # the access log of every page view helps nobody and fills disks
        "logfileName": None,
    }
    if settings.users:
        pages["auth"] = util.UserPasswordAuth({name: _password(settings.path(file))
                                               for name, file in settings.users.items()})
    return pages


def _authorization(settings: Settings) -> Any:
    roles = [util.RolesFromUsername(roles=["admin"], usernames=list(settings.admins))] if settings.admins else []
    rules = [CancelRequestMatcher(role="admin"), util.AnyControlEndpointMatcher(role="admin")]
    return util.Authz(allowRules=rules, roleMatchers=roles)


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{path}: the password of a user cannot be read: {error.strerror}") from None
