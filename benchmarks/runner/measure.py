"""
What a run of a check costs, against pre-commit and tmt on the same machine in the same minutes.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install pre-commit tmt
    .venv/bin/python benchmarks/runner/measure.py --peers /tmp/peers [--rounds 7]

Every round runs each program once, in turn, so that a busy machine slows all of
them alike. Printed: the median and least processor time (user and system, with
all children), the least wall time, and the ratios the project promises.
"""
from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ITEM = ["--item", "xchat-0.5-1.fc20", "-q"]
FLOOD = "yes | head -c 100000000"


@dataclass
class Program:
    """One program to measure."""

    name: str
    argv: list[str]
    cwd: Path
    cpu_seconds: list[float] = field(default_factory=list)
    wall_seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def run(self) -> None:
        """Run it once, in a process that counts it and all its children."""
        code = ("import os, resource, subprocess, sys\n"
                "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
                "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
                "print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss)\n")
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, "-S", "-c", code, *self.argv], cwd=self.cwd, capture_output=True,
                              text=True, check=True)
        self.wall_seconds.append(time.perf_counter() - begin)
        returncode, cpu, peak = done.stdout.split()
        if returncode != "0":
            raise SystemExit(f"{self.name} ended with {returncode}: {' '.join(self.argv)}")
        self.cpu_seconds.append(float(cpu))
        self.peak_bytes = max(self.peak_bytes, int(peak) * 1024)


def programs(folder: Path, peers: Path | None) -> dict[str, Program]:
    """Return what is measured; the peers only where they are installed."""
    checkotron = [sys.executable, "-m", "checkotron", "run"]
    found = {
        "python -c pass": Program("python -c pass", [sys.executable, "-c", "pass"], folder),
        "checkotron --help": Program("checkotron --help", [sys.executable, "-m", "checkotron", "--help"], folder),
        "local": Program("local", [*checkotron, _check(folder / "cheap", "'true'"), *ITEM, "--executor", "local"],
                         folder),
        "sandbox": Program("sandbox", [*checkotron, str(folder / "cheap"), *ITEM, "--executor", "sandbox"], folder),
        "tee": Program("tee", ["sh", "-c", f"{FLOOD} | tee {folder}/tee.out > /dev/null"], folder),
        "flood": Program("flood", [*checkotron, _check(folder / "flood", f"'{FLOOD}'"), *ITEM, "--executor", "local"],
                         folder),
    }
    if peers is not None and (peers / "bin" / "pre-commit").exists():
        found["pre-commit"] = Program("pre-commit", [str(peers / "bin" / "pre-commit"), "run"],
                                      _hooks(folder / "hooks"))
    if peers is not None and (peers / "bin" / "tmt").exists():
        # without `prepare`: it would install packages for itself
        found["tmt"] = Program("tmt", [str(peers / "bin" / "tmt"), "--feeling-safe", "run", "--id",
                                       str(folder / "tmt-run"), "--scratch", "discover", "provision", "execute",
                                       "report"], _plan(folder / "plan"))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="a virtual environment with pre-commit and tmt")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = f"{name}/state"
        found = programs(Path(name), given.peers)
        for _ in range(given.rounds):
            for program in found.values():
                program.run()
    for program in found.values():
        print(f"{program.name:<18} cpu median {statistics.median(program.cpu_seconds) * 1000:6.0f} ms, "
              f"least {min(program.cpu_seconds) * 1000:6.0f} ms; "
              f"wall least {min(program.wall_seconds) * 1000:6.0f} ms; peak {program.peak_bytes / 2**20:4.0f} MiB")
    _ratio(found, "local", "pre-commit", "at most 1.5")
    _ratio(found, "local", "tmt", "at most 0.1")
    _difference(found, "sandbox", "local", "at most 25 ms")
    start = min(found["local"].cpu_seconds)
    flood, tee = min(found["flood"].cpu_seconds), min(found["tee"].cpu_seconds)
    print(f"{'flood / tee':<24} {flood / tee:5.2f}  ({(flood - start) / tee:.2f} without starting up; at most 1.3)")


def _ratio(found: dict[str, Program], ours: str, theirs: str, promise: str) -> None:
    if theirs in found:
        cpu = statistics.median(found[ours].cpu_seconds) / statistics.median(found[theirs].cpu_seconds)
        wall = min(found[ours].wall_seconds) / min(found[theirs].wall_seconds)
        print(f"{f'{ours} / {theirs}':<24} {cpu:5.2f} of the processor time, {wall:5.2f} of the least wall time "
              f"({promise})")


def _difference(found: dict[str, Program], one: str, other: str, promise: str) -> None:
    cpu = (statistics.median(found[one].cpu_seconds) - statistics.median(found[other].cpu_seconds)) * 1000
    wall = (min(found[one].wall_seconds) - min(found[other].wall_seconds)) * 1000
    print(f"{f'{one} - {other}':<24} {cpu:5.0f} ms of processor time, {wall:5.0f} ms of the least wall time "
          f"({promise})")


def _check(folder: Path, command: str) -> str:
    folder.mkdir(parents=True)
    (folder / f"{folder.name}.yml").write_text(f"name: {folder.name}\nrun: {{using: command, command: {command}}}\n")
    return str(folder)


def _hooks(folder: Path) -> Path:
    folder.mkdir()
    (folder / ".pre-commit-config.yaml").write_text(
        'repos:\n- repo: local\n  hooks:\n  - {id: t, name: t, language: system, entry: "true", pass_filenames: false, '
        "always_run: true}\n")
    for argv in (["git", "init", "-q"], ["git", "add", "."],
                 ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "x"]):
        subprocess.run(argv, cwd=folder, check=True)
    return folder


def _plan(folder: Path) -> Path:
    (folder / ".fmf").mkdir(parents=True)
    (folder / ".fmf" / "version").write_text("1\n")
    (folder / "plan.fmf").write_text("/plans/one:\n  discover: {how: fmf}\n  provision: {how: local}\n"
                                     "  execute: {how: tmt}\n/tests/one:\n  test: \"true\"\n")
    return folder


if __name__ == "__main__":
    main()
