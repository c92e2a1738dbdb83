"""
Results as the status of a commit or pull request on a forge.

    pagure+https://src.fedoraproject.org    flags of pull requests and commits
    forgejo+https://codeberg.org            commit statuses
    github+https://api.github.com           commit statuses

The address is that of the API's host; which repository and commit, the item
says: a pull request's URL, `rpms/gcc#<commit>`, or `server/repo#branch#<commit>`.
A second try replaces the first: flags have a uid of ours, statuses a context.
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from checks.result import Result
from reporting.json_service import JsonService
from reporting.reporter import Delivery, NumberedResult, RefusedError, ReportedRun, Secrets
from reporting.urls import without_password

#: Characters of a description that forges show.
_TEXT_LIMIT = 140


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a status goes."""

    repository: str
    #: Number of a pull request, or a commit; one of them.
    pull_request: str | None = None
    commit: str | None = None


def reporter(address: str, secrets: Secrets) -> CommitStatusReporter:
    """Return the reporter of a forge."""
    kind, _, url = address.partition("+")
    return CommitStatusReporter(kind, url, token=secrets.token)


class CommitStatusReporter:
    """Sets statuses on one forge. `kind`: pagure, forgejo or github."""

    def __init__(self, kind: str, url: str, *, token: str | None = None) -> None:
        self._kind = kind
        self._url = url.rstrip("/")
        self._service = JsonService({"Authorization": f"token {token}"} if token else None)
        self.destination = f"{kind}+{without_password(self._url)}"

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield a delivery a status; items without a commit on this forge are passed over. Raises DeliveryError."""
        for numbered in results:
            place = self._place(numbered.result)
            if place is None:
                yield Delivery(numbered.number, "no commit or pull request of this forge")
            elif self._kind == "pagure":
                yield Delivery(numbered.number, self._flag(place, numbered.result, run))
            else:
                yield Delivery(numbered.number, self._status(place, numbered.result, run))

    def _place(self, result: Result) -> _Place | None:
        host = urlsplit(self._url).netloc.rpartition("@")[2]
        if result.item_type == "pull_request":
            parts = urlsplit(result.item)
            pieces = parts.path.strip("/").split("/")
            if parts.netloc.rpartition("@")[2] not in (host, host.removeprefix("api.")) or len(pieces) < 4:
                return None
            return _Place("/".join(pieces[:-2]), pull_request=pieces[-1]) if pieces[-1].isdigit() else None
        if result.item_type == "dist_git_commit" and self._kind == "pagure":
            repository, _, commit = result.item.partition("#")
            return _Place(repository, commit=commit)
        if result.item_type == "git_commit":
            where, _, rest = result.item.partition("#")
            server, _, repository = where.partition("/")
            if server in (host, host.removeprefix("api.")):
                return _Place(repository, commit=rest.rpartition("#")[2])
        return None

    def _flag(self, place: _Place, result: Result, run: ReportedRun) -> str:
        """Pagure's flags: pagure.io/api/0, "Flag a pull-request" and "Flag a commit"."""
        uid = hashlib.sha256(f"{result.item}/{result.testcase}/{result.arch}".encode()).hexdigest()[:32]
        where = (f"pull-request/{place.pull_request}/flag" if place.pull_request
                 else f"c/{quote(place.commit or '')}/flag")
        status = "success" if result.outcome.is_ok else "failure" if result.outcome.is_verdict else "error"
        fields = {"username": _context(result), "comment": _description(result), "uid": uid, "status": status,
                  "percent": "100" if status == "success" else "0"}
        if target := result.log_url or run.log_url or self._url:
            fields["url"] = target
        self._service.ask("POST", f"{self._url}/api/0/{quote(place.repository)}/{where}", data=fields)
        return f"{self._url}/{place.repository}"

    def _status(self, place: _Place, result: Result, run: ReportedRun) -> str:
        """GitHub's and Forgejo's commit statuses: docs.github.com/rest/commits/statuses; Forgejo has the same."""
        base = f"{self._url}/api/v1" if self._kind == "forgejo" else self._url
        repository = f"{base}/repos/{quote(place.repository)}"
        commit = place.commit or self._head(f"{repository}/pulls/{place.pull_request}")
        state = "success" if result.outcome.is_ok else "failure" if result.outcome.is_verdict else "error"
        body: dict[str, Any] = {"state": state, "context": _context(result), "description": _description(result)}
        if target := result.log_url or run.log_url:
            body["target_url"] = target
        answer = self._service.ask("POST", f"{repository}/statuses/{quote(commit)}", json=body)
        return str(answer.get("url") or "") if isinstance(answer, Mapping) else ""

    def _head(self, url: str) -> str:
        answer = self._service.ask("GET", url)
        head = answer.get("head") if isinstance(answer, Mapping) else None
        if not isinstance(head, Mapping) or not head.get("sha"):
            raise RefusedError("does not say which commit the pull request is at")
        return str(head["sha"])


def _context(result: Result) -> str:
    return f"checkotron/{result.testcase}" + (f"/{result.arch}" if result.arch else "")


def _description(result: Result) -> str:
    text = " ".join(f"{result.outcome}: {result.note}".split())
    return text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT - 1] + "…"
