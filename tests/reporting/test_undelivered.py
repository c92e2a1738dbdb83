import resource
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting.reporter import Delivery, ReportedRun
from reporting.undelivered import RunFile, UndeliveredError, key_of, undelivered_in
from tests.reporting.runs import BUILD_ID, PASSED, execution_report

HERE, THERE = "http://here", "http://there"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def run_of(count: int = 3, build_id: str = BUILD_ID) -> ReportedRun:
    results = tuple(PASSED.with_changes(arch=f"arch{number}") for number in range(count))
    return ReportedRun(build_id, execution_report(build_id=build_id), results, NOON, log_url="http://logs")


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    written = RunFile.create(tmp_path, run_of())
    written.trying(HERE, [1, 2, 3])
    written.delivered(HERE, Delivery(1, "http://here/1"))
    written.failed(HERE, "away", was_sent=False)

    read = RunFile.load(written.path)

    assert read.run == written.run
    assert read.progress == written.progress
    assert [numbered.number for numbered in read.missing(HERE)] == [2, 3]
    assert [numbered.number for numbered in read.missing(THERE)] == [1, 2, 3]


def test_what_was_tried_and_never_heard_of_is_in_doubt(tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path, run_of())
    run_file.trying(HERE, [1, 2])

    assert [numbered.in_doubt for numbered in RunFile.load(run_file.path).missing(HERE)] == [True, True, False]


def test_a_try_that_was_never_sent_leaves_no_doubt_but_takes_none_away(tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path, run_of())
    run_file.trying(HERE, [1])
    run_file.failed(HERE, "timed out", was_sent=True)
    run_file.trying(HERE, [1, 2, 3])
    run_file.failed(HERE, "refused", was_sent=False)

    assert [numbered.in_doubt for numbered in run_file.missing(HERE)] == [True, False, False]


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_line_cut_off_by_a_kill_is_ignored_and_the_next_is_read(tmp_path: Path, cut: int) -> None:
    run_file = RunFile.create(tmp_path, run_of())
    run_file.trying(HERE, [1])
    whole = run_file.path.read_bytes()
    run_file.delivered(HERE, Delivery(1, "x"))
    last = run_file.path.read_bytes()[len(whole):]
    run_file.path.write_bytes(whole + last[:cut])

    read = RunFile.load(run_file.path)
    assert [numbered.in_doubt for numbered in read.missing(HERE)] == [True, False, False]
    read.delivered(HERE, Delivery(2, "y"))

    assert [numbered.number for numbered in RunFile.load(run_file.path).missing(HERE)] == [1, 3]


def test_a_line_that_the_disk_takes_only_half_of_is_no_note(tmp_path: Path) -> None:
    written = RunFile.create(tmp_path, run_of())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written.path.stat().st_size + 10, before[1]))
    try:
        with pytest.raises(OSError, match="No space left"):
            written.trying(HERE, [1, 2, 3])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert written.progress == {}

    written.trying(HERE, [1])

    assert RunFile.load(written.path).progress == written.progress


def test_a_file_that_is_no_run_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}\n")

    with pytest.raises(UndeliveredError, match=r"x\.jsonl: cannot be read .*; look into it, then remove or mend it"):
        RunFile.load(tmp_path / "x.jsonl")


def test_the_key_names_run_number_and_content() -> None:
    run = run_of()
    other = ReportedRun(BUILD_ID, run.report, (PASSED, *run.results[1:]), NOON)

    assert key_of(run, 1) == key_of(run_of(), 1)
    assert len({key_of(run, 1), key_of(run, 2), key_of(other, 1),
                key_of(run_of(build_id="00000000-0000-4000-8000-000000000000"), 1)}) == 4


def test_runs_by_hand_do_not_overwrite_each_other(tmp_path: Path) -> None:
    one = ReportedRun("-1000", execution_report(build_id="-1000"), (PASSED,), NOON, folder=tmp_path / "a")
    two = ReportedRun("-1000", execution_report(build_id="-1000"), (PASSED,), NOON, folder=tmp_path / "b")

    RunFile.create(tmp_path, one)
    RunFile.create(tmp_path, two)

    assert len(list(undelivered_in(tmp_path))) == 2
