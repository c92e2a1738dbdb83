"""Results on a terminal: one line each, and what the check printed where something is wrong."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from reporting.printed import COLOURS, console, one_line
from reporting.reporter import Delivery, NumberedResult, ReportedRun, Secrets

#: Lines of a check's output that are shown.
_OUTPUT_LINES = 10


def reporter(address: str, secrets: Secrets) -> ConsoleReporter:
    """Return the reporter of this terminal."""
    return ConsoleReporter()


class ConsoleReporter:
    """Prints to standard output."""

    destination = "console"

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield each delivery after its lines are printed."""
        from rich.text import Text

        screen = console()
        for numbered in results:
            result = numbered.result
            line = Text(f"{result.outcome:<17}", style=COLOURS.get(result.outcome, ""))
            arch = f" ({result.arch})" if result.arch else ""
            line.append(f"{one_line(result.sentence)}{arch}: {one_line(result.note)}", style="not bold default")
            screen.print(line)
            if result.output and not result.outcome.is_ok:
                lines = result.output.splitlines()
                for text in lines[:_OUTPUT_LINES]:
                    screen.print(Text(f"    {one_line(text)}"))
                if len(lines) > _OUTPUT_LINES:
                    screen.print(Text(f"    ... {len(lines) - _OUTPUT_LINES} more lines"))
            if result.log_url:
                screen.print(Text(f"    {one_line(result.log_url)}", style="dim"))
            yield Delivery(numbered.number)
