"""
Run lintian over a Debian source package and its binary packages, and say what it found, as one result.

The verdict is lintian's own: with `--fail-on error` it ends with 0 (PASSED) or with 2 (FAILED). A package that it
skips because it cannot be read is NEEDS_INSPECTION: lintian goes on without it and says so on standard error alone.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

#: `E: hello source: tag-name details`; C is classification, P pedantic, X experimental, O overridden, N a note.
TAG = re.compile(r"^(?P<level>[EWICPXO]): ", re.MULTILINE)
SKIPPED = re.compile(r"^Skipping (?P<path>.+?): (?P<why>.*)$", re.MULTILINE)
FAILED_CODE = 2
OUTPUT_LIMIT = 60_000
ENDINGS = (".dsc", ".deb", ".udeb", ".changes", ".buildinfo")


class LintianError(RuntimeError):
    """Raised where lintian gave no verdict: the run is NOT_OK."""


def run(packages: str, item: str, item_type: str = "debian_source", *, artifacts: str | None = None,
        suppress: list[str] | None = None, timeout_seconds: float = 1800) -> list[dict[str, Any]]:
    """
    Return one result for the item.

    `packages` is the folder with .dsc, its files, and .deb files; `suppress` names tags that are not looked for;
    `artifacts` is a folder for the whole text. Raises LintianError: no verdict, and why.
    """
    folder = Path(packages)
    files = sorted(path for path in folder.glob("*") if path.suffix in ENDINGS and path.is_file())
    if not files:
        raise LintianError(f"`{packages}` holds no .dsc, .deb or .changes of {item}: nothing to check")
    if shutil.which("lintian") is None:
        raise LintianError("`lintian` is not installed; install it with `apt-get install lintian`")
    argv = ["lintian", "--fail-on", "error", "--no-cfg", "--tag-display-limit", "0", "--color", "never"]
    argv += ["--allow-root"] if os.geteuid() == 0 else []
    argv += [f"--suppress-tags={','.join(suppress)}"] if suppress else []
    try:
        done = subprocess.run([*argv, "--", *(str(path.resolve()) for path in files)], capture_output=True, text=True,
                              errors="replace", check=False, timeout=timeout_seconds,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
    except subprocess.TimeoutExpired:
        raise LintianError(f"lintian did not end within {timeout_seconds:g} seconds") from None
    skipped = [f"{Path(match['path']).name}: cannot be read: {match['why']}" for match in SKIPPED.finditer(done.stderr)]
    # with nothing left to look at it ends with 1
    if not skipped and (done.returncode not in (0, FAILED_CODE) or (done.returncode and not TAG.search(done.stdout))):
        raise LintianError(f"lintian ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return [result_of(done.returncode, skipped, done.stdout, {"item": item, "type": item_type}, artifacts)]


def result_of(code: int, skipped: list[str], printed: str, result: dict[str, Any],
              artifacts: str | None) -> dict[str, Any]:
    """Return the result: lintian's verdict, the counts in the summary, the tags in details.output."""
    lines = [printable(line) for line in [*skipped, *printed.splitlines()] if line.strip()]
    levels = [match["level"] for match in map(TAG.match, lines) if match]
    counts = f"{levels.count('E')} ERRORS, {levels.count('W')} WARNINGS"
    output = "\n".join(lines)
    outcome, summary = "FAILED" if code == FAILED_CODE else "PASSED", counts
    if skipped:
        outcome, summary = "NEEDS_INSPECTION", f"{len(skipped)} packages cannot be read by lintian; {counts}"
    result |= {"outcome": outcome, "summary": summary,
               "errors": str(levels.count("E")), "warnings": str(levels.count("W")),
               "details": {"output": output if len(output) <= OUTPUT_LIMIT else
                           output[:OUTPUT_LIMIT] + "\n... the rest is in lintian.txt"}}
    if artifacts:
        Path(artifacts, "lintian.txt").write_text(output + "\n", encoding="utf-8")
        result["artifact"] = "lintian.txt"
    return result


def printable(line: str) -> str:
    """Return the line without terminal escapes and control characters."""
    return "".join(char if char.isprintable() or char == "\t" else f"\\x{ord(char):02x}" for char in line)
