from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.outcome import Outcome
from checks.result import Result
from reporting.all_reporters import reporter_for
from reporting.report import Turn, report
from reporting.reporter import ReportedRun, Secrets
from reporting.undelivered import RunFile
from tests.reporting.runs import BUILD_ID, PASSED, execution_report
from tests.support.mail_server import MailServer, mail_server

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FAILED = PASSED.with_changes(outcome=Outcome.FAILED, log_url="http://logs/1/")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def deliver(tmp_path: Path, smtp: str, *results: Result) -> Turn:
    run_file = RunFile.create(tmp_path, ReportedRun(BUILD_ID, execution_report(), results, NOON))
    address = f"mailto:qa@example.org?smtp={smtp}&from=checkotron@example.org"
    (turn,) = report(run_file, [reporter_for(address, Secrets())])
    return turn


def test_one_mail_a_run_about_what_fails(server: MailServer, tmp_path: Path) -> None:
    turn = deliver(tmp_path, server.address, PASSED, FAILED)

    (mail,) = server.mails
    assert (turn.delivered, turn.missing) == (2, 0)
    assert mail["Subject"] == "dist.rpmlint newly failing: xchat-0.5-1.fc20"
    assert (mail["To"], mail["From"]) == ("qa@example.org", "checkotron@example.org")
    assert mail.get_content().replace("\r\n", "\n") == (
        "FAILED, newly failing: dist.rpmlint for xchat-0.5-1.fc20\n    5 errors, 10 warnings\n    http://logs/1/\n"
        f"\nbuild id {BUILD_ID}\n")


def test_nothing_to_tell_is_no_mail(server: MailServer, tmp_path: Path) -> None:
    assert deliver(tmp_path, server.address, PASSED).missing == 0
    assert server.mails == []


def test_a_hostile_item_makes_no_header_of_its_own(server: MailServer, tmp_path: Path) -> None:
    deliver(tmp_path, server.address, FAILED.with_changes(item="a\r\nBcc: all@example.org\r\n\r\nx"))

    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert "Bcc" in mail["Subject"]


def test_a_second_try_has_the_same_message_id(server: MailServer, tmp_path: Path) -> None:
    deliver(tmp_path / "a", server.address, FAILED)
    deliver(tmp_path / "b", server.address, FAILED)

    assert len({mail["Message-ID"] for mail in server.mails}) == 1


@pytest.mark.parametrize("refusal", ["550 no such user", "450 try later"])
def test_a_refused_mail_is_kept(server: MailServer, tmp_path: Path, refusal: str) -> None:
    server.refusal = refusal

    assert deliver(tmp_path, server.address, FAILED).missing == 1


def test_a_server_that_is_away_keeps_the_mail(tmp_path: Path) -> None:
    turn = deliver(tmp_path, "127.0.0.1:9", FAILED)

    assert (turn.missing, turn.is_refusal) == (1, False)


def test_an_address_must_be_whole() -> None:
    with pytest.raises(ValueError, match="lacks a part; expected mailto:"):
        reporter_for("mailto:qa@example.org", Secrets())
