"""
Every result of another ResultsDB as lines of an export, read through its API.

The results come in the order of time. Each request asks for those since the
last one seen, and what was seen already is left out: so nothing is lost or
doubled where results arrive meanwhile, and no request reads deep into a list.
What a group is called is asked once for each, before its first result.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from reporting.database.exchange import dumped

_PAGE = 200
#: Groups in one question: their uuids fit into any server's limit of a URL.
_GROUPS_AT_ONCE = 40
#: Groups kept in mind; more are asked again, which does no harm.
_KNOWN_GROUPS = 200_000
#: Seconds before each new try of a request that failed.
_PAUSES_SECONDS = (1.0, 3.0, 10.0, 30.0)

#: Called with a URL below the API; returns the JSON of its answer.
Ask = Callable[[str], Any]


class ApiSourceError(Exception):
    """Raised when the server does not answer as a ResultsDB does; the text says what it said."""


def lines_of_api(ask: Ask, since: str | None = None) -> Iterator[str]:
    """Yield groups and results, oldest first. `since`: only results of that time or later. Raises ApiSourceError."""
    moment, page = since, 0
    seen: set[int] = set()
    known: set[str] = set()
    while True:
        rows = _rows(ask, f"/results?_sort=asc:submit_time&limit={_PAGE}&page={page}"
                          + (f"&since={quote(moment)}" if moment else ""))
        new = [row for row in rows if row["id"] not in seen]
        yield from (dumped({"kind": "group", **group}) for group in _groups_of(ask, new, known))
        yield from (dumped({**row, "kind": "result"}) for row in new)
        if len(rows) < _PAGE:
            return
        last = rows[-1]["submit_time"]
        if last == moment:
            page += 1  # more results of one moment than a page holds
        else:
            moment, page, seen = last, 0, set()
        seen.update(row["id"] for row in rows if row["submit_time"] == last)


def _groups_of(ask: Ask, rows: list[dict[str, Any]], known: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the groups of the rows that are not known yet."""
    if len(known) > _KNOWN_GROUPS:
        known.clear()
    uuids = [uuid for uuid in dict.fromkeys(uuid for row in rows for uuid in row["groups"]) if uuid not in known]
    known.update(uuids)
    plain = [uuid for uuid in uuids if "," not in uuid]
    for start in range(0, len(plain), _GROUPS_AT_ONCE):
        asked = ",".join(quote(uuid, safe="") for uuid in plain[start:start + _GROUPS_AT_ONCE])
        # the newest comes first; what was made first is stored first
        yield from (_group(each) for each in reversed(_rows(ask, f"/groups?uuid={asked}&limit={_GROUPS_AT_ONCE}")))
    for uuid in uuids:
        if "," in uuid:
            yield _group(ask(f"/groups/{quote(uuid)}"))


def _group(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in ("uuid", "description", "ref_url")}


def _rows(ask: Ask, path: str) -> list[dict[str, Any]]:
    answer = ask(path)
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise ApiSourceError("the answer is no list of a ResultsDB; expected the address of its API, "
                             "https://resultsdb.example.org/api/v2.0")
    return list(answer["data"])


def asker(url: str, say: Callable[[str], None]) -> Ask:
    """Return a function that asks the API at `url`, and again where it fails for a while; `say` hears of that."""
    import requests

    session = requests.Session()

    def ask(path: str) -> Any:
        for pause in (*_PAUSES_SECONDS, None):
            try:
                answer = session.get(url.rstrip("/") + path, timeout=120)
                if answer.status_code < 500:
                    break
                said = f"status {answer.status_code}"
            except requests.RequestException as error:
                said = type(error).__name__
            if pause is None:
                raise ApiSourceError(f"no answer: {said}")
            say(f"{said}; asking again in {pause:.0f} s")
            time.sleep(pause)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if answer.status_code != 200:
            told = found.get("message") if isinstance(found, dict) else None
            raise ApiSourceError(f"status {answer.status_code}" + (f": {told}" if told else ""))
        return found

    return ask
