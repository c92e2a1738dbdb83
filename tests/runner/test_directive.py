"""The seam of directives: where one may run, and the logs it keeps."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.record import Record
from runner.directive import RUNNER_FILES, Directive, DirectiveContext, DirectiveError


class Sign(Directive):
    """Only where the keys are."""

    name = "sign"
    RUNS_ON = "restricted"
    PARAMETERS = Record(())


def capabilities(**more: Any) -> dict[str, Any]:
    return {"directive:sign:version": 1, "directive:sign:missing": []} | more


def test_a_directive_runs_only_on_workers_of_its_kind() -> None:
    assert Sign().can_run_on(capabilities(tags=["restricted", "big"])) == ()
    assert Sign().can_run_on(capabilities(tags=["big"])) == (
        "directive `sign` runs only on workers tagged `restricted`",)
    assert Sign().can_run_on(capabilities()) == ("directive `sign` runs only on workers tagged `restricted`",)


def test_a_log_is_added_to_and_begun_anew_where_that_is_asked_for(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path)

    context.append_log("note.log", ["one", "two"])
    with context.open_log("note.log") as file:
        file.write("three\n")
        file.flush()
        file.buffer.write(b"\xff\n")
    assert (tmp_path / "note.log").read_bytes() == b"one\ntwo\nthree\n\xff\n"

    with context.open_log("note.log", "w") as file:
        file.write("anew\n")
    assert (tmp_path / "note.log").read_bytes() == b"anew\n"


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", "", ".", "..", ".hidden", *sorted(RUNNER_FILES)])
def test_a_log_has_a_plain_name_that_is_none_of_the_runners(name: str, tmp_path: Path) -> None:
    with pytest.raises(DirectiveError, match="is no name of a log"):
        DirectiveContext.alone(tmp_path).open_log(name)
