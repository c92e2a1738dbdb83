"""The queue of finished runs, with real processes that are killed."""
import errno
import itertools
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks.outcome import Outcome
from reporting.deliverer import Deliverer, QueueError
from reporting.reporter import AwayError, RefusedError
from reporting.reporters.recording import RecordingReporter
from tests.reporting.runs import PASSED, enqueue, make_run
from tests.support.results_server import ResultsServer, results_server


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    folder = tmp_path / "queue"
    folder.mkdir()
    return folder


@pytest.fixture
def server() -> Iterator[ResultsServer]:
    with results_server() as running:
        yield running


def wait_for(what: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def started(queue: Path, *addresses: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "checkotron", "results", "deliver", "--queue", str(queue), "--follow"]
    return subprocess.Popen([*argv, *(part for address in addresses for part in ("--to", address))],
                            stderr=subprocess.DEVNULL)


def test_a_copy_of_a_queue_file_under_another_name_delivers_nothing_twice(queue: Path, tmp_path: Path) -> None:
    original = enqueue(queue, make_run(tmp_path / "run"))
    (queue / "copy.json").write_bytes(original.read_bytes())
    sink = RecordingReporter()
    deliverer = Deliverer(queue, [sink])
    deliverer.start()

    for _ in range(3):
        deliverer.pass_once()

    assert len(sink.received) == 1
    assert [path.name for path in queue.glob("*.json")] == ["copy.json"]


def test_what_is_no_file_in_the_queue_holds_nothing_up(queue: Path, tmp_path: Path) -> None:
    for folder in (queue, queue / "progress", queue / "undelivered"):
        folder.mkdir(exist_ok=True)
        for ending in ("json", "jsonl"):
            (folder / f"folder.{ending}").mkdir()
            (folder / f"endless.{ending}").symlink_to("/dev/zero")
            (folder / f"nowhere.{ending}").symlink_to("nowhere")
            os.mkfifo(folder / f"pipe.{ending}")
    enqueue(queue, make_run(tmp_path / "run"))
    sink = RecordingReporter()
    deliverer = Deliverer(queue, [sink])
    deliverer.start()

    deliverer.pass_once()

    assert len(sink.received) == 1


def test_a_delivered_run_leaves_the_queue(queue: Path, tmp_path: Path) -> None:
    enqueue(queue, make_run(tmp_path / "run"))
    sink = RecordingReporter()
    deliverer = Deliverer(queue, [sink])
    deliverer.start()

    deliverer.pass_once()

    assert len(sink.received) == 1
    assert list(queue.glob("*.json")) == list((queue / "undelivered").glob("*.jsonl")) == []


def test_a_run_waits_in_the_queue_until_every_destination_has_it(queue: Path, tmp_path: Path) -> None:
    path = enqueue(queue, make_run(tmp_path / "run"))
    trouble: list[Exception] = [AwayError("away")]

    def before(_: object) -> None:
        if trouble:
            raise trouble[0]

    now = [0.0]
    good, bad = RecordingReporter("good"), RecordingReporter("bad", before)
    deliverer = Deliverer(queue, [good, bad], clock=lambda: now[0])
    deliverer.start()

    deliverer.pass_once()
    deliverer.pass_once()
    assert (len(good.received), len(bad.received), path.exists()) == (1, 0, True)

    trouble.clear()
    now[0] += 1
    deliverer.pass_once()
    assert (len(good.received), len(bad.received), path.exists()) == (1, 1, False)


def test_the_wait_between_tries_doubles_up_to_five_minutes(queue: Path, tmp_path: Path) -> None:
    enqueue(queue, make_run(tmp_path / "run"))
    tries: list[float] = []
    now = [0.0]

    def before(_: object) -> None:
        tries.append(now[0])
        raise AwayError("away")

    deliverer = Deliverer(queue, [RecordingReporter("bad", before)], clock=lambda: now[0])
    deliverer.start()
    while now[0] < 3600:
        deliverer.pass_once()
        now[0] += 0.1

    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert 0.4 <= waits[0] <= 0.7
    assert 1.6 * waits[0] < waits[2] < 8 * waits[0]
    assert max(waits) <= 360.1
    assert len(tries) < 30


def test_a_refused_run_does_not_hold_back_the_next(queue: Path, tmp_path: Path) -> None:
    first, second = str(uuid.uuid4()), str(uuid.uuid4())

    def before(numbered: object) -> None:
        if "bad" in str(numbered):
            raise RefusedError("no")

    sink = RecordingReporter("sink", before)
    deliverer = Deliverer(queue, [sink])
    deliverer.start()
    enqueue(queue, make_run(tmp_path / "1", (PASSED.with_changes(summary="bad"),), build_id=first))
    deliverer.pass_once()
    enqueue(queue, make_run(tmp_path / "2", build_id=second))
    deliverer.pass_once()

    assert [build_id for build_id, _ in sink.received] == [second]
    assert deliverer.waiting == 1


def test_results_outlive_the_folder_of_their_run(queue: Path, tmp_path: Path) -> None:
    enqueue(queue, make_run(tmp_path / "run"))

    def before(_: object) -> None:
        raise AwayError("away")

    Deliverer(queue, [RecordingReporter("sink", before)]).pass_once()
    (tmp_path / "run" / "results.tap").unlink()
    (tmp_path / "run" / "execution.json").unlink()
    sink = RecordingReporter("sink")
    later = Deliverer(queue, [sink])

    assert later.start() == 1
    later.pass_once()
    assert len(sink.received) == 1


def test_a_broken_file_stays_and_takes_nothing_from_the_others(queue: Path, tmp_path: Path) -> None:
    (queue / "00000000-0000-4000-8000-000000000000.json").write_text("{")
    (queue / "1.json").write_text('{"build_id": "x"}')
    enqueue(queue, make_run(tmp_path / "run"))
    sink = RecordingReporter()
    deliverer = Deliverer(queue, [sink])
    deliverer.start()

    deliverer.pass_once()

    assert len(sink.received) == 1
    assert len(list(queue.glob("*.json"))) == 2


def test_a_mended_file_is_taken_in(queue: Path, tmp_path: Path) -> None:
    finished = make_run(tmp_path / "run")
    (queue / f"{finished.build_id}.json").write_text("{")
    sink = RecordingReporter()
    deliverer = Deliverer(queue, [sink])
    deliverer.start()
    deliverer.pass_once()
    enqueue(queue, finished)

    deliverer.pass_once()

    assert len(sink.received) == 1


def test_a_full_disk_sends_nothing_that_cannot_be_noted(
        queue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    sink = RecordingReporter()
    deliverer = Deliverer(queue, [sink], clock=lambda: now[0])
    deliverer.start()
    full: list[bool] = [True]

    def fsync(descriptor: int, real: Callable[[int], None] = os.fsync) -> None:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    enqueue(queue, make_run(tmp_path / "run"))
    deliverer.pass_once()
    assert (len(sink.received), deliverer.waiting) == (0, 0)

    full.clear()
    now[0] += 10
    deliverer._take_in()
    full.append(True)
    deliverer.pass_once()
    assert (len(sink.received), deliverer.waiting) == (0, 1)

    full.clear()
    now[0] += 10
    deliverer.pass_once()
    assert (len(sink.received), deliverer.waiting) == (1, 0)


def test_a_run_that_somebody_takes_away_is_forgotten(queue: Path, tmp_path: Path) -> None:
    def before(_: object) -> None:
        raise AwayError("away")

    path = enqueue(queue, make_run(tmp_path / "run"))
    now = [0.0]
    deliverer = Deliverer(queue, [RecordingReporter("bad", before)], clock=lambda: now[0])
    deliverer.start()
    deliverer.pass_once()
    path.unlink()
    for file in (queue / "undelivered").glob("*.jsonl"):
        file.unlink()
    now[0] += 10

    deliverer.pass_once()

    assert deliverer.waiting == 0


def test_two_processes_never_deliver_from_one_queue(queue: Path) -> None:
    first = Deliverer(queue, [])
    first.start()

    with pytest.raises(QueueError, match="another process delivers from this queue; stop it first"):
        Deliverer(queue, []).start()


def test_a_queue_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(QueueError, match="no such folder; expected the queue of finished runs"):
        Deliverer(tmp_path / "nothing", []).start()


def test_the_process_waits_for_a_queue_that_is_not_there_yet(tmp_path: Path, server: ResultsServer) -> None:
    queue = tmp_path / "later" / "queue"
    process = started(queue, server.url)
    try:
        assert process.poll() is None
        queue.mkdir(parents=True)
        enqueue(queue, make_run(tmp_path / "run"))
        wait_for(lambda: server.rows or process.poll() is not None)
    finally:
        process.terminate()

    assert process.wait(60) == 0
    assert [row["outcome"] for row in server.rows] == ["PASSED"]


def test_the_process_delivers_what_comes_and_stops_when_told(
        queue: Path, tmp_path: Path, server: ResultsServer) -> None:
    process = started(queue, server.url)
    try:
        enqueue(queue, make_run(tmp_path / "run"))
        wait_for(lambda: server.rows)
        wait_for(lambda: not list(queue.glob("*.json")))
    finally:
        process.terminate()

    assert process.wait(60) == 0
    assert [row["outcome"] for row in server.rows] == ["PASSED"]


@pytest.mark.full
def test_kill_minus_9_at_random_moments_loses_and_doubles_nothing(
        queue: Path, tmp_path: Path, server: ResultsServer) -> None:
    """The server knows no Idempotency-Key and now and then says 500 to what it has stored."""
    chance = random.Random(20261121)
    server.after_storing = lambda row: 500 if chance.random() < 0.1 else None
    expected = []
    for number in range(15):
        build_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        results = [PASSED.with_changes(arch=f"arch{part}", outcome=Outcome.FAILED) for part in range(3)]
        expected += [(build_id, f"arch{part}") for part in range(3)]
        enqueue(queue, make_run(tmp_path / str(number), results, build_id=build_id))

    kills = 0
    while list(queue.glob("*.json")) or list((queue / "undelivered").glob("*.jsonl")):
        process = started(queue, server.url)
        before = len(server.rows)
        wait_for(lambda before=before, process=process: len(server.rows) > before or process.poll() is not None
                 or not list(queue.glob("*.json")))
        time.sleep(chance.uniform(0, 0.03))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
        assert kills < 200

    assert sorted((row["groups"][0], row["data"]["arch"][0]) for row in server.rows) == sorted(expected)
