"""QUEUED is said once a job, as reporting reads it, and never holds a job up."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.trigger.planning import check, rulebook
from tests.trigger.samples import koji_build, tag_message
from trigger.dispatch import Dispatcher
from trigger.held import HeldJobs
from trigger.journal import Journal
from trigger.keeper import Keeper
from trigger.progress import ProgressFolder
from trigger.schedulers.recording import RecordingScheduler

RULES = """\
- {when: {message_type: KojiBuildPackageCompleted}, do: [{check: rpmlint}, {check: elsewhere}]}
- {when: {message_type: KojiTagChanged}, do: [{check: deps, delay: 60}]}
"""


def dispatcher(folder: Path, progress: Path) -> Dispatcher:
    book = rulebook(RULES, check("rpmlint", namespace="dist"), check("deps", item_types=("koji_tag",)))
    keeper = Keeper(Journal(folder), HeldJobs(folder), progress=ProgressFolder(progress))
    return Dispatcher(lambda: book, RecordingScheduler(), None, keeper)


def test_a_new_job_is_said_to_be_queued_once(tmp_path: Path) -> None:
    one = dispatcher(tmp_path, tmp_path / "queue" / "progress")
    scheduled = one.dispatch(koji_build())
    file, = (tmp_path / "queue" / "progress").iterdir()
    data = json.loads(file.read_text())
    file.unlink()
    one.dispatch(koji_build("again"))

    assert file.name == f"{scheduled[0].job.build_id}-queued.json"
    assert data.pop("at").endswith("+00:00")
    assert data == {"build_id": scheduled[0].job.build_id, "item": "xchat-0.5-1.fc36", "item_type": "koji_build",
                    "testcase": "dist.rpmlint", "arch": "noarch", "status": "QUEUED",
                    "facts": {"task_id": "80860789", "issuer": "packit", "scratch": "false"}}
    assert list((tmp_path / "queue" / "progress").iterdir()) == []


def test_a_job_that_waits_is_queued_too_and_a_burst_only_once(tmp_path: Path) -> None:
    one = dispatcher(tmp_path, tmp_path / "progress")
    one.dispatch(tag_message(message_id="a"))
    one.dispatch(tag_message(message_id="b"))

    assert [json.loads(path.read_text())["testcase"] for path in (tmp_path / "progress").iterdir()] == ["scratch.deps"]


def test_a_folder_that_cannot_be_written_holds_no_job_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "progress").write_text("a file")

    assert len(dispatcher(tmp_path, tmp_path / "progress").dispatch(koji_build())) == 2
    assert "that a job is queued could not be told" in caplog.text
