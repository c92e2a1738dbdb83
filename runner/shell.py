"""A shell in the workspace of a run that failed, before it is removed."""
from __future__ import annotations

import os
import sys

from runner.process import run_to_end
from runner.workspace import Workspace


def open_shell(workspace: Workspace) -> None:
    """Open $SHELL in the working folder; return when the person leaves it. Nothing happens without a terminal."""
    if not sys.stdin.isatty():
        sys.stderr.write("no shell: standard input is no terminal; use --keep and look at the workspace\n")
        return
    sys.stderr.write(f"the run failed; this shell is in its workspace {workspace.root}\n"
                     "leave it with `exit`, and the workspace is removed\n")
    run_to_end([os.environ.get("SHELL") or "/bin/sh"], workspace.work,
               {"WORKDIR": str(workspace.work), "ARTIFACTSDIR": str(workspace.artifacts)})
