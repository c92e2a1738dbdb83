"""Runs `checkotron` as everybody does: as a process, and reads what it left."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.result import Result
from checks.tap import read_tap

SAMPLE_CHECKS = Path(__file__).resolve().parent.parent / "sample_checks"
ITEM = "xchat-0.5-1.fc20"


@dataclass(frozen=True)
class Ran:
    """How one run ended."""

    exit_code: int
    stdout: str
    stderr: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        return json.loads((self.folder / "execution.json").read_text())

    @property
    def results(self) -> tuple[Result, ...]:
        reading = read_tap((self.folder / "results.tap").read_bytes(), testcase="none")
        assert not reading.faults, reading.faults
        return reading.results

    @property
    def limits(self) -> str:
        return "\n".join(self.report["details"].get("limits", []))

    def log(self, name: str = "cmd-output.log") -> str:
        return (self.folder / name).read_text(errors="replace")


def checkotron(*arguments: object, timeout: float = 120, cwd: Path | None = None,
               **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; it is killed with everything it started when it takes too long."""
    return subprocess.run([sys.executable, "-m", "checkotron", *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, cwd=cwd, env={**os.environ, **environment}, check=False)


def run_check(check: object, folder: Path, *arguments: object, item: str = ITEM, item_type: str = "koji_build",
              executor: str = "local", timeout: float = 120, **environment: str) -> Ran:
    """Run one check into a folder."""
    done = checkotron("run", check, "--item", item, "--item-type", item_type, "--executor", executor,
                      "--artifacts", folder, *arguments, timeout=timeout, **environment)
    return Ran(done.returncode, done.stdout, done.stderr, folder)


def write_check(folder: Path, text: str, **files: str) -> Path:
    """Write a check named after its folder; `files` are its scripts, named without `.py`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = text if text.startswith("name:") else f"name: {folder.name}\n{text}"
    (folder / f"{folder.name}.yml").write_text(text)
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    return folder
