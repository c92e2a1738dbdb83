"""
`cmd-output.log`: what the commands of a check printed, in one layout.

For each command: the command, which streams follow, the output, whether it was
aborted, the return code, the files in its folder, and a line of dashes; where
stdout was captured it stands after that line and ends with another.
"""
from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import BinaryIO

from runner.command import Command, CommandResult
from runner.limits import Limits, LimitsReached
from runner.mask import Mask
from runner.output import SMALL_HEAD_BYTES, HeadAndTail, say_dropped

CMD_LOG_FILENAME = "cmd-output.log"
CMD_LOG_SEPARATOR = "--------------------"
#: Entries of the listing, and bytes of a captured stdout that are repeated in the log.
LISTED_FILES = 200
REPEATED_BYTES = 1024 * 1024


class CommandLog:
    """Appends to one file; used for one command at a time."""

    def __init__(self, path: Path, limits: Limits, reached: LimitsReached) -> None:
        self.path = path
        self._limits, self._reached = limits, reached
        self._head_left = limits.log_head_bytes
        self._file: BinaryIO = open(path, "ab", buffering=0)  # noqa: SIM115 - closed by close()
        self._output: HeadAndTail | None = None
        #: Hides secrets in what is repeated.
        self.mask: Mask | None = None

    def begin(self, command: Command) -> HeadAndTail:
        """Write what will run; return what takes its output."""
        captured = command.capture_stdout is not None
        streams = "stderr only, stdout was captured" if captured else "stdout and stderr"
        head = f"cmd: {_one_line(shlex.join(command.argv))}\noutput (contains {streams}):\n"
        self._file.write(head.encode(errors="replace"))
        head_bytes = max(self._head_left, SMALL_HEAD_BYTES)
        self._output = HeadAndTail(self._file, head_bytes, self._limits.log_tail_bytes)
        return self._output

    def end(self, command: Command, result: CommandResult | None, note: str = "") -> None:
        """Write how it ended; `result` is None for a command that could not be started, `note` says why."""
        if self._output is not None:
            self._output.finish()
            self._head_left = max(0, self._head_left - self._output.total)
            say_dropped(self._reached, f"{CMD_LOG_FILENAME}, output of `{os.path.basename(command.argv[0])}`",
                        self._output.dropped)
            self._output = None
        lines = ["", f"aborted: {bool(result and result.aborted)}"]
        if result is not None and result.cause not in ("exited", "aborted"):
            lines.append(f"stopped: {result.in_words(command.timeout_seconds)}")
        if note:
            lines.append(note)
        lines.append(f"returncode: {result.returncode if result else None}")
        lines += ["", "Files in working directory:", *_listing(command.cwd), CMD_LOG_SEPARATOR, ""]
        self._file.write("\n".join(lines).encode(errors="replace"))
        if command.capture_stdout is not None and result is not None:
            self._repeat(command.capture_stdout)

    def close(self) -> None:
        """Close the file; harmless when called twice."""
        self._file.close()

    def _repeat(self, path: Path) -> None:
        """Write the captured stdout after the command's part."""
        try:
            with open(path, "rb") as file:
                data = file.read(REPEATED_BYTES)
                rest = os.fstat(file.fileno()).st_size - len(data)
        except OSError:
            return
        if self.mask is not None:
            data = self.mask.data(data)
        self._file.write(data)
        if data and not data.endswith(b"\n"):
            self._file.write(b"\n")
        if rest:
            self._file.write(f"[... {rest} bytes more in the captured file ...]\n".encode())
        self._file.write(f"{CMD_LOG_SEPARATOR}\n".encode())


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n") if len(text) < 4096 else text[:4096].replace("\n", "\\n") + " ..."


def _listing(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in entries)
    except OSError:
        return ["(not readable)"]
    names = [name.encode("unicode_escape", "backslashreplace").decode() if not name.isprintable() else name
             for name in names]
    more = len(names) - LISTED_FILES
    return names[:LISTED_FILES] + ([f"... and {more} more"] if more > 0 else [])
