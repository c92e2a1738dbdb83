"""What the shell completes after `trigger retrigger` and its neighbours: what the journal knows."""
from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Words that are offered; more are no help.
_MOST = 50


def complete_word(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return items; where none begins so, build ids."""
    return _known(context, "item", incomplete) or _known(context, "build_id", incomplete)


def complete_check(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the checks that had jobs."""
    return _known(context, "taskname", incomplete)


def _known(context: click.Context, column: Literal["item", "build_id", "taskname"],
           incomplete: str) -> list[CompletionItem]:
    """Return what the journal of the state folder has; one that is not there or cannot be read completes nothing."""
    from click.shell_completion import CompletionItem

    from checks.addresses import default_state_folder
    from checks.shell_word import needs_no_quotes
    from trigger.journal import FILE_NAME, Journal

    named = context.params.get("state") or os.environ.get("CHECKOTRON_STATE")
    folder = Path(named) if named else default_state_folder(os.environ)
    if not (folder / FILE_NAME).is_file():
        return []
    try:
        found = Journal(folder).words(column, incomplete, _MOST)
    except sqlite3.Error:
        return []
    # strangers choose the names of items
    return [CompletionItem(word) for word in found if needs_no_quotes(word)]
