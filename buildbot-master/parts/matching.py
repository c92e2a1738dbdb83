"""
Which worker may take a job, and why not: asked for each free worker and each waiting job, so it is remembered.

The same rule decides here and explains on the command line: checks/capability.py.
The facts are what the worker sent when it connected (`info/capabilities.json`)
and the check's own file; a check that lies only in a repository is known by its
mirror. Reading them again costs a look at the file's time, at most every 5 s.
"""
from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from buildbot_master.parts.build import attempts_of
from buildbot_master.parts.check_files import check_path
from buildbot_master.parts.settings import Settings
from buildbot_master.parts.workers import offered
from checks.capability import can_run_on
from checks.contracts import NOARCH
from checks.description import CheckDescription, CheckFileError, load_check

#: Seconds for which a decision is remembered.
_REMEMBERED_SECONDS = 5.0
#: Decisions that are remembered.
_REMEMBERED = 10_000
#: Bytes of a worker's own words.
_CAPABILITIES_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Question:
    """What a waiting job asks of a worker."""

    request: int
    taskname: str
    arch: str
    #: The rule's kind of worker: a tag that the worker must have; empty: any worker.
    worker_kind: str = ""
    #: The executor that the kind of worker asks for; empty: the check says.
    executor: str = ""


def question_of(request: int, property_of: Callable[[str], Any]) -> Question:
    """Return what a job with these properties asks."""
    taskname, arch, kind, executor = (str(property_of(name) or "")
                                      for name in ("taskname", "arch", "worker_kind", "executor"))
    return Question(request, taskname, arch or NOARCH, kind, executor)


class Matching:
    """Decides for one master; `can_start` is Buildbot's `canStartBuild`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._offered = offered(settings)
        self._decisions: dict[tuple[str, Question], tuple[float, tuple[str, ...]]] = {}

    def can_start(self, builder: Any, worker_for_builder: Any, request: Any) -> bool:
        """True where the worker may take the request now."""
        question = question_of(request.id, request.properties.getProperty)
        others = [one.worker for one in builder.workers if one.worker is not None]
        return not self.reasons(builder.master, worker_for_builder.worker, question, others)

    def reasons(self, master: Any, worker: Any, question: Question, others: list[Any]) -> tuple[str, ...]:
        """Return why this worker may not take the job now; empty where it may. `others`: all connected workers."""
        attempts, now = attempts_of(master), time.monotonic()
        wait = attempts.not_before.get(question.request, 0.0) - now
        if wait > 0:
            return (f"the last attempt failed; the next one starts in {wait:.0f} s",)
        if reasons := self.fixed_reasons(master, worker, question):
            return reasons
        tried = attempts.workers.get(question.request, frozenset())
        if worker.workername in tried and any(
                other.workername not in tried and not self.fixed_reasons(master, other, question) for other in others):
            return ("it failed here before, and another worker has not tried",)
        return ()

    def fixed_reasons(self, master: Any, worker: Any, question: Question) -> tuple[str, ...]:
        """Return the reasons that do not change from one job to the next of the same check."""
        key, now = (worker.workername, replace(question, request=0)), time.monotonic()
        known = self._decisions.get(key)
        if known is None or now - known[0] > _REMEMBERED_SECONDS:
            if len(self._decisions) >= _REMEMBERED:
                self._decisions.clear()
            known = (now, self._decide(worker, question))
            self._decisions[key] = known
        return known[1]

    def _decide(self, worker: Any, question: Question) -> tuple[str, ...]:
        capabilities = capabilities_of(worker, self._offered.get(worker.workername, {}))
        if not capabilities:
            return ("it does not say what it offers; expected `checkotron worker analyse --json` in its "
                    "info/capabilities.json before it starts",)
        asked = (*_tag_reasons(question, capabilities), *_executor_reasons(question, capabilities))
        check = self._check(question.taskname)
        if check is None:
            return (*asked, *_arch_reasons(question.arch, capabilities))
        return (*asked, *can_run_on(check, question.arch, capabilities, self.settings.directive_versions))

    def _check(self, taskname: str) -> CheckDescription | None:
        """Return the check; None where it is not known here: the runner then says what is wrong."""
        path: Path | None = check_path(self.settings, taskname)
        try:
            return load_check(path) if path else None
        except CheckFileError:
            return None


def capabilities_of(worker: Any, of_settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return what the worker said of itself when it connected; where it is not there, what the settings say.

    What a latent worker said at its last start is not held against it: the next one may be of another image.
    """
    text = worker.info.getProperty("capabilities.json") if worker.conn is not None else None
    if not isinstance(text, str) or len(text) > _CAPABILITIES_LIMIT:
        return of_settings
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _tag_reasons(question: Question, capabilities: Mapping[str, Any]) -> tuple[str, ...]:
    tags = capabilities.get("tags")
    tags = [str(tag) for tag in tags] if isinstance(tags, list) else []
    if not question.worker_kind or question.worker_kind in tags:
        return ()
    has = f"the worker has the tags {', '.join(tags)}" if tags else "the worker has no tags"
    return (f"a worker with the tag `{question.worker_kind}` is asked for, {has}",)


def _executor_reasons(question: Question, capabilities: Mapping[str, Any]) -> tuple[str, ...]:
    if not question.executor or capabilities.get(f"executor:{question.executor}:available"):
        return ()
    return (f"executor {question.executor} is asked for, the worker does not offer it",)


def _arch_reasons(arch: str, capabilities: Mapping[str, Any]) -> tuple[str, ...]:
    offered = capabilities.get("system:arches")
    if arch == NOARCH or not isinstance(offered, list) or arch in offered:
        return ()
    return (f"arch {arch} is needed, the worker has {', '.join(map(str, offered))}",)
