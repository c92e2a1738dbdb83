"""Which executor a run gets, and why."""
from __future__ import annotations

from pathlib import Path

from checks.catalogue import library_folder
from checks.description import CheckDescription
from runner.all_executors import TRUSTED_EXECUTOR, UNTRUSTED_EXECUTOR, executor_named
from runner.executor import Executor, ExecutorError


def is_ours(check: CheckDescription, trusted: tuple[Path, ...] = ()) -> bool:
    """True for checks of the library, and of folders that the operator trusts."""
    return any(folder.resolve() in check.folder.parents for folder in (library_folder(), *trusted))


def choose_executor(check: CheckDescription, asked: str, trusted: tuple[Path, ...] = ()) -> Executor:
    """
    Return the executor: the one asked for, else the check's, else by trust.

    A check that is not ours is never run without something around it because
    that something is missing. Raises ExecutorError: then, and for unknown names.
    """
    name = asked if asked != "auto" else check.environment.executor
    if name == "auto":
        name = TRUSTED_EXECUTOR if is_ours(check, trusted) else UNTRUSTED_EXECUTOR
    elif asked == "auto" and name == "local" and not is_ours(check, trusted):
        raise ExecutorError(f"check `{check.name}` asks for executor `local`, which only a check that is trusted gets; "
                            "run it with `--executor local` where you trust it")
    executor = executor_named(name)
    if asked == "auto" and (problems := executor.problems()):
        raise ExecutorError(f"executor `{name}` cannot be used here: {'; '.join(problems)}. Where you trust the check, "
                            "run it with `--executor local`")
    return executor
