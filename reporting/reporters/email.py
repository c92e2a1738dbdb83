"""
Results as e-mail: one mail a run, about what changed.

    mailto:qa@example.org?smtp=mail.example.org:25&from=checkotron@example.org&history=http://results.example.org

A mail server cannot be asked what it has; a second try after a doubtful first
one has the same Message-ID, by which mail readers show it once.
"""
from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import parse_qsl, unquote

from reporting.changes import History, ResultsHistory, Silence, Told, lines_of
from reporting.printed import one_line
from reporting.reporter import AwayError, Delivery, NumberedResult, RefusedError, ReportedRun, Secrets

_TIMEOUT_SECONDS = 30


def reporter(address: str, secrets: Secrets) -> EmailReporter:
    """Return the reporter of a mailto address. Raises ValueError: what it lacks."""
    recipient, _, query = address.removeprefix("mailto:").partition("?")
    asked = dict(parse_qsl(query))
    if not recipient or not asked.get("from") or not asked.get("smtp"):
        raise ValueError(f"`{address[:100]}` lacks a part; expected "
                         "mailto:qa@example.org?smtp=mail.example.org:25&from=checkotron@example.org")
    history = ResultsHistory(asked["history"]) if asked.get("history") else None
    return EmailReporter(unquote(recipient), asked["from"], asked["smtp"], history, tls=asked.get("tls") == "starttls")


class EmailReporter:
    """Sends to one address over one mail server."""

    def __init__(self, recipient: str, sender: str, server: str, history: History | None, *, tls: bool = False) -> None:
        self._recipient = recipient
        self._sender = sender
        self._server = server
        self._tls = tls
        self._silence = Silence(history)
        self.destination = f"mailto:{recipient}"

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield what is passed over, then every delivery after the server took the mail. Raises DeliveryError."""
        told, passed_over = self._silence.sorted(run, results)
        yield from passed_over
        if not told:
            return
        mail = self._mail(run, told)
        host, _, port = self._server.partition(":")
        try:
            with smtplib.SMTP(host, int(port or 25), timeout=_TIMEOUT_SECONDS) as server:
                if self._tls:
                    server.starttls()
                server.send_message(mail)
        except smtplib.SMTPResponseException as error:
            why = f"the mail server answered {error.smtp_code} {one_line(_text(error.smtp_error))}"
            raise (RefusedError if error.smtp_code >= 500 else AwayError)(why) from None
        except smtplib.SMTPRecipientsRefused:
            raise RefusedError(f"the mail server refuses {self._recipient}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise AwayError(f"the mail server cannot be reached: {error}", was_sent=True) from None
        yield from (Delivery(one.numbered.number, str(mail["Message-ID"])) for one in told)

    def _mail(self, run: ReportedRun, told: Sequence[Told]) -> EmailMessage:
        mail = EmailMessage()
        worst = told[0] if len(told) == 1 else max(told, key=lambda one: not one.numbered.result.outcome.is_ok)
        more = f" and {len(told) - 1} more" if len(told) > 1 else ""
        try:
            subject = f"{run.report.testcase} {worst.change}: {worst.numbered.result.item}{more}"
            mail["Subject"] = one_line(subject)[:200]
            mail["From"], mail["To"] = self._sender, self._recipient
            mail["Date"] = format_datetime(run.finished)
            mail["Message-ID"] = f"<{told[0].numbered.key[:32] or run.build_id}.{len(told)}@checkotron>"
            mail["Auto-Submitted"] = "auto-generated"
        except (ValueError, MessageError) as error:
            raise RefusedError(f"no mail can be made of this: {error}") from None
        mail.set_content("\n".join([*lines_of(told), "", f"build id {run.build_id}", ""]))
        return mail


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "backslashreplace") if isinstance(said, bytes) else said
