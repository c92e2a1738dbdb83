"""Faults in what the user gave to `up`: said at once, in the words of the part that would end with them every time."""
from __future__ import annotations

import os
import subprocess

from buildbot_master.stack.master_folder import own_command
from buildbot_master.stack.parts_list import ReportOptions, StackOptions, deliver_options
from buildbot_master.stack.state import StateError

#: Seconds for a part to read its files.
_LIMIT = 120


def refuse_faulty(options: StackOptions) -> None:
    """Raises StateError: the rules, the destinations or the file of namespaces cannot be used."""
    faults = []
    if options.rules:
        checks = [word for folder in options.checks for word in ("--checks", str(folder))]
        faults += _faults(["trigger", "rules", "check", str(options.rules), *checks], {})
    if options.reports != ReportOptions():
        # a destination that is always right: without any there would be nothing to check
        words, environment = deliver_options(options.reports, "recording")
        faults += _faults(["results", "deliver", "--check", *words], environment)
    if faults:
        raise StateError("\n".join(faults))


def _faults(words: list[str], environment: dict[str, str]) -> list[str]:
    done = subprocess.run([*own_command(), *words], capture_output=True, text=True, check=False, timeout=_LIMIT,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment})
    return [done.stderr.strip().removeprefix("Error: ")] if done.returncode else []
