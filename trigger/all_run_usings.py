"""The literal list of ways to run, by `run.using` and kind of worker."""
from __future__ import annotations

from trigger.run_using import registry_of
from trigger.run_usings import command, directives, python_function

RUN_USINGS = registry_of((*directives.WAYS, *command.WAYS, *python_function.WAYS))
