"""Stops builds by Buildbot's REST interface, as a person with a login would."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from checks.item import shown
from trigger.field import number, sequence
from trigger.network_error import cause_of

TIMEOUTS = (5, 30)


class BuildbotRestError(Exception):
    """Raised when Buildbot does not answer, or refuses; the text says what to do."""


def is_under_way(url: str, key: str) -> bool:
    """True where the job of that key waits or runs in Buildbot. Raises BuildbotRestError."""
    try:
        answer = requests.get(f"{url.rstrip('/')}/api/v2/buildsets", timeout=TIMEOUTS, allow_redirects=False,
                              params={"external_idstring": key, "complete": "false"})
        return answer.status_code == 200 and bool(list(sequence(answer.json(), "buildsets")))
    except (requests.RequestException, ValueError) as error:
        raise BuildbotRestError(f"{url} does not answer: {cause_of(error)}") from None


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks."""

    #: `http://127.0.0.1:8010`
    url: str
    user: str
    password_file: Path


class BuildbotRest:
    """A logged-in session."""

    def __init__(self, login: Login) -> None:
        """Log in. Raises BuildbotRestError."""
        self._url = login.url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        try:
            password = login.password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BuildbotRestError(f"{login.password_file}: cannot be read: {error.strerror}") from None
        answer = self._ask("GET", "/auth/login", auth=(login.user, password))
        if answer.status_code not in (200, 302):
            raise BuildbotRestError(f"{self._url} refuses the login of `{login.user}` ({answer.status_code}); "
                                    "name another user or password file")

    def cancel(self, key: str, reason: str) -> int:
        """Stop the builds of a job, or its request where none runs; return how many. Raises BuildbotRestError."""
        stopped = 0
        for buildset in self._list("/buildsets", {"external_idstring": key}, "buildsets", "bsid"):
            for request in self._list("/buildrequests", {"buildsetid": buildset, "complete": "false"},
                                      "buildrequests", "buildrequestid"):
                builds = self._list("/builds", {"buildrequestid": request, "complete": "false"}, "builds", "buildid")
                for build in builds:
                    self._control(f"/builds/{build}", "stop", reason)
                if not builds:
                    self._control(f"/buildrequests/{request}", "cancel", reason)
                stopped += 1
        return stopped

    def _list(self, path: str, query: dict[str, Any], name: str, identifier: str) -> list[int]:
        answer = self._ask("GET", "/api/v2" + path, params=query)
        try:
            data = answer.json()
        except ValueError:
            raise BuildbotRestError(f"{self._url}{path} answers {answer.status_code} without JSON") from None
        found = [number(row, identifier) for row in sequence(data, name)]
        return [one for one in found if one is not None]

    def _control(self, path: str, method: str, reason: str) -> None:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"reason": reason}}
        answer = self._ask("POST", "/api/v2" + path, json=body)
        if answer.status_code != 200:
            raise BuildbotRestError(f"{path}: {method} answers {answer.status_code}: {shown(answer.text, 200)}")

    def _ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        try:
            return self._session.request(method, self._url + path, timeout=TIMEOUTS, allow_redirects=False, **arguments)
        except requests.RequestException as error:
            raise BuildbotRestError(f"{self._url} does not answer: {cause_of(error)}") from None
