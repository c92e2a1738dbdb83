"""The page of waiting jobs says each reason once, and many workers in few words."""
from __future__ import annotations

import re

from buildbot_master.parts.standing import CANNOT, Standing, by_reason
from buildbot_master.parts.waiting_job import WaitingJob
from buildbot_master.parts.waiting_page import page_of


def _job(number: int, *reasons: str, item: str = "xchat-0.5-1.fc20", refused: int | None = None) -> WaitingJob:
    return WaitingJob(number, item, "koji_build", "rpmlint", "s390x", f"id{number}", 3, 0, reasons, refused)


def _headings(page: str) -> list[str]:
    return re.findall("<h2>(.*?)</h2><ul><li>(.*?)</li>", page)


def test_jobs_with_the_same_reason_stand_together_and_the_largest_group_first() -> None:
    page = page_of([_job(1, "w1: busy"), _job(2, "w1: arch"), _job(3, "w1: arch")], 3)

    assert _headings(page) == [("2 jobs", "w1: arch"), ("1 job", "w1: busy")]
    assert page.count("w1: arch") == 1
    assert "<h1>3 jobs wait for a worker</h1>" in page


def test_jobs_that_are_refused_at_different_times_have_one_reason() -> None:
    page = page_of([_job(1, "w1: arch", refused=600), _job(2, "w1: arch", refused=30)], 2)

    assert _headings(page) == [("2 jobs", "w1: arch")]
    assert page.count("no worker can ever run this: connect one that can") == 1
    assert "refused in 10 min" in page
    assert "refused in 30 s" in page


def test_a_large_group_is_folded_and_what_is_not_shown_is_counted() -> None:
    page = page_of([_job(number, "w1: busy") for number in range(31)], 500)

    assert "<details><summary>show them</summary><table>" in page
    assert "and 469 more" in page


def test_a_name_that_is_a_program_is_shown_as_text() -> None:
    page = page_of([_job(1, "<script>w</script>: busy", item="<img src=x onerror=alert(1)>")], 1)

    assert "<script>" not in page
    assert "<img" not in page


def test_many_workers_are_counted() -> None:
    standings = [Standing(f"w{number}", CANNOT, ("arch", *(("tag",) if number < 8 else ()))) for number in range(50)]

    assert by_reason(standings) == ("all 50 workers: arch", "w0, w1, w2, w3, w4, w5 and 2 more: tag")
    assert by_reason(standings[:2]) == ("w0, w1: arch", "w0, w1: tag")
