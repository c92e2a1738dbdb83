"""A job as Buildbot's properties: its own, those that steer the run, and free ones; what a job may not say."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checks.contracts import Job
from checks.item import shown

#: Begins the properties that the trigger makes of what an event says about its item; each is a fact of the report.
FACT_PREFIX = "fact_"
#: Begins the properties by which a rule sets parameters of the check: `extra: {parameter_config: unsigned}`.
PARAMETER_PREFIX = "parameter_"
#: Properties that become options of the runner, and what they may be. Each can only confine a run further: `local`,
#: which runs a stranger's check without a cage, is not among the executors.
RUNNER_PROPERTIES = {
    "executor": re.compile(r"sandbox|podman|kubernetes"),
    "image": re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,254}"),
    "trust": re.compile(r"[12]"),
}
_EXPECTED = {"executor": "sandbox, podman or kubernetes", "image": "the name of an image", "trust": "1 or 2"}
#: Properties with a meaning in Buildbot.
_BUILDBOT_NAMES = frozenset({
    "basedir", "branch", "builddir", "buildername", "builderid", "buildnumber", "buildid", "codebase", "got_revision",
    "owner", "owners", "project", "repository", "revision", "scheduler", "workername", "check_path",
})


def properties_of(job: Job) -> dict[str, Any]:
    """Return the build's properties. The check's name is also the name under which Buildbot's pages show it."""
    return dict(job.extra) | _own(job)


def faults_of_extra(job: Job) -> list[str]:
    """Return what is wrong with the further properties: none may pose as one of ours, nor steer Buildbot."""
    ours = _own(job)
    faults = [f"`extra`: `{name[:60]}` is not a free name; expected letters, digits and _, and none of Buildbot's"
              for name in job.extra
              if name in ours or not name.isidentifier() or not name.isascii() or len(name) > 60
              or name.startswith("virtual_builder") or name in _BUILDBOT_NAMES]
    return faults + [f"`extra`: `{name}` is `{shown(job.extra[name])}`; expected {_EXPECTED[name]}"
                     for name, allowed in RUNNER_PROPERTIES.items()
                     if name in job.extra and not allowed.fullmatch(job.extra[name])]


def facts_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return what the trigger said of the item beside its name, by the names that reports use."""
    return {name.removeprefix(FACT_PREFIX): value for name, value in sorted(properties.items())
            if name.startswith(FACT_PREFIX) and isinstance(value, str)}


def parameters_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters of the check that a rule sets."""
    return {name.removeprefix(PARAMETER_PREFIX): value for name, value in sorted(properties.items())
            if name.startswith(PARAMETER_PREFIX) and isinstance(value, str)}


def _own(job: Job) -> dict[str, Any]:
    return {"item": job.item, "item_type": job.item_type, "taskname": job.taskname, "arch": job.arch,
            "build_id": job.build_id, "reason": job.reason, "priority": job.priority, "key": job.key,
            "virtual_builder_name": job.taskname, "virtual_builder_tags": [job.item_type]}
