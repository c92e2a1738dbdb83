"""Runs the commands of one run: through its executor, into its log, held to its limits."""
from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace

from runner.abort import AbortToken
from runner.command import EXITED, INTO_NOTHING, INTO_STDOUT, Command, CommandResult
from runner.command_log import CommandLog
from runner.executor import Instance, Sinks
from runner.limits import Limits, LimitsReached
from runner.mask import Mask
from runner.output import Capture, say_dropped
from runner.process import CommandNotFoundError


class Commander:
    """One for a run; one command at a time."""

    def __init__(self, instance: Instance, log: CommandLog, abort: AbortToken, limits: Limits,
                 reached: LimitsReached) -> None:
        self._instance, self._log, self._abort = instance, log, abort
        self._limits, self._reached = limits, reached
        #: Sees every piece of output too: for `--verbose`.
        self.watch: Callable[[bytes], object] | None = None
        #: Hides secrets in logs.
        self.mask: Mask | None = None
        #: Of `time.monotonic()`: when the whole run must end, and how long a command may be silent.
        self.deadline: float | None = None
        self.silence_seconds: float | None = None

    def give_more_time(self, seconds: float) -> None:
        """Let the cleaning actions of a check run after an abort, or after its time: not for ever."""
        if self._abort.is_aborted:
            self._abort = AbortToken()
        if self.deadline is not None:
            self.deadline = max(self.deadline, time.monotonic() + seconds)

    def run(self, command: Command) -> CommandResult:
        """Run one command. Raises CommandNotFoundError, ExecutorError; the log has its part then too."""
        command = self._within_time(command)
        output = self._log.begin(command)
        take, finish = self._watched(output.write)
        capture = Capture(command.capture_stdout, self._limits.capture_bytes) if command.capture_stdout else None
        try:
            try:
                # the loop around a command notices an abort itself, and ends the command in order
                with self._abort.interrupting(False):
                    result = self._instance.run(command, self._sinks(command, take, capture), self._abort)
            finally:
                finish()
        except CommandNotFoundError as error:
            self._log.end(command, None, f"not started: {error}")
            raise
        except Exception as error:
            self._log.end(command, None, f"not finished: {error}")
            raise
        finally:
            if capture is not None:
                capture.close()
        if capture is not None:
            result = replace(result, captured_bytes=capture.size, dropped_bytes=capture.dropped)
            say_dropped(self._reached, f"stdout of `{command.argv[0]}`", capture.dropped)
        if result.left_behind and result.cause == EXITED:
            self._reached.say(f"`{command.argv[0]}` left {result.left_behind} processes behind; they were ended")
        self._log.end(command, result)
        return result

    def _within_time(self, command: Command) -> Command:
        """Shorten the command's time to what is left of the run's."""
        timeout = command.timeout_seconds
        if self.deadline is not None:
            left = max(0.05, self.deadline - time.monotonic())
            timeout = left if timeout is None else min(timeout, left)
        silence = command.silence_seconds if command.silence_seconds is not None else self.silence_seconds
        return replace(command, timeout_seconds=timeout, silence_seconds=silence)

    def _watched(self, write: Callable[[bytes], None]) -> tuple[Callable[[bytes], None], Callable[[], None]]:
        """Return what takes output for the log, and what must be called at its end."""
        watch = self.watch

        def both(data: bytes) -> None:
            write(data)
            if watch is not None:
                with contextlib.suppress(BlockingIOError):
                    watch(data)

        take = write if watch is None else both
        return self.mask.stream(take) if self.mask else (take, lambda: None)

    def _sinks(self, command: Command, log: Callable[[bytes], None], capture: Capture | None) -> Sinks:
        def nothing(data: bytes) -> None:
            """Take output that nobody wants."""

        stdout = capture.write if capture else log
        if command.stderr == INTO_STDOUT:
            return Sinks(stdout, None)
        if command.stderr == INTO_NOTHING:
            return Sinks(stdout, nothing)
        return Sinks(stdout, log if capture else None)
