"""Which job starts next: highest priority first, oldest first, and none is passed over for ever."""
from __future__ import annotations

from typing import Any

import pytest
from twisted.internet import defer

from buildbot_master.parts import choosing
from buildbot_master.parts.choosing import Chooser


class _Rows(list[dict[str, Any]]):
    """Like Buildbot's ListResult."""

    @property
    def data(self) -> list[dict[str, Any]]:
        return self


class _Data:
    def __init__(self, waiting: list[dict[str, Any]]) -> None:
        self.waiting = waiting
        self.reads = 0

    def get(self, path: tuple[Any, ...], filters: Any, order: list[str], limit: int, offset: int) -> Any:
        self.reads += 1
        assert order == ["-priority", "buildrequestid"]
        rows = sorted(self.waiting, key=lambda row: (-row["priority"], row["buildrequestid"]))
        return defer.succeed(_Rows(rows[offset:offset + limit]))


class _Job:
    def __init__(self, number: int) -> None:
        self.id = number


class _Scene:
    """A builder whose workers can start only some jobs."""

    def __init__(self, jobs: dict[int, int], can_start: set[int], workers: int) -> None:
        """`jobs`: number -> priority."""
        self.data = _Data([{"buildrequestid": number, "priority": jobs[number]} for number in jobs])
        self.can_start = can_start
        self.free = [f"worker{number}" for number in range(workers)]
        self.config = self
        self.nextWorker = self.nextBuild = None
        self.select_next_worker = lambda builder, workers, job: workers[0]

    def getBuilderId(self) -> Any:
        return defer.succeed(1)

    def getAvailableWorkers(self) -> list[str]:
        return list(self.free)

    def canStartBuild(self, worker: str, job: _Job) -> Any:
        return defer.succeed(job.id in self.can_start)

    def started(self) -> list[int]:
        """Choose until nothing can start any more, as Buildbot does in one look; return the jobs."""
        chooser = Chooser(self, self)
        chooser._getBuildRequestForBrdict = lambda row: defer.succeed(_Job(row["buildrequestid"]))
        found: list[int] = []
        while True:
            result: list[Any] = []
            chooser.popNextBuild().addCallback(result.append)
            worker, job = result[0]
            if worker is None:
                return found
            self.free.remove(worker)
            self.data.waiting = [row for row in self.data.waiting if row["buildrequestid"] != job.id]
            found.append(job.id)


@pytest.fixture(autouse=True)
def _small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_WINDOW", 3)


def test_the_highest_priority_starts_first_and_then_the_oldest() -> None:
    scene = _Scene({1: 0, 2: 5, 3: 0, 4: 5}, {1, 2, 3, 4}, 3)

    assert scene.started() == [2, 4, 1]


@pytest.mark.parametrize("startable", [{9}, {3, 9}, {1, 4, 7}, {10}, set(range(1, 11))])
def test_jobs_that_cannot_start_hold_up_none_behind_them(startable: set[int]) -> None:
    scene = _Scene(dict.fromkeys(range(1, 11), 0), startable, 20)

    assert scene.started() == sorted(startable)


def test_nothing_is_read_while_every_worker_is_busy() -> None:
    scene = _Scene({1: 0}, {1}, 0)

    assert scene.started() == []
    assert scene.data.reads == 0


def test_of_many_jobs_few_are_read() -> None:
    scene = _Scene(dict.fromkeys(range(1, 10_001), 0), set(range(1, 10_001)), 2)

    assert scene.started() == [1, 2]
    assert scene.data.reads == 1
