"""What the shell completes after `checkotron run` and its neighbours: checks, types of items, executors, parameters."""
from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_check(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of checks; of what looks like a path the shell knows more."""
    from click.shell_completion import CompletionItem

    from runner.settings import check_folders

    if "/" in incomplete or incomplete.startswith("."):
        return [CompletionItem(incomplete, type="file")]
    names = {path.parent.name for folder in check_folders(os.environ) for path in folder.glob("*/*.yml")
             if path.stem == path.parent.name}
    return _beginning(names, incomplete)


def complete_item_type(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the types of items."""
    from checks.item import ITEM_TYPES

    return _beginning(ITEM_TYPES, incomplete)


def complete_executor(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the executors that a person may choose."""
    from runner.all_executors import EXECUTORS

    return _beginning({"auto", *EXECUTORS}, incomplete)


def complete_parameter(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return `NAME=` of each parameter of the check that was named before."""
    from checks.catalogue import UnknownCheckError, find_check
    from checks.description import CheckFileError
    from runner.settings import check_folders

    # while the value of an option is not there yet, click has not parsed what stands before it
    name = context.params.get("check") or next((word for word in context.args if not word.startswith("-")), None)
    if not name:
        return []
    try:
        found = find_check(name, check_folders(os.environ))
    except (UnknownCheckError, CheckFileError):
        return []
    return _beginning([f"{one}=" for one in found.parameters], incomplete)


def _beginning(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from checks.shell_word import needs_no_quotes

    return [CompletionItem(word) for word in sorted(words) if word.startswith(incomplete) and needs_no_quotes(word)]
