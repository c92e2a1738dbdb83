"""
Stands in for `checkotron run` on the worker: does what the name of the check says, in the same contract.

Steered by data, so that a test of the master is a scenario.
"""
from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

OPTIONS = dict(word[2:].split("=", 1) for word in sys.argv[1:] if word.startswith("--"))
FOLDER = Path(OPTIONS["artifacts"])
CHECK = sys.argv[2]
EXIT_CODES = {"good": 0, "crashes": 1, "surroundings-fail": 3, "bug": 70}


def end(status: str, code: str, exit_code: int) -> None:
    """Leave the report and end."""
    (FOLDER / "execution.json").write_text(json.dumps({
        "execution_status": status, "status": code, "item": OPTIONS["item"], "item_type": OPTIONS["item-type"],
        "build_id": OPTIONS["build-id"], "check": CHECK, "testcase": f"dist.{CHECK}", "arch": OPTIONS["arch"],
        "exit_code": exit_code, "code": code, "details": OPTIONS}))
    sys.exit(exit_code)


def main() -> None:
    print("stand-in runner:", json.dumps(sys.argv[1:]))
    if CHECK == "leaves-nothing":
        sys.exit(9)
    FOLDER.mkdir(parents=True)
    (FOLDER / "results.tap").write_text("TAP version 13\n1..0\n")
    if CHECK == "hangs":
        signal.signal(signal.SIGTERM, lambda *_: end("NOT_OK", "aborted", 143))
        (Path(os.environ["MARKS"]) / OPTIONS["build-id"]).write_text(str(os.getpid()))
        time.sleep(600)
    if CHECK == "waits-for-a-sign":
        mark = Path(os.environ["MARKS"]) / OPTIONS["build-id"]
        mark.write_text(str(os.getpid()))
        while not mark.with_suffix(".sign").exists():
            time.sleep(0.02)
    if CHECK == "works-the-second-time":
        mark = Path(os.environ["MARKS"]) / OPTIONS["build-id"]
        if not mark.exists():
            mark.touch()
            end("NOT_OK", "fetch-failed", 3)
    if CHECK == "hostile":
        os.symlink("/etc/passwd", FOLDER / "passwd")
        os.mkfifo(FOLDER / "pipe")
        (FOLDER / "page.html").write_text("<script>alert(1)</script>")
        (FOLDER / "run.log").write_text("<b>text</b>\n")
        (FOLDER / "\x1b[31mred").write_text("")
    code = EXIT_CODES.get(CHECK, 0)
    end("NOT_OK" if code else "OK", CHECK, code)


main()
