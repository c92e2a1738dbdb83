"""The results of runs, by the group that a build id is: a run with any result has ended, well or not."""
from __future__ import annotations

import json

import requests

from trigger.field import sequence, text
from trigger.network_error import cause_of
from trigger.store import StoreAwayError

#: Seconds to connect, and to wait for an answer.
TIMEOUTS = (3, 15)
ANSWER_LIMIT = 8 * 1024 * 1024
#: Outcomes of a run that is not at its end.
_PROGRESS = ("QUEUED", "RUNNING")
_GOOD = ("PASSED", "INFO")


class ResultsDatabaseStore:
    """Jobs that ended, or those that ended well, in any database with ResultsDB's API."""

    def __init__(self, url: str, *, only_success: bool = False) -> None:
        """`url`: `http://127.0.0.1:5001`. `only_success`: a job with anything but PASSED and INFO is not in it."""
        self._url = url.rstrip("/")
        self._only_success = only_success

    def has(self, build_id: str) -> bool:
        """True where the run has ended (and ended well, where only that counts)."""
        outcomes = self.outcomes(build_id)
        return bool(outcomes) and (not self._only_success or all(outcome in _GOOD for outcome in outcomes))

    def info(self, build_id: str) -> str | None:
        """Return the outcomes: `PASSED, FAILED`."""
        return ", ".join(self.outcomes(build_id)) or None

    def outcomes(self, build_id: str) -> tuple[str, ...]:
        """Return the outcomes of a run's results, none while it runs. Raises StoreAwayError."""
        try:
            with requests.get(f"{self._url}/api/v2.0/results", params={"groups": build_id, "limit": "200"},
                              timeout=TIMEOUTS, stream=True) as answer:
                content = answer.raw.read(ANSWER_LIMIT, decode_content=True)
            if answer.status_code != 200:
                raise StoreAwayError(f"{self._url} answers {answer.status_code}")
            data = json.loads(content)
        except (requests.RequestException, OSError, ValueError, RecursionError) as error:
            raise StoreAwayError(f"{self._url}: {cause_of(error)}") from None
        found = [text(result, "outcome") for result in sequence(data, "data")]
        return tuple(outcome for outcome in found if outcome and outcome not in _PROGRESS)
