"""
Results as comments on Bodhi updates.

    bodhi+https://bodhi.fedoraproject.org?user=checkotron&history=https://results.example.org

Off unless it is named as a destination. Comments only on updates, only on
changes, never about a check that broke, and never twice the same words: the
comments that are there are looked through first.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl

from reporting.changes import History, ResultsHistory, Silence, Told, lines_of
from reporting.json_service import JsonService
from reporting.reporter import Delivery, NumberedResult, RefusedError, ReportedRun, Secrets
from reporting.urls import without_password


def reporter(address: str, secrets: Secrets) -> BodhiReporter:
    """Return the reporter of a Bodhi. Raises ValueError: what the address lacks."""
    url, _, query = address.removeprefix("bodhi+").partition("?")
    asked = dict(parse_qsl(query))
    if not asked.get("user"):
        raise ValueError(f"`{without_password(address)}` does not say as whom to comment; add ?user=NAME")
    history = ResultsHistory(asked["history"]) if asked.get("history") else None
    return BodhiReporter(url, asked["user"], history, token=secrets.token)


class BodhiReporter:
    """Comments as one user of one Bodhi."""

    def __init__(self, url: str, user: str, history: History | None, *, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._user = user
        self._silence = Silence(history)
        self._service = JsonService({"Accept": "application/json",
                                     **({"Authorization": f"Bearer {token}"} if token else {})})
        self.destination = f"bodhi+{without_password(self._url)}"

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield what is passed over, then a delivery a comment. Raises DeliveryError."""
        fitting = []
        for numbered in results:
            if numbered.result.item_type != "bodhi_update":
                yield Delivery(numbered.number, "not told: no update")
            elif not numbered.result.outcome.is_verdict:
                yield Delivery(numbered.number, "not told: the check broke, which says nothing about the update")
            else:
                fitting.append(numbered)
        told, passed_over = self._silence.sorted(run, fitting)
        yield from passed_over
        for one in told:
            yield Delivery(one.numbered.number, self._comment(one))

    def _comment(self, one: Told) -> str:
        update = one.numbered.result.item
        text = "\n".join(lines_of([one]))
        for comment in self._comments(update):
            if str(comment.get("text", "")).strip() == text.strip():
                return f"{self._url}/updates/{update}#comment-{comment.get('id')}"
        csrf = self._service.ask("GET", f"{self._url}/csrf")
        if not isinstance(csrf, Mapping) or not csrf.get("csrf_token"):
            raise RefusedError("gives no CSRF token; is this a Bodhi, and may we comment there?")
        answer = self._service.ask("POST", f"{self._url}/comments/", json={
            "update": update, "text": text, "karma": 0, "csrf_token": csrf["csrf_token"]})
        made = answer.get("comment") if isinstance(answer, Mapping) else None
        number = made.get("id") if isinstance(made, Mapping) else ""
        return f"{self._url}/updates/{update}#comment-{number}"

    def _comments(self, update: str) -> Sequence[Mapping[str, object]]:
        answer = self._service.ask("GET", f"{self._url}/comments/", params={
            "updates": update, "user": self._user, "rows_per_page": 100})
        found = answer.get("comments") if isinstance(answer, Mapping) else None
        if not isinstance(found, list):
            raise RefusedError("gives no list of comments; is this a Bodhi?")
        return [comment for comment in found if isinstance(comment, Mapping)]
