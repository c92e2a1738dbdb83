"""What the shell is offered when somebody presses Tab."""
from __future__ import annotations

from click.shell_completion import ShellComplete

from checkotron import cli


def offered(*words: str) -> list[str]:
    """Return what is offered for the last word of `checkotron WORDS`; for a path only that it is one."""
    *before, incomplete = words
    found = ShellComplete(cli, {}, "checkotron", "_CHECKOTRON_COMPLETE").get_completions(before, incomplete)
    return [one.value if one.type == "plain" else one.type for one in found]
