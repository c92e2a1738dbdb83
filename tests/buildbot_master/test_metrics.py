"""What Prometheus reads of the master."""
from __future__ import annotations

from pathlib import Path

from tests.buildbot_master.conftest import RunningMaster, ask, new_master, wait_for


def metrics(master: RunningMaster) -> dict[str, float]:
    status, text, headers = ask(f"http://127.0.0.1:{master.ports.web}/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[:1] != "#"}


def test_ends_of_builds_are_counted_by_check_and_result(master: RunningMaster) -> None:
    for check in ("good", "good", "crashes"):
        master.last_build(master.schedule(check))

    found = wait_for(lambda: (now := metrics(master))["checkotron_build_seconds_count"] == 3 and now)

    assert found['checkotron_builds_total{check="good",result="success"}'] == 2
    assert found['checkotron_builds_total{check="crashes",result="failure"}'] == 1
    assert found["checkotron_workers_connected"] == 2
    assert found["checkotron_runs_unreported"] == 3


def test_buildbots_own_cleaner_is_no_worker(tmp_path: Path) -> None:
    with new_master(tmp_path / "state", {"keep_days": 9}) as master:
        assert "__Janitor" in {worker["name"] for worker in master.rest("workers")["workers"]}

        assert metrics(master)["checkotron_workers_connected"] == 2


def test_a_look_at_a_page_leaves_no_line_in_the_log(master: RunningMaster) -> None:
    metrics(master)
    master.rest("builders")

    log = master.master.log.read_text()
    assert "GET /metrics" not in log
    assert "GET /api" not in log


def test_waiting_jobs_are_a_gauge(master: RunningMaster) -> None:
    before = metrics(master)["checkotron_jobs_waiting"]

    master.schedule("good", arch="pdp11")

    assert metrics(master)["checkotron_jobs_waiting"] == before + 1
