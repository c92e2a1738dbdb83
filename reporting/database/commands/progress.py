"""Progress of a long command: a bar on a terminal, a line every few seconds elsewhere; always on stderr."""
from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_SECONDS = 5.0


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of things done since the last call. `total`: None where unknown."""
    if sys.stderr.isatty():
        with _bar(what, total) as fill:
            yield fill
        return
    started = last = time.monotonic()
    done = 0

    def line() -> str:
        seconds = max(time.monotonic() - started, 0.001)
        of = f" of {total}" if total else ""
        return f"{what}: {done}{of}, {done / seconds:.0f} a second"

    def advance(more: int) -> None:
        nonlocal done, last
        done += more
        if time.monotonic() - last > _SECONDS:
            last = time.monotonic()
            click.echo(line(), err=True)

    yield advance
    click.echo(line(), err=True)


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                  console=Console(stderr=True)) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda more: bars.advance(bar, more)
