"""What people see of `up` and `demo`: a spinner with what is being done on a terminal, plain lines elsewhere."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from buildbot_master.stack.running import Screen


@contextmanager
def screen() -> Iterator[Screen]:
    """Give the screen for the time of the block."""
    if not sys.stderr.isatty():
        yield Screen(line=lambda text: click.echo(text, err=True), progress=lambda text: None, quiet=lambda: None)
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with console.status("") as status:
        def line(text: str) -> None:
            console.print(text, markup=False, soft_wrap=True)

        def progress(text: str) -> None:
            status.start()
            status.update(f"{text} ..." if text else "")

        yield Screen(line, progress, status.stop)
