"""What fails now, what is flaky, how long it takes."""
from __future__ import annotations

from reporting.database.pages.history import failing_now, flaky, run_times_by_day
from tests.reporting.database.pages.rows import DAY, NOW, row


def test_an_item_fails_now_while_its_newest_result_blocks() -> None:
    rows = [row("FAILED", item="a-1-1"), row("PASSED", item="b-1-1", age=1), row("FAILED", item="b-1-1", age=2)]

    assert [each.item for each in failing_now(rows)] == ["a-1-1"]


def test_a_build_that_a_newer_one_replaced_does_not_fail_now() -> None:
    rows = [row("PASSED", item="a-2-1.fc20"), row("FAILED", item="a-1-1.fc20", age=1), row("FAILED",
                                                                                           item="a-1-1.fc19", age=2)]

    assert [each.item for each in failing_now(rows)] == ["a-1-1.fc19"]


def test_both_passed_and_failed_on_one_item_is_flaky() -> None:
    rows = [row("PASSED"), row("FAILED", age=1), row("RUNNING", age=2), row("PASSED", age=3), row("FAILED",
                                                                                                  item="b-1-1", age=4)]

    found = flaky(rows)

    assert [(each.rows[0].item, each.turns) for each in found] == [("xchat-0.5-1.fc20", 2)]
    assert [each.verdict.outcome for each in found[0].sequence] == ["PASSED", "FAILED", "PASSED"]


def test_one_architecture_failing_and_the_other_passing_is_not_flaky() -> None:
    assert flaky([row("PASSED", arch="x86_64"), row("FAILED", arch="aarch64")]) == []


def test_the_run_time_is_what_the_result_says_else_since_it_was_running() -> None:
    rows = [row("PASSED", item="a-1-1", duration_seconds="12.5"), row("PASSED", item="b-1-1", age=10),
            row("RUNNING", item="b-1-1", age=40), row("QUEUED", item="b-1-1", age=90), row("PASSED", item="c-1-1",
                                                                                           age=95)]

    assert run_times_by_day(rows, DAY) == {NOW // DAY: (12.5 + 30) / 2}


def test_a_run_time_that_is_no_number_is_not_one() -> None:
    assert run_times_by_day([row("PASSED", duration_seconds="nan"), row("PASSED", duration="soon")], DAY) == {}
