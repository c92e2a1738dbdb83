"""A job that nobody can ever run ends with a report that says why."""
from __future__ import annotations

from pathlib import Path

import pytest

from buildbot_master.parts.settings import Settings
from buildbot_master.parts.standing import ABSENT, CANNOT, MAY, Standing, refused_after_seconds
from tests.buildbot_master.conftest import CAPABILITIES, new_master, wait_for

EXCEPTION = 4


def stand(*kinds: str) -> list[Standing]:
    return [Standing(f"w{number}", kind, ("because",)) for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(("kinds", "expected"), [
    ((CANNOT, CANNOT), 10),
    ((CANNOT, MAY), None),
    ((CANNOT, ABSENT), 100),
    ((ABSENT, ABSENT), None),
    ((MAY, ABSENT), None),
    ((), None),
])
def test_only_a_job_without_any_hope_is_refused(kinds: tuple[str, ...], expected: float | None) -> None:
    settings = Settings(refuse_after_seconds=10, refuse_absent_after_seconds=100)

    assert refused_after_seconds(stand(*kinds), settings) == expected


def test_with_zero_a_job_waits_for_ever() -> None:
    assert refused_after_seconds(stand(CANNOT), Settings(refuse_after_seconds=0)) is None
    assert refused_after_seconds(stand(CANNOT, ABSENT), Settings(refuse_absent_after_seconds=0)) is None


def test_a_job_that_no_worker_can_run_ends_as_an_error_that_says_why(tmp_path: Path) -> None:
    offers = CAPABILITIES | {"tags": ["small"]}
    with new_master(tmp_path / "state", {"refuse_after_seconds": 1}, capabilities=offers) as master:
        refused = master.schedule("rpmlint", arch="s390x", extra={"worker_kind": "big", "fact_task_id": "7"})
        allowed = master.schedule("good", extra={"worker_kind": "small"})

        report = master.ended(refused)
        request = wait_for(lambda: [row for row in master.rest("buildrequests")["buildrequests"]
                                    if row["results"] == EXCEPTION])

        assert (report["execution_status"], report["code"], report["exit_code"]) == ("NOT_OK", "no-worker", 3)
        assert (report["testcase"], report["details"]["facts"]) == ("dist.rpmlint", {"task_id": "7"})
        assert report["status"].startswith(
            "no worker can run it: local-1, local-2: a worker with the tag `big` is asked for, the worker has the tags "
            "small; local-1, local-2: arch s390x is needed, the worker has x86_64, i686")
        assert len(request) == 1
        assert master.ended(allowed)["execution_status"] == "OK"
        assert master.builds_of(refused) == []


def test_while_no_worker_is_there_jobs_wait(tmp_path: Path) -> None:
    with new_master(tmp_path / "state", {"refuse_after_seconds": 0.5}) as master:
        master.stop_worker()
        waiting = master.schedule("good", arch="s390x")
        # the same, but for a worker that is there: by then the other would have been refused, too
        wait_for(lambda: master.door("/waiting")[1]["jobs"][0]["waits_seconds"] >= 3)

        assert not (master.state.queue / f"{waiting}.json").exists()
        master.worker.start()
        assert master.ended(waiting)["code"] == "no-worker"


def test_a_job_for_an_executor_that_no_worker_offers_says_so(tmp_path: Path) -> None:
    with new_master(tmp_path / "state", {"refuse_after_seconds": 1}) as master:
        build_id = master.schedule("good", extra={"executor": "podman"})

        assert master.ended(build_id)["status"] == ("no worker can run it: local-1, local-2: executor podman is asked "
                                                    "for, the worker does not offer it")
