"""What the trigger remembers of its jobs and messages."""
from __future__ import annotations

from pathlib import Path

import pytest

from checks.build_id import build_id_for
from checks.contracts import Job
from tests.trigger.samples import koji_build
from trigger import journal as module
from trigger.journal import CANCELLED, SCHEDULED, Journal

JOB = Job("xchat-0.5-1.fc36", "koji_build", "rpmlint", "noarch", build_id_for("k"), "k")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_a_new_state_keeps_what_is_known_of_a_job(journal: Journal) -> None:
    journal.note_job(JOB, "lint", "m1", SCHEDULED, 7)
    journal.note_job(JOB, "other", "m2", CANCELLED)

    one, = journal.find("xchat-0.5-1.fc36")

    assert (one.state, one.buildset, one.rule, one.message_id) == (CANCELLED, 7, "lint", "m1")


def test_only_scheduled_jobs_count_for_a_limit(journal: Journal) -> None:
    journal.note_job(JOB, "lint", "m1", CANCELLED)

    assert journal.launches_since("rpmlint", 0) == []


def test_the_oldest_messages_make_room(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MESSAGES_KEPT", 3)

    for number in range(501):
        journal.note_message(koji_build(f"m{number}"))

    assert journal.message("m0") is None
    assert journal.message("m500") is not None


def test_a_body_that_is_too_long_is_not_kept(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_LIMIT", 10)

    journal.note_message(koji_build("m1"))
    kept = journal.message("m1")

    assert kept is not None
    assert kept.body["checkotron"].startswith("a body of ")
