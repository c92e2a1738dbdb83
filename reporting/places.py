"""Where commands find the system: an address that was named, else what `checkotron up` wrote."""
from __future__ import annotations

import os
from pathlib import Path

import click

from checks.addresses import AddressesError, default_state_folder, read_addresses
from reporting.reporter import Secrets

TOKEN_VARIABLE = "CHECKOTRON_RESULTS_TOKEN"  # noqa: S105 - the name of a variable, not a secret


class UsageError(click.ClickException):
    """Raised for the user's mistake."""

    exit_code = 2


class TroubleError(click.ClickException):
    """Raised where the surroundings failed and trying again may help."""

    exit_code = 3


def results_url(url: str | None, state: Path | None) -> str:
    """Return the address of the results database. Raises UsageError: none was named and nothing runs."""
    if url:
        return url
    folder = state or default_state_folder(os.environ)
    try:
        found = read_addresses(folder).results_url
    except AddressesError as error:
        raise UsageError(f"{error}: --url URL") from None
    if not found:
        raise UsageError(f"{folder}: no results database runs there; name one: --url URL")
    return found


def queue_folder(queue: Path | None, state: Path | None) -> Path:
    """Return the queue of finished runs."""
    return queue or (state or default_state_folder(os.environ)) / "queue"


def secrets(token_file: Path | None) -> Secrets:
    """Return the secrets of a file, else of the environment. Raises UsageError: the file cannot be read."""
    if token_file is None:
        return Secrets(token=os.environ.get(TOKEN_VARIABLE) or None)
    try:
        return Secrets(token=token_file.read_text(encoding="utf-8").strip() or None)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{token_file}: cannot be read: {error}") from None
