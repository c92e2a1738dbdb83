"""The registry of ways to run: what is known, what is refused, and how that is said."""

from __future__ import annotations

import pytest

from checks.description import Run
from checks.kind import Choice
from checks.record import Key, Record
from tests.trigger.planning import check
from tests.trigger.test_all_transforms import draft
from trigger.all_run_usings import RUN_USINGS
from trigger.job_worker import IMPLEMENTATIONS, Worker
from trigger.run_using import RunUsing, RunUsingError, configure_run, registry_of

SCHEMA = Record((Key("using", Choice(("x",)), "x"),))


def added(run: Run, worker: Worker | None = None) -> dict[str, str]:
    job = draft(description=check("rpmlint", run=run), worker=worker or Worker(), label="the-label")
    return dict(configure_run(RUN_USINGS, job))


def test_every_way_of_a_check_file_runs_on_a_plain_worker() -> None:
    assert set(RUN_USINGS) == {"directives", "command", "python-function"}
    assert all("local" in there and set(there) <= set(IMPLEMENTATIONS) for there in RUN_USINGS.values())
    assert added(Run()) == {}
    assert added(Run("command", "make check")) == {}
    assert added(Run("command", ("make", "check"))) == {}
    assert added(Run("python-function", file="check.py")) == {}


def test_a_command_runs_on_every_kind_of_worker() -> None:
    assert {kind for kind in IMPLEMENTATIONS if kind in RUN_USINGS["command"]} == {"local", "container", "kubernetes"}


def test_the_check_is_brought_to_the_worker_unless_the_image_carries_it() -> None:
    assert Run().checkout is True
    assert "checkout" not in added(Run("command", "make check"))
    assert added(Run("command", "make check", checkout=False))["checkout"] == "false"


def test_a_way_of_running_gives_back_what_it_adds_and_changes_nothing() -> None:
    run = Run("command", ("make", "check"), checkout=False)
    job = draft(description=check("rpmlint", run=run), worker=Worker(), label="the-label", extra={"mine": "1"})
    before = job.to_dict()

    result = configure_run(RUN_USINGS, job)

    assert "mine" not in result
    assert job.to_dict() == before
    assert job.description.run == run


def test_an_unknown_way_names_the_nearest_and_the_known() -> None:
    with pytest.raises(
        RunUsingError, match=r"no way to run `comand`; did you mean `command`\? Known: command, directives"
    ):
        added(Run("comand"))


def test_a_way_that_such_a_worker_has_not_says_what_it_has() -> None:
    with pytest.raises(
        RunUsingError,
        match=r"no way to run `python-function` on worker `k` \(kubernetes\); "
        r"known: container, local",
    ):
        added(Run("python-function", file="a.py"), Worker("k", "kubernetes"))


def test_faults_of_the_run_section_are_all_told_for_the_job() -> None:
    with pytest.raises(
        RunUsingError,
        match=r"run.using `python-function` on `local` for the-label: : `file` is missing|"
        r"run.using `python-function` on `local` for the-label: ",
    ):
        added(Run("python-function"))


def test_registering_twice_names_both_functions() -> None:
    def one(job, run):  # type: ignore[no-untyped-def]
        return {}

    def two(job, run):  # type: ignore[no-untyped-def]
        return {}

    with pytest.raises(ValueError, match=r"run.using `x` on `local` is there twice: .*\.one and .*\.two"):
        registry_of((RunUsing("x", "local", one, SCHEMA), RunUsing("x", "local", two, SCHEMA)))
