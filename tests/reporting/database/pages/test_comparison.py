"""What changed against the build before, and how an item's table is laid out."""
from __future__ import annotations

from reporting.database.pages.comparison import Change, changes_counted, compare, lines_of, turns_of
from reporting.database.pages.row import Row, newest_of_each_place
from tests.reporting.database.pages.rows import row


def _changes(now: list[Row], before: list[Row]) -> dict[str, Change | None]:
    cells = compare(newest_of_each_place(now), newest_of_each_place(before))
    return {cell.place[0]: cell.change for cell in cells}


def test_each_way_a_testcase_can_differ_has_its_word() -> None:
    now = [row("FAILED", "breaks"), row("PASSED", "mended"), row("FAILED", "stays bad"), row("INFO", "stays good"),
           row("PASSED", "appears"), row("RUNNING", "runs")]
    before = [row("PASSED", "breaks"), row("CRASHED", "mended"), row("NEEDS_INSPECTION", "stays bad"),
              row("PASSED", "stays good"), row("PASSED", "runs"), row("PASSED", "goes away")]

    assert _changes(now, before) == {
        "breaks": Change.NEW_FAILURE, "mended": Change.FIXED, "stays bad": Change.STILL_FAILING,
        "stays good": Change.SAME,
        "appears": Change.NEW, "runs": Change.WAITING, "goes away": Change.MISSING}


def test_a_testcase_that_was_still_running_before_is_new_now() -> None:
    assert _changes([row("FAILED")], [row("RUNNING")]) == {"dist.rpmlint": Change.NEW}


def test_without_a_build_before_nothing_has_changed() -> None:
    assert [cell.change for cell in compare(newest_of_each_place([row("FAILED")]), None)] == [None]


def test_the_same_testcase_on_two_architectures_is_two_places() -> None:
    now = newest_of_each_place([row("FAILED", arch="x86_64"), row("PASSED", system_architecture="aarch64")])

    lines = lines_of(compare(now, None))

    assert [(line.testcase, sorted(line.cells)) for line in lines] == [("dist.rpmlint", ["aarch64", "x86_64"])]


def test_scenarios_are_lines_of_their_own_and_what_blocks_comes_first() -> None:
    now = newest_of_each_place([row("PASSED", "a"), row("RUNNING", "b"), row("FAILED", "z", scenario="uefi"),
                                row("PASSED", "z", scenario="bios")])

    lines = lines_of(compare(now, None))

    assert [(line.testcase, line.scenario) for line in lines] == [("z", "uefi"), ("b", ""), ("a", ""), ("z", "bios")]


def test_the_newest_result_counts_even_where_an_older_one_failed() -> None:
    newest = newest_of_each_place([row("PASSED", age=1), row("FAILED", age=2)])

    assert [each.verdict.outcome for each in newest.values()] == ["PASSED"]


def test_turns_count_changes_between_good_and_bad_only() -> None:
    history = [row("PASSED"), row("RUNNING"), row("INFO"), row("FAILED"), row("CRASHED"), row("PASSED")]

    assert turns_of(history) == {("dist.rpmlint", "", ""): 2}


def test_changes_are_counted_in_the_order_that_matters() -> None:
    cells = compare(newest_of_each_place([row("PASSED", "a"), row("PASSED", "b"), row("FAILED", "c")]),
                    newest_of_each_place([row("PASSED", "a"), row("FAILED", "b"), row("PASSED", "c")]))

    assert changes_counted(cells) == [(Change.NEW_FAILURE, 1), (Change.FIXED, 1), (Change.SAME, 1)]
