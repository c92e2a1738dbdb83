"""What a person sees while a run lasts: the action that runs now, and for how long. Only on terminals."""
from __future__ import annotations

import threading
import time
from typing import Any

from checks.description import Action
from checks.item import shown

#: Seconds before anything is shown: most runs are over by then, and rich takes a while to load.
_PATIENCE_SECONDS = 0.5


class NoProgress:
    """Shows nothing."""

    def __enter__(self) -> NoProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def on_action(self, index: int, total: int, action: Action) -> None:
        """Pass over an action."""

    def stop(self) -> None:
        """There is nothing to stop."""


class Progress(NoProgress):
    """Shows one line on stderr with a spinner, drawn by rich in a thread of its own."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._words = "preparing"
        self._live: Any = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(_PATIENCE_SECONDS, self._begin)
        self._timer.daemon = True

    def __enter__(self) -> Progress:
        self._timer.start()
        return self

    def on_action(self, index: int, total: int, action: Action) -> None:
        """Show the action that starts."""
        with self._lock:
            self._words = f"{index}/{total} {shown(action.name, 60)}"
            self._started = time.monotonic()

    def stop(self) -> None:
        """Take the line away; harmless when called twice."""
        self._timer.cancel()
        with self._lock:
            live, self._live = self._live, None
        if live is not None:
            live.stop()

    def __rich__(self) -> str:
        """Return the words of this moment."""
        return f"{self._words} [dim]{time.monotonic() - self._started:.0f} s[/dim]"

    def _begin(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner
        from rich.table import Table

        spinner = Spinner("dots")
        grid = Table.grid(padding=(0, 1))
        grid.add_row(spinner, self)
        live = Live(grid, console=Console(stderr=True), refresh_per_second=8, transient=True)
        with self._lock:
            if not self._timer.finished.is_set():
                self._live = live
                live.start()
