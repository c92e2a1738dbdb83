"""The command line of the chaos benchmark."""
from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.chaos.arena import arena
from benchmarks.chaos.faults import faults
from benchmarks.chaos.rounds import Round, Stream

#: In the environment of a process that has its own network: its number.
_ALONE = "CHAOS_ALONE"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--messages", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="start no further round after that time")
    parser.add_argument("--report", type=Path, help="a JSON line a round is added to this file")
    parser.add_argument("--faults", default="kill",
                        help="kill, freeze, cut, disk, clock, database; several with commas")
    parser.add_argument("--folder", type=Path, help="kept; else a temporary one")
    parser.add_argument("--master-database", choices=("sqlite", "postgresql"), default="sqlite",
                        help="with postgresql it is killed, too, and --faults may have `database`")
    parser.add_argument("--commit", help="what the report says was run; else what is checked out")
    options = parser.parse_args()
    kinds, has_postgresql = tuple(options.faults.split(",")), options.master_database == "postgresql"
    if "database" in kinds and not has_postgresql:
        parser.error("--faults database needs --master-database postgresql")
    if {"cut", "disk", "database"} & set(kinds):
        be_alone()
    # ends the system, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    rounds: list[Round] = []
    # Ctrl-C ends the rounds, not the report
    with (tempfile.TemporaryDirectory(prefix="chaos-") as temporary, contextlib.suppress(KeyboardInterrupt),
          arena(options.folder or Path(temporary), kinds, has_postgresql=has_postgresql) as (running, publisher)):
        stream = Stream(running, publisher, options.seed, faults(kinds, has_postgresql=has_postgresql))
        rounds = stream.rounds
        for number in range(1, options.rounds + 1):
            if time.monotonic() - began > options.seconds:
                break
            kills = stream.play(number, options.messages).kills
            print(f"{time.monotonic() - began:6.1f} s: round {number:3}; so far: {_words(kills)}", flush=True)
        stream.come_to_rest()
    return _judge(rounds, options, time.monotonic() - began)


def be_alone() -> None:
    """Start this program again with a network and mounts of its own, where a port can be cut and a disk be small."""
    if os.environ.get(_ALONE) == str(os.getpid()):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.environ[_ALONE] = str(os.getpid())
    # a user that is not root gets the rights in a user name space, and stays who she is
    user = () if os.geteuid() == 0 else ("--user", "--map-current-user", "--keep-caps")
    os.execvp("unshare", ["unshare", *user, "--net", "--mount", "--", *sys.orig_argv])


def _judge(rounds: list[Round], options: argparse.Namespace, seconds: float) -> int:
    """Say what came of it; return the exit code."""
    for one in rounds:
        for title, names in (("lost", one.lost), ("doubled", one.doubled), ("not PASSED", one.odd)):
            if names:
                print(f"round {one.number}: {title}: {', '.join(names[:10])}")
    kills: Counter[str] = sum((one.kills for one in rounds), Counter())
    lost, doubled, odd = (sum(len(names) for names in each) for each in (
        [one.lost for one in rounds], [one.doubled for one in rounds], [one.odd for one in rounds]))
    messages = sum(len(one.names) for one in rounds)
    print(f"\nseed {options.seed}: {len(rounds)} rounds in {seconds:.0f} s, {messages} messages, {kills.total()} "
          f"faults ({_words(kills)}); lost {lost}, doubled {doubled}, not PASSED {odd}")
    if options.report:
        with options.report.open("a") as file:
            file.write(json.dumps({
                "seed": options.seed, "faults": options.faults, "commit": options.commit or _commit(),
                "master_database": options.master_database,
                "rounds": len(rounds), "seconds": round(seconds), "messages": messages, "kills": dict(kills),
                "lost": lost, "doubled": doubled, "not_passed": odd}) + "\n")
    return 1 if lost or doubled else 0


def _words(kills: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in kills.most_common()) or "none yet"


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped before the end; everything of it was stopped, too")
