from collections.abc import Callable

import pytest

from checks.contracts import CheckInput, ContractError, ExecutionReport, FinishedRun, Job, RunnerInput

BUILD_ID = "6f9c1f0e-53c0-5b1e-9d7f-5e0c1b3a7d42"
JOB = Job("xchat-0.5-1.fc20", "koji_build", "rpmlint", "noarch", BUILD_ID, "koji:1:complete/rpmlint", "rule 1", 5,
          {"release": "f20"})


def test_a_job_survives_the_way_to_the_master() -> None:
    assert Job.from_dict(JOB.to_dict()) == JOB


def test_a_job_has_the_keys_of_the_seed() -> None:
    assert {"item", "item_type", "taskname", "arch"} <= set(JOB.to_dict())


def test_the_label_names_the_arch_only_where_there_is_one() -> None:
    assert JOB.label == "rpmlint-koji_build-xchat-0.5-1.fc20"
    assert Job.from_dict(JOB.to_dict() | {"arch": "x86_64"}).label == "rpmlint-koji_build-xchat-0.5-1.fc20-x86_64"


def test_every_fault_of_a_job_is_told_at_once() -> None:
    with pytest.raises(ContractError) as caught:
        Job.from_dict({"item": "../../etc/passwd", "item_type": "koji_build", "taskname": "a/b", "arch": 7,
                       "build_id": "x", "priority": True, "extra": {"a": 1}, "reason": "r" * 300})

    assert caught.value.faults == (
        "`taskname` is `a/b`; expected letters, digits and . _ + - only",
        "`arch` is int; expected text",
        "`build_id`: build id `x` is neither a UUID nor -1000",
        "`key` is missing; expected text",
        "`reason` has 300 characters; at most 256 are allowed",
        "`priority` is `True`; expected a whole number",
        "`extra`: expected at most 64 texts by name",
        "`item`: `../../etc/passwd` is not a Koji build; expected something like `xchat-0.5-1.fc20`",
    )


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_what_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(ContractError, match="job: expected an object"):
        Job.from_dict(data)


def test_the_runner_is_told_the_four_keys_of_the_seed() -> None:
    assert RunnerInput("i-1-1", "koji_build", "rpmlint").to_dict() == {
        "item": "i-1-1", "item_type": "koji_build", "build_id": "-1000", "yamlfile": "rpmlint", "arch": "noarch"}


def test_a_check_is_told_by_environment_and_by_file_alike() -> None:
    record = CheckInput("i-1-1", "koji_build", "-1000", "x86_64", "dist.rpmlint")

    assert {key.upper(): value for key, value in record.to_dict().items()} == record.environment()


def test_an_execution_report_survives_its_file() -> None:
    report = ExecutionReport("NOT_OK", "timed out", "i-1-1", "koji_build", BUILD_ID, "rpmlint", "dist.rpmlint",
                             "noarch", 1, "timed-out", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "local",
                             {"stages": [1]})

    assert ExecutionReport.from_dict(report.to_dict()) == report
    assert not report.is_ok


def test_a_status_that_is_neither_is_refused() -> None:
    with pytest.raises(ContractError, match="`execution_status` is `FINE`; expected OK or NOT_OK"):
        ExecutionReport.from_dict({"execution_status": "FINE", "status": "", "item": "i", "item_type": "t",
                                   "check": "c", "testcase": "d.c"})


def test_a_finished_run_survives_its_file() -> None:
    run = FinishedRun(BUILD_ID, "/state/artifacts/x", None)

    assert FinishedRun.from_dict(run.to_dict()) == run


@pytest.mark.parametrize("text", ["a\0b", "a\ud800"])
@pytest.mark.parametrize("change", [lambda text: {"key": text}, lambda text: {"reason": text},
                                    lambda text: {"extra": {"note": text}}])
def test_a_text_that_no_database_stores_is_refused_and_not_tried_again_for_ever(
        change: Callable[[str], dict[str, object]], text: str) -> None:
    with pytest.raises(ContractError, match="has a NUL or half a character"):
        Job.from_dict(JOB.to_dict() | change(text))
