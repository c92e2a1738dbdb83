"""What Tab offers after `retrigger` and `cancel`."""
from __future__ import annotations

from pathlib import Path

import pytest

from checks.build_id import build_id_for
from checks.contracts import Job
from tests.support.completion import offered
from trigger.journal import SCHEDULED, Journal


def test_items_build_ids_and_checks_of_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    for number, name in enumerate(("xchat", "xchat", "hexchat", "a_b")):
        job = Job(f"{name}-1-1.fc36", "koji_build", "rpmlint", "noarch", build_id_for(f"k{number}"), f"k{number}")
        journal.note_job(job, "rule", "m", SCHEDULED)
    monkeypatch.setenv("CHECKOTRON_STATE", str(tmp_path))

    assert offered("trigger", "retrigger", "x") == ["xchat-1-1.fc36"]
    assert sorted(offered("trigger", "cancel", "")) == ["a_b-1-1.fc36", "hexchat-1-1.fc36", "xchat-1-1.fc36"]
    assert len(offered("trigger", "retrigger", journal.find("a_b-1-1.fc36")[0].job.build_id[:9])) == 1
    assert offered("trigger", "retrigger", "xchat-1-1.fc36", "--check", "") == ["rpmlint"]


def test_what_a_shell_would_run_is_not_offered(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for item in ("https://example.org/rpms/$(reboot)#1", "https://example.org/rpms/a;b#1", "https://example.org/rpms/a#1"):
        job = Job(item, "pull_request", "rpmlint", "noarch", build_id_for(item), item)
        journal.note_job(job, "rule", "m", SCHEDULED)

    assert offered("trigger", "retrigger", "--state", str(tmp_path), "https") == ["https://example.org/rpms/a#1"]


def test_without_a_journal_nothing_is_offered_and_none_is_made(tmp_path: Path) -> None:
    assert offered("trigger", "retrigger", "--state", str(tmp_path), "x") == []
    assert list(tmp_path.iterdir()) == []


def test_a_broken_journal_offers_nothing(tmp_path: Path) -> None:
    (tmp_path / "trigger.sqlite").write_text("no database" * 1000)

    assert offered("trigger", "retrigger", "--state", str(tmp_path), "x") == []
