"""Asks Bodhi's REST API; its own client does not run on current Pythons."""
from __future__ import annotations

import json
import threading
from collections import OrderedDict
from urllib.parse import quote

import requests

from checks.item import shown
from trigger.field import sequence, text
from trigger.lookup import LookupAwayError

#: Seconds to connect, and to wait for an answer.
TIMEOUTS = (5, 30)
#: Bytes; an update with two thousand builds has 3 MiB.
ANSWER_LIMIT = 16 * 1024 * 1024
#: Answers kept: one burst of messages is about few updates.
KEPT = 256


class BodhiLookup:
    """One Bodhi server; keeps its last answers, also the ones that say "not known"."""

    def __init__(self, url: str) -> None:
        """`url`: `https://bodhi.fedoraproject.org`."""
        self._url = url.rstrip("/")
        self._kept: OrderedDict[str, tuple[str, ...] | None] = OrderedDict()
        self._lock = threading.Lock()

    def builds_of_update(self, update: str) -> tuple[str, ...] | None:
        """Return the builds of an update, None where Bodhi does not know it."""
        with self._lock:
            # Asked with `in`: an update that is not known is an answer, too.
            if update in self._kept:
                return self._kept[update]
            found = self._ask(update)
            self._kept[update] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return found

    def _ask(self, update: str) -> tuple[str, ...] | None:
        try:
            with requests.get(f"{self._url}/updates/{quote(update, safe='')}", timeout=TIMEOUTS, stream=True,
                              headers={"Accept": "application/json"}) as answer:
                content = answer.raw.read(ANSWER_LIMIT, decode_content=True)
            if answer.status_code == 404:
                return None
            if answer.status_code != 200:
                raise LookupAwayError(f"{self._url} answers {answer.status_code}")
            data = json.loads(content)
        except (requests.RequestException, OSError, ValueError, RecursionError) as error:
            raise LookupAwayError(f"{self._url}: {shown(str(error), 200)}") from None
        names = [text(build, "nvr") for build in sequence(data, "update", "builds")]
        return tuple(name for name in names if name)
