"""The command line of the chaos benchmark."""
from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.chaos.arena import arena
from benchmarks.chaos.rounds import Round, play


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--messages", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="start no further round after that time")
    parser.add_argument("--report", type=Path, help="a JSON line a round is added to this file")
    parser.add_argument("--folder", type=Path, help="kept; else a temporary one")
    options = parser.parse_args()
    # ends the system, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rounds: list[Round] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        folder = options.folder or Path(temporary)
        # Ctrl-C ends the rounds, not the report
        with contextlib.suppress(KeyboardInterrupt), arena(folder) as running:
            for number in range(1, options.rounds + 1):
                if time.monotonic() - began > options.seconds:
                    break
                rounds.append(play(running, number, options.messages, options.seed))
                _tell(rounds[-1], options.report)
    _sum_up(rounds, options.seed)
    return 1 if any(one.lost or one.doubled for one in rounds) else 0


def _tell(one: Round, report: Path | None) -> None:
    kills = ", ".join(f"{name} x{count}" for name, count in one.kills.items()) or "none"
    print(f"round {one.number:3}: {one.seconds:5.1f} s; killed: {kills}; lost {len(one.lost)}, "
          f"doubled {len(one.doubled)}, not PASSED {len(one.odd)}", flush=True)
    for title, names in (("lost", one.lost), ("doubled", one.doubled), ("not PASSED", one.odd)):
        if names:
            print(f"  {title}: {', '.join(names[:10])}", flush=True)
    if report:
        with report.open("a") as file:
            file.write(json.dumps(one.__dict__) + "\n")


def _sum_up(rounds: list[Round], seed: int) -> None:
    kills: Counter[str] = sum((one.kills for one in rounds), Counter())
    print(f"\nseed {seed}: {len(rounds)} rounds, {sum(one.messages for one in rounds)} messages, "
          f"{sum(kills.values())} kills ({', '.join(f'{name} {count}' for name, count in kills.most_common())}); "
          f"lost {sum(len(one.lost) for one in rounds)}, doubled {sum(len(one.doubled) for one in rounds)}, "
          f"not PASSED {sum(len(one.odd) for one in rounds)}")


if __name__ == "__main__":
    sys.exit(main())
