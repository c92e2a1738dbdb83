import pytest

from checks.outcome import PRESET_OUTCOMES, Outcome, OutcomeError, accepted, parse_outcome, worst_of


def test_the_worst_is_found() -> None:
    assert worst_of([Outcome.PASSED, Outcome.FAILED, Outcome.INFO]) is Outcome.FAILED
    assert worst_of([Outcome.ERROR, Outcome.CRASHED, Outcome.NEEDS_INSPECTION, Outcome.ABORTED]) is Outcome.CRASHED
    assert worst_of([]) is None


def test_a_word_is_taken_in_any_case() -> None:
    assert parse_outcome(" needs_inspection ") is Outcome.NEEDS_INSPECTION


def test_an_unknown_word_is_refused_with_all_known() -> None:
    with pytest.raises(OutcomeError) as caught:
        parse_outcome("OKAY")

    assert str(caught.value) == ("unknown outcome `OKAY`; expected one of PASSED, INFO, FAILED, NEEDS_INSPECTION, "
                                 "ABORTED, ERROR, CRASHED")


@pytest.mark.parametrize(("outcome", "ok"), [("PASSED", True), ("INFO", True), ("FAILED", False),
                                             ("NEEDS_INSPECTION", False), ("ABORTED", False), ("ERROR", False),
                                             ("CRASHED", False)])
def test_only_passed_and_info_let_an_item_out(outcome: str, ok: bool) -> None:
    assert Outcome(outcome).is_ok is ok


def test_a_database_that_lacks_the_word_gets_one_that_asks_for_a_person() -> None:
    assert accepted("CRASHED", PRESET_OUTCOMES) == "NEEDS_INSPECTION"
    assert accepted("CRASHED", (*PRESET_OUTCOMES, "CRASHED")) == "CRASHED"
    assert accepted("FAILED", PRESET_OUTCOMES) == "FAILED"


def test_what_never_came_to_a_verdict_says_nothing_of_the_item() -> None:
    assert [str(one) for one in Outcome if not one.is_verdict] == ["ABORTED", "ERROR", "CRASHED"]
