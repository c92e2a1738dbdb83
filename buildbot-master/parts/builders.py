"""
The builders: one a queue, each doing the same three things.

run check      the runner on the worker (run_check.py)
upload         what it left, also after a failure (upload.py)
the end        hand over to reporting (build.py)

Few builders, because each finished build asks every builder of its worker; the
pages still show a builder a check, by the property `virtual_builder_name`.
"""
from __future__ import annotations

from typing import Any

from buildbot.config import BuilderConfig
from buildbot.process.factory import BuildFactory

from buildbot_master.parts.build import CheckBuild
from buildbot_master.parts.collapsing import collapse_rule
from buildbot_master.parts.matching import Matching
from buildbot_master.parts.run_check import RunCheck
from buildbot_master.parts.settings import BuilderSettings, Settings
from buildbot_master.parts.upload import UploadArtifacts
from buildbot_master.parts.workers import slot_names


def builders(settings: Settings, matching: Matching) -> list[BuilderConfig]:
    """Return `c['builders']`."""
    return [BuilderConfig(
        name=one.name, workernames=_worker_names(one, settings), factory=_factory(settings),
        canStartBuild=matching.can_start, collapseRequests=collapse_rule(settings),
        description=f"Checks of {', '.join(one.item_types) or 'every other item type'}.", tags=list(one.item_types),
    ) for one in settings.builders]


def _factory(settings: Settings) -> BuildFactory:
    factory = BuildFactory([RunCheck(settings), UploadArtifacts(settings)])
    # buildClass is called with the requests and the builder; the class carries the settings
    factory.buildClass = type("CheckBuild", (CheckBuild,), {"settings": settings})
    return factory


def _worker_names(one: BuilderSettings, settings: Settings) -> list[Any]:
    return [name for worker in settings.workers if not one.workers or worker.name in one.workers
            for name in slot_names(worker)]
