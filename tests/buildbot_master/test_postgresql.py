"""The master on PostgreSQL: the same door, the same builds, the same survival."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.buildbot_master.conftest import RunningMaster, new_master
from tests.support.postgresql import private_postgresql


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMaster]:
    with private_postgresql() as url, new_master(
            tmp_path_factory.mktemp("postgresql") / "state",
            {"database_url": url.replace("postgresql:", "postgresql+psycopg:")}) as master:
        yield master


def test_a_job_runs_once_and_is_known_afterwards(on_postgresql: RunningMaster) -> None:
    job = on_postgresql.job("good")

    first, second = on_postgresql.door("/schedule", job), on_postgresql.door("/schedule", job)

    assert (first[0], second[0]) == (201, 200)
    assert on_postgresql.ended(job["build_id"])["execution_status"] == "OK"


def test_keys_and_reasons_of_the_longest_kind_are_taken(on_postgresql: RunningMaster) -> None:
    job = on_postgresql.job("good", key="k" * 256, reason="ü" * 256)

    assert on_postgresql.door("/schedule", job)[0] == 201
    assert on_postgresql.door("/schedule", job)[0] == 200


def test_a_killed_master_knows_its_jobs_again(on_postgresql: RunningMaster, tmp_path: Path) -> None:
    on_postgresql.stop_worker()
    job = on_postgresql.job("good")
    assert on_postgresql.door("/schedule", job)[0] == 201
    on_postgresql.kill(on_postgresql.master)

    on_postgresql.start()

    assert on_postgresql.door("/schedule", job)[0] == 200
    assert on_postgresql.ended(job["build_id"])["execution_status"] == "OK"
