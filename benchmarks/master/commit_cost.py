"""
What the row that a transaction leaves for finding out about its commit (parts/commits.py) costs on PostgreSQL.

`python -m benchmarks.master.commit_cost`: transactions that write one row, through Buildbot's own threads, with
and without the row, in turns on one private server that syncs its journal; prints the medians and their ratio.
"""
from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

import sqlalchemy as sa
from buildbot.db.enginestrategy import create_engine
from buildbot.db.pool import DBThreadPool
from twisted.internet import defer, task

from buildbot_master.parts.commits import Commits, prepare_commits
from buildbot_master.parts.database import asking_engine
from tests.support.postgresql import running_postgresql

#: Questions under way at a time, as Buildbot has threads.
_AT_ONCE = 5
_TABLE = "CREATE TABLE written (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=500, help="in each turn")
    parser.add_argument("--turns", type=int, default=9, help="of each way")
    wished = parser.parse_args()
    with running_postgresql("fsync=on") as server:
        task.react(_measure, (server.master_url, wished))
    return 0


@defer.inlineCallbacks
def _measure(reactor: Any, url: str, wished: argparse.Namespace) -> Any:
    pools = {name: _pool(reactor, url) for name in ("without", "with")}
    yield pools["without"].do(_prepare)
    engine = pools["with"].engine
    Commits(engine, asking_engine(engine.url), _give_up)
    rates: dict[str, list[float]] = {name: [] for name in pools}
    for turn in range(wished.turns + 1):
        # the first one opens connections, and does not count; which way is first changes
        for name in sorted(pools, reverse=bool(turn % 2)):
            seconds = yield _turn(pools[name], wished.transactions)
            if turn:
                rates[name].append(wished.transactions / seconds)
    for name, found in rates.items():
        print(f"{name:8} {statistics.median(found):7.0f} transactions a second, median of {len(found)} "
              f"({min(found):.0f} to {max(found):.0f})")
    ratios = [with_it / without for with_it, without in zip(rates["with"], rates["without"], strict=True)]
    print(f"with / without: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f} turn by turn)")
    for pool in pools.values():
        yield pool.stop()


@defer.inlineCallbacks
def _turn(pool: DBThreadPool, transactions: int) -> Any:
    """Return the seconds that so many take."""
    began = time.monotonic()
    left = iter(range(transactions))

    @defer.inlineCallbacks
    def ask() -> Any:
        for _ in left:
            yield pool.do(_write)

    yield defer.gatherResults([ask() for _ in range(_AT_ONCE)])
    return time.monotonic() - began


def _pool(reactor: Any, url: str) -> DBThreadPool:
    pool = DBThreadPool(create_engine(url, basedir=".", pool_size=_AT_ONCE, max_overflow=0), reactor)
    pool.start()
    return pool


def _prepare(connection: Any) -> None:
    connection.execute(sa.text(_TABLE))
    prepare_commits(connection)


def _write(connection: Any) -> None:
    connection.execute(sa.text("INSERT INTO written DEFAULT VALUES"))
    connection.commit()


def _give_up(error: Exception) -> None:
    raise error


if __name__ == "__main__":
    sys.exit(main())
