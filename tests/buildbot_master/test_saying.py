"""What the master logs of a job is one line a change of state, with its build id."""
from __future__ import annotations

from tests.buildbot_master.conftest import RunningMaster, wait_for


def test_a_job_can_be_followed_in_the_log_by_its_build_id(master: RunningMaster) -> None:
    build_id = master.schedule("works-the-second-time", item="xchat-0.5-1.fc20")
    master.ended(build_id)

    def said() -> list[str]:
        return [line for line in master.master.log.read_text().splitlines() if f" build_id={build_id} " in line]

    lines = wait_for(lambda: "result=success" in "".join(said()) and said())

    assert [line.partition("] ")[2].partition(" build_id=")[0] for line in lines] == [
        "job scheduled", "build started", "build ended, its job runs again", "build started", "build ended"]
    assert all(" check=works-the-second-time item=xchat-0.5-1.fc20 " in line for line in lines)


def test_a_stranger_makes_no_line_of_his_own(caplog: object) -> None:
    from twisted.python import log

    from buildbot_master.parts.saying import say
    said: list[dict[str, object]] = []
    log.addObserver(said.append)
    try:
        say("job refused", item="x\n2026 [-] all is well", why="no tool `x`")
    finally:
        log.removeObserver(said.append)

    (message,), = [one["message"] for one in said]  # type: ignore[misc]
    assert "\n" not in message
    assert message.startswith("job refused item=")
    assert message.endswith('why="no tool `x`"')
