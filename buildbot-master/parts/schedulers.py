"""
How builds start other than through the door: people may force one.

Buildbot also wants each builder named by a scheduler; the door adds its
buildsets itself, so this one names them all.
"""
from __future__ import annotations

from typing import Any

from buildbot.plugins import schedulers as kinds
from buildbot.plugins import util

from buildbot_master.parts.settings import Settings
from checks.item import ITEM_TYPES


def schedulers(settings: Settings) -> list[Any]:
    """Return `c['schedulers']`: one button, with the fields of a job."""
    first = next(iter(ITEM_TYPES.values()))
    return [kinds.ForceScheduler(
        name="force", buttonName="run a check", label="Run a check on an item",
        builderNames=[one.name for one in settings.builders],
        reason=util.StringParameter(name="reason", label="why", default="by hand", size=60),
        codebases=[util.CodebaseParameter("", hide=True)],
        properties=[
            util.StringParameter(name="item", label="item", default="", required=True, size=60, maxsize=512),
            util.ChoiceStringParameter(name="item_type", label="item type", choices=list(ITEM_TYPES),
                                       default=first.name),
            util.StringParameter(name="taskname", label="check", default="rpmlint", required=True,
                                 regex=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$"),
            util.StringParameter(name="arch", label="arch", default="noarch", required=True,
                                 regex=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$"),
        ])]
