"""A worker that says it offers what it does not have, or whose words are out of date."""
from __future__ import annotations

from pathlib import Path

from buildbot_master.stack.master_folder import runner_command
from tests.buildbot_master.conftest import CAPABILITIES, new_master, wait_for

CHECK = """\
name: needs
namespace: dist
description: Needs a tool that is on no machine.
maintainer: tests
environment: {tools: [zzz-tool]}
run: {using: command, command: [zzz-tool, --version]}
"""


def test_a_tool_that_a_worker_claims_and_lacks_is_no_verdict_and_is_tried_on_every_worker(tmp_path: Path) -> None:
    (tmp_path / "checks" / "needs").mkdir(parents=True)
    (tmp_path / "checks" / "needs" / "needs.yml").write_text(CHECK)
    settings = {"runner_command": runner_command(tmp_path / "state" / "worker"), "attempts": 3,
                "check_folders": [str(tmp_path / "checks")]}
    lies = CAPABILITIES | {"tool:zzz-tool": "/usr/bin/zzz-tool", "executor:sandbox:available": True}

    with new_master(tmp_path / "state", settings, 2, lies) as master:
        build_id = master.schedule("needs")
        report = master.ended(build_id)
        builds = wait_for(lambda: all(row["complete"] for row in master.builds_of(build_id))
                          and master.builds_of(build_id))

    assert report["execution_status"] == "NOT_OK"
    assert report["code"] == "tool-missing"
    assert "not on this machine, though the check needs it: `zzz-tool`" in report["status"]
    assert len(builds) == 3
    assert len({build["workerid"] for build in builds[:2]}) == 2
