from pathlib import Path

import pytest

from checks.outcome import Outcome
from reporting.namespaces import Namespaces
from reporting.run_folder import RunFolderError, read_run
from tests.reporting.runs import BUILD_ID, PASSED, make_run

BROKEN = {"execution_status": "NOT_OK", "exit_code": 1, "code": "check-crashed",
          "status": "run_rpmlint.py raised ValueError: no such tag\nTraceback ..."}


def test_a_run_is_its_results_with_a_log_url_each(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path))

    assert run.results == (PASSED.with_changes(log_url=f"http://artifacts.example/{BUILD_ID}/"),)


def test_a_crash_without_a_result_becomes_one(tmp_path: Path) -> None:
    (result,) = read_run(make_run(tmp_path, (), **BROKEN)).results

    assert (result.outcome, result.testcase, result.item) == (Outcome.CRASHED, "dist.rpmlint", "xchat-0.5-1.fc20")
    # as the check's own results have it: one of a later run takes the place of this one
    assert result.arch == "noarch"
    assert result.summary == "run_rpmlint.py raised ValueError: no such tag"
    assert result.output == BROKEN["status"]
    assert dict(result.extra) == {"execution_status": ("NOT_OK",), "code": ("check-crashed",)}


def test_a_run_that_was_stopped_is_aborted_not_crashed(tmp_path: Path) -> None:
    (result,) = read_run(make_run(tmp_path, (), **{**BROKEN, "code": "aborted"})).results

    assert result.outcome is Outcome.ABORTED


@pytest.mark.parametrize("code", ["wrong-check", "no-worker", "refused"])
def test_a_run_that_never_began_is_an_error_not_a_crash(tmp_path: Path, code: str) -> None:
    (result,) = read_run(make_run(tmp_path, (), **{**BROKEN, "code": code})).results

    assert result.outcome is Outcome.ERROR


def test_a_crash_after_a_good_result_is_never_taken_for_a_pass(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path, (PASSED,), **BROKEN))

    assert [result.outcome for result in run.results] == [Outcome.PASSED, Outcome.CRASHED]
    assert run.submit_time(2) > run.submit_time(1)


def test_a_crash_after_a_bad_result_adds_nothing(tmp_path: Path) -> None:
    failed = PASSED.with_changes(outcome=Outcome.FAILED)

    assert len(read_run(make_run(tmp_path, (failed,), **BROKEN)).results) == 1


def test_a_run_that_never_began_is_reported_under_the_full_name(tmp_path: Path) -> None:
    lost = {**BROKEN, "code": "worker-lost", "check": "rpmlint", "testcase": "rpmlint"}
    unknown = {**lost, "check": "no-such-check", "testcase": "no-such-check"}

    (known,) = read_run(make_run(tmp_path / "a", (), **lost)).results
    (other,) = read_run(make_run(tmp_path / "b", (), **unknown)).results

    assert (known.testcase, other.testcase) == ("dist.rpmlint", "no-such-check")


def test_a_check_may_have_nothing_to_say(tmp_path: Path) -> None:
    assert read_run(make_run(tmp_path, ())).results == ()


def test_a_skipped_run_says_why(tmp_path: Path) -> None:
    (result,) = read_run(make_run(tmp_path, "TAP version 13\n1..0 # SKIP nothing for noarch\n")).results

    assert (result.outcome, result.summary) == (Outcome.INFO, "skipped: nothing for noarch")


@pytest.mark.parametrize(("tap", "summary"), [
    ("TAP version 13\nok 1\n1..4\n", "results.tap, line 3: the plan promises 4 tests, 1 came"),
    ("TAP version 13\nok 1\nBail out! disk is full\n", "bailed out: disk is full"),
])
def test_tap_that_is_not_whole_needs_inspection(tmp_path: Path, tap: str, summary: str) -> None:
    run = read_run(make_run(tmp_path, tap))

    assert [result.outcome for result in run.results] == [Outcome.PASSED, Outcome.NEEDS_INSPECTION]
    assert run.results[1].summary == summary


def test_no_check_speaks_for_another(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path, (PASSED.with_changes(testcase="dist.depcheck"),)))

    (result,) = run.results
    assert (result.testcase, result.outcome) == ("dist.rpmlint", Outcome.NEEDS_INSPECTION)
    assert result.summary == ("claimed PASSED as `dist.depcheck`: "
                              "a run of `dist.rpmlint` may not report under this name")


def test_a_check_may_report_below_its_own_name_and_in_scratch(tmp_path: Path) -> None:
    names = ("dist.rpmlint", "dist.rpmlint.config", "scratch.try")

    run = read_run(make_run(tmp_path, [PASSED.with_changes(testcase=name) for name in names]))

    assert tuple(result.testcase for result in run.results) == names


def test_a_name_that_only_begins_the_same_is_another(tmp_path: Path) -> None:
    (result,) = read_run(make_run(tmp_path, (PASSED.with_changes(testcase="dist.rpmlintx"),))).results

    assert result.outcome is Outcome.NEEDS_INSPECTION


def test_a_namespace_belongs_to_its_repositories(tmp_path: Path) -> None:
    rules = Namespaces(allowed={"dist": ("https://pagure.io/fedora-qa",)})
    from_there = make_run(tmp_path / "a", details={"repository": "https://pagure.io/fedora-qa/rpmlint.git"})
    from_elsewhere = make_run(tmp_path / "b", details={"repository": "https://pagure.io/fedora-qa-evil/rpmlint.git"})

    (good,) = read_run(from_there, namespaces=rules).results
    (bad,) = read_run(from_elsewhere, namespaces=rules).results

    assert good.outcome is Outcome.PASSED
    assert (bad.outcome, bad.testcase) == (Outcome.NEEDS_INSPECTION, "scratch.dist.rpmlint")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    finished = make_run(tmp_path)
    (tmp_path / "execution.json").unlink()

    with pytest.raises(RunFolderError, match=r"no `execution.json`; expected the artifacts folder of a finished run"):
        read_run(finished)


def test_a_report_of_another_run_is_refused(tmp_path: Path) -> None:
    finished = make_run(tmp_path, build_id="00000000-0000-4000-8000-000000000000")
    other = type(finished)(BUILD_ID, finished.folder, None)

    with pytest.raises(RunFolderError, match="is of build id `00000000"):
        read_run(other)
