"""What the log is told of a database that goes and comes, and how long it has been away."""
from __future__ import annotations

from buildbot_master.parts.absence import Absence
from buildbot_master.parts.absence_reason import CHANGING, CROWDED, REFUSED, UNREACHED


class Log:
    """An absence with a clock of its own, and what it said."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lines: list[tuple[str, dict[str, object]]] = []
        self.absence = Absence(lambda sentence, **fields: self.lines.append((sentence, fields)), lambda: self.now)

    def away(self, seconds: float, reason: object = CROWDED) -> None:
        """Be away for that long, with a question twice a second, as threads that wait put them."""
        for _ in range(max(1, int(seconds * 2))):
            self.absence.begin(reason, "too many clients")  # type: ignore[arg-type]
            self.now += min(0.5, seconds)
        self.absence.end()

    def sentences(self) -> list[str]:
        return [sentence for sentence, _ in self.lines]


def test_an_absence_is_told_once_with_its_reason_and_what_to_do_and_so_is_its_end() -> None:
    log = Log()

    log.away(7)

    assert log.lines == [
        ("the database is away; builds wait for it", {"why": "too many clients", "to_do": CROWDED.advice}),
        ("the database is back", {"seconds": 7.0})]


def test_a_database_that_goes_and_comes_is_told_once_a_minute_with_how_often() -> None:
    log = Log()

    for _ in range(170):
        log.away(0.1)
        log.now += 0.9
        log.absence.look()

    assert log.sentences() == ["the database is away; builds wait for it", "the database is back",
                               "the database was away for moments", "the database was away for moments"]
    assert log.lines[2][1] == {"times": 59, "seconds": 5.9}


def test_moments_that_are_followed_by_nothing_are_told_all_the_same() -> None:
    log = Log()
    log.away(1)
    log.away(1)

    log.now += 61
    log.absence.look()
    log.now += 61
    log.absence.look()

    assert log.lines[2:] == [("the database was away for moments", {"times": 1, "seconds": 1.0})]


def test_an_absence_that_lasts_is_told_although_it_began_in_a_restless_minute() -> None:
    log = Log()
    log.away(1)
    log.now += 10
    log.away(1)

    log.away(100)

    assert log.sentences()[2:] == ["the database is away; builds wait for it", "the database is back"]
    assert log.lines[2][1]["times"] == 2
    assert log.lines[3][1] == {"seconds": 100.0}


def test_an_absence_that_was_not_told_does_not_end_in_the_log() -> None:
    log = Log()
    log.away(1)

    log.away(1)

    assert log.sentences() == ["the database is away; builds wait for it", "the database is back"]


def test_one_that_lasts_is_told_again_every_ten_minutes() -> None:
    log = Log()

    log.away(1500)

    assert log.sentences() == ["the database is away; builds wait for it"] + 2 * [
        "the database is still away; builds wait for it"] + ["the database is back"]
    assert log.lines[1][1]["seconds"] == 600.0


def test_why_nobody_gets_in_again_is_told_soon_after_sessions_were_ended() -> None:
    log = Log()
    log.absence.begin(CHANGING, "terminating connection due to administrator command")
    log.now += 4
    log.absence.begin(REFUSED, "password authentication failed")
    log.now += 1

    log.absence.begin(REFUSED, "password authentication failed")

    assert log.lines[1:] == [("the database is still away; builds wait for it",
                              {"why": "password authentication failed", "to_do": REFUSED.advice, "seconds": 5.0})]


def test_another_reason_is_told_within_a_minute() -> None:
    log = Log()
    log.absence.begin(CROWDED, "too many clients already")
    log.now += 5
    log.absence.begin(REFUSED, "no pg_hba.conf entry")
    log.now += 55

    log.absence.begin(REFUSED, "no pg_hba.conf entry")

    assert log.absence.reason is REFUSED
    assert log.lines[1:] == [("the database is still away; builds wait for it",
                              {"why": "no pg_hba.conf entry", "to_do": REFUSED.advice, "seconds": 60.0})]


def test_a_silence_that_is_noticed_late_began_earlier() -> None:
    log = Log()

    log.absence.begin(UNREACHED, "no answer", already_seconds=5)

    assert log.absence.seconds == 5
    log.absence.end()
    assert log.absence.seconds is None
    assert log.absence.reason is None
