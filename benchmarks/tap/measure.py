"""
TAP with YAML blocks, written and read: ours, tap.py, Perl's TAP::Parser and node's tap-parser in one run.

    python benchmarks/tap/measure.py [--tests 20000] [--node FOLDER]

Every reader loads every block. `--node`: a folder where `npm install tap-parser`
was done. Figures are processor seconds of the reading alone and MB/s; the last
column is the ratio to tap.py. `--tests 100000` takes a minute, most of it tap.py's.
"""
from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from checks.outcome import Outcome
from checks.result import Result
from checks.tap import TapReader, TapWriter

PERL = """
    use TAP::Parser;
    my $parser = TAP::Parser->new({ source => $ARGV[0] }); my $blocks = 0;
    while (my $line = $parser->next) { $blocks++ if $line->is_yaml && $line->data }
    my ($user, $system) = times; print $user + $system, " $blocks";
"""
NODE = """
    const { Parser } = require('tap-parser'); const fs = require('fs'); let blocks = 0;
    const parser = new Parser(() => {
        const used = process.cpuUsage(); console.log((used.user + used.system) / 1e6, blocks) });
    parser.on('assert', one => { if (one.diag) blocks++ });
    fs.createReadStream(process.argv[2]).pipe(parser);
"""


def results(count: int) -> Iterator[Result]:
    """What rpmlint says of a large update: one result a package, some output each."""
    for number in range(count):
        yield Result(
            f"package-{number}-1.{number % 10}-1.fc40", "koji_build",
            Outcome.FAILED if number % 7 == 0 else Outcome.PASSED, "dist.rpmlint",
            summary=f"{number % 5} errors, {number % 9} warnings", arch="x86_64", artifact="rpmlint.log",
            output=f"package-{number}.x86_64: W: no-documentation\npackage-{number}.x86_64: E: zero-length /etc/x")


def read_ours(path: Path) -> int:
    """Read with checks.tap."""
    with path.open("rb") as file:
        return sum(result.output is not None for result in TapReader(file, testcase="dist.rpmlint"))


def read_tap_py(path: Path) -> int:
    """Read with tap.py, each block loaded once."""
    from tap.parser import Parser

    return sum(line.yaml_block is not None for line in Parser().parse_file(str(path)) if line.category == "test")


def in_child(read: Callable[[Path], int], path: Path) -> tuple[float, int, int]:
    """Return processor seconds, blocks read and peak memory in MiB of reading in a process of its own."""
    pipe, ends = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF)
        blocks = read(path)
        after = resource.getrusage(resource.RUSAGE_SELF)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        os.write(ends, f"{spent} {blocks} {after.ru_maxrss // 1024}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    spent, blocks, memory = os.read(pipe, 100).split()
    return float(spent), int(blocks), int(memory)


def foreign(argv: list[str], folder: Path | None) -> tuple[float, int, int]:
    """The same of another program, which says seconds and blocks itself."""
    done = subprocess.run(["prlimit", f"--as={8 * 2**30}" if "perl" in argv[0] else "--core=0", *argv], cwd=folder,
                          capture_output=True, text=True, timeout=600, check=True)
    spent, blocks = done.stdout.split()
    return float(spent), int(blocks), 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=20_000)
    parser.add_argument("--node", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "results.tap")
        before = sum(os.times()[:2])
        with path.open("w", encoding="utf-8") as file, TapWriter(file) as writer:
            for result in results(asked.tests):
                writer.write(result)
        written = sum(os.times()[:2]) - before
        size = path.stat().st_size / 1e6
        # the same without the layout that our short way knows: every block goes through libyaml
        slow = Path(folder, "slow.tap")
        slow.write_text(path.read_text().replace("\n  item: ", "\n  item:  "))
        rows = {"ours": in_child(read_ours, path), "ours, all through libyaml": in_child(read_ours, slow),
                "tap.py": in_child(read_tap_py, path)}
        if shutil.which("perl"):
            rows["Perl TAP::Parser"] = foreign(["perl", "-e", PERL, str(path)], None)
        if asked.node:
            rows["node tap-parser"] = foreign(["node", "-e", NODE, "-", str(path)], asked.node)
    print(f"{asked.tests} tests, {size:.1f} MB; written by ours in {written:.2f} s, {size / written:.1f} MB/s\n")
    print(f"{'reader':<26} {'seconds':>8} {'MB/s':>7} {'MiB':>5} {'blocks':>8} {'x tap.py':>9}")
    peer = rows["tap.py"][0]
    for name, (spent, blocks, memory) in rows.items():
        print(f"{name:<26} {spent:>8.2f} {size / spent:>7.2f} {memory or '':>5} {blocks:>8} {peer / spent:>9.1f}")
    if any(blocks != asked.tests for _, blocks, _ in rows.values()):
        sys.exit("a reader did not read every block")


if __name__ == "__main__":
    main()
