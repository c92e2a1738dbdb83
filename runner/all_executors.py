"""The literal list of executors. A new one: its file in executors/, one line here."""
from __future__ import annotations

import importlib

from runner.executor import Executor, ExecutorError

#: Name: (module, class). Modules are imported only when the executor is chosen: start-up time is a feature.
EXECUTORS: dict[str, tuple[str, str]] = {
    "local": ("runner.executors.local", "LocalExecutor"),
    "podman": ("runner.executors.podman", "PodmanExecutor"),
    "sandbox": ("runner.executors.sandbox", "SandboxExecutor"),
    "recording": ("runner.executors.recording", "RecordingExecutor"),
}
#: What `auto` becomes for a check of ours, and for one that is not.
TRUSTED_EXECUTOR = "local"
UNTRUSTED_EXECUTOR = "sandbox"


def executor_named(name: str) -> Executor:
    """Return the executor of that name. Raises ExecutorError: not known."""
    if name not in EXECUTORS:
        raise ExecutorError(f"unknown executor `{name}`; known: {', '.join(EXECUTORS)}")
    module, attribute = EXECUTORS[name]
    executor: Executor = getattr(importlib.import_module(module), attribute)()
    return executor
