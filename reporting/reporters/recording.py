"""A destination that only remembers; refuses, goes away or breaks where it is told to. For tests and `--dry-run`."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from reporting.progress import Progress
from reporting.reporter import Delivery, NumberedResult, ReportedRun, Secrets


def reporter(address: str, secrets: Secrets) -> RecordingReporter:
    """Return a reporter of that name."""
    return RecordingReporter(address)


class RecordingReporter:
    """
    Keeps what it is given in `.received`: (build id, number, result), in order.

    `before`: called with each result; what it raises stands for the destination's trouble.
    """

    def __init__(self, destination: str = "recording", before: Callable[[NumberedResult], None] | None = None) -> None:
        self.destination = destination
        self.received: list[tuple[str, NumberedResult]] = []
        #: (build id, status), in order.
        self.announced: list[tuple[str, str]] = []
        self._before = before

    def announce(self, progress: Progress) -> str:
        """Keep it."""
        self.announced.append((progress.build_id, progress.status))
        return f"recording:{progress.status}"

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield each delivery after `before` let it pass."""
        for numbered in results:
            if self._before:
                self._before(numbered)
            self.received.append((run.build_id, numbered))
            yield Delivery(numbered.number, f"recording:{len(self.received)}")
