"""What this machine offers as a worker: the union of what the system, the executors and the directives say."""
from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable
from typing import Any

from checks.capability import arches_of
from runner.all_directives import directive_named, directive_names
from runner.all_executors import EXECUTORS, executor_named


def analyse(tools: Iterable[str] = ()) -> dict[str, Any]:
    """Return the capabilities, keys in order; `tools` are looked for in addition. Starts nothing that stays."""
    found: dict[str, Any] = _system()
    for name in EXECUTORS:
        executor = executor_named(name)
        problems = executor.problems()
        found[f"executor:{name}:available"] = not problems
        if problems:
            found[f"executor:{name}:problems"] = list(problems)
        found |= {f"executor:{name}:{key}": value for key, value in executor.analyse().items()}
    for name in directive_names():
        found |= directive_named(name).analyse_worker()
    found |= {f"tool:{tool}": shutil.which(tool) for tool in tools}
    return dict(sorted(found.items()))


def _system() -> dict[str, Any]:
    machine = platform.machine()
    return {"system:arch": machine, "system:arches": list(arches_of(machine)), "system:cpus": os.cpu_count() or 1,
            "system:memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "system:kernel": platform.release(), "system:python": platform.python_version()}
