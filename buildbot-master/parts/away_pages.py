"""
What Buildbot's pages and its REST answer while the database is away: 503 and why, at once.

Buildbot's own questions wait until it is back, and who asked with them. Here every
request knows whether what it asks for needs the database. One that comes while that is
away is answered; one that waits already is answered as soon as the database has been away
for longer than a restart of PostgreSQL takes. An answer that has begun is cut: a page that is
whole it would never be.
"""
from __future__ import annotations

import html
import json
from typing import Any
from urllib.parse import unquote_to_bytes

from buildbot.www.service import BuildbotSite
from twisted.web.http_headers import Headers

from buildbot_master.parts.absence import Absence
from buildbot_master.parts.listening import SmallRequest
from buildbot_master.parts.open_pages import AWAY_HEADER, let_open_pages_look_again
from buildbot_master.parts.patience import absence_of

#: First parts of paths that Buildbot answers without the database; so are all files of its web interface.
_WITHOUT_DATABASE = (b"ws", b"sse", b"config", b"plugins")
#: Seconds for which requests wait with everything else: a PostgreSQL that is restarted holds pages up, no more.
_BEAR_SECONDS = 2.0
#: Seconds between two looks at a request that waits.
_LOOK_SECONDS = 1.0
#: Seconds after which who asked should ask again.
_RETRY_AFTER = 5

#: Bytes; what people and programs send to Buildbot is a few words. A longer body would fill the disk of the master.
_BODY_LIMIT_BYTES = 1024 * 1024

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<noscript><meta http-equiv="refresh" content="{seconds}"></noscript>
<!-- where the address has a #, a refresh loads nothing -->
<script>setTimeout(function () {{ location.reload(); }}, {seconds}000);</script>
<meta name="viewport" content="width=device-width, initial-scale=1"><title>The database is away</title>
<style>:root{{color-scheme:light dark}} body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;
padding:0 1rem}} h1{{font-size:1.4rem}}</style>
<h1>The database is away</h1><p>{sentence}</p><p>This page looks again every {seconds} seconds.</p></html>
"""


def answer_without_database() -> None:
    """Let all pages do so; safe to call twice."""
    BuildbotSite.requestFactory = PageRequest
    let_open_pages_look_again()


class PageRequest(SmallRequest):
    """A request that does not wait for a database that is away, nor takes a body that nobody needs."""

    body_limit_bytes = _BODY_LIMIT_BYTES
    _looking: Any = None
    _is_given_up = False

    def process(self) -> None:
        """Called when the request is there, with its body."""
        if self.is_too_large:
            self._send(413, "text/plain; charset=utf-8", b"the body has more than %d bytes\n" % _BODY_LIMIT_BYTES)
            return
        if not self._needs_database():
            super().process()
            return
        absence = self._long_absence()
        if absence is not None:
            self._give_up(absence)
            return
        self._look_later()
        self.notifyFinish().addBoth(self._stop_looking)
        super().process()

    def write(self, data: bytes) -> None:
        """Called with each piece of the answer; what comes after we gave up is dropped."""
        if not self._is_given_up:
            super().write(data)

    def finish(self) -> None:
        """Called after the last piece."""
        if not self._is_given_up:
            super().finish()

    def _needs_database(self) -> bool:
        first = self._first_part()
        return first in self.channel.site.resource.children and first not in _WITHOUT_DATABASE

    def _first_part(self) -> bytes:
        return unquote_to_bytes(self.path[1:].partition(b"/")[0])

    def _long_absence(self) -> Absence | None:
        absence = absence_of(self.channel.site.master)
        return absence if absence is not None and (absence.seconds or 0.0) >= _BEAR_SECONDS else None

    def _look_later(self) -> None:
        self._looking = self.channel.site.master.reactor.callLater(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        absence = self._long_absence()
        if absence is None:
            self._look_later()
        elif self.startedWriting:
            self._is_given_up = True
            self.channel.loseConnection()
        else:
            self._give_up(absence)

    def _stop_looking(self, _: Any) -> None:
        if self._looking.active():
            self._looking.cancel()

    def _give_up(self, absence: Absence) -> None:
        """Answer in place of whoever would have; he may still answer, to nobody."""
        page = self.channel.site.resource.children[self._first_part()]
        own = getattr(page, "without_database", None)
        if own is not None:
            self._send(200, *own())
        else:
            self._send(503, *self._excuse(sentence_of(absence)))

    def _send(self, status: int, kind: str, content: bytes) -> None:
        """Send all of it, and nothing that anybody else has set or will send."""
        self._encoder = None
        self.responseHeaders = Headers({b"Cache-Control": [b"no-store"]})
        self.setResponseCode(status)
        if status == 503:
            self.setHeader("Retry-After", str(_RETRY_AFTER))
            self.setHeader(AWAY_HEADER, "away")
        self.setHeader("Content-Type", kind)
        self.setHeader("Content-Length", str(len(content)))
        super().write(content)
        super().finish()
        self._is_given_up = True

    def _excuse(self, sentence: str) -> tuple[str, bytes]:
        accepted = self.getHeader(b"accept") or b""
        is_for_programs = self._first_part() == b"api" or self.path.endswith(b".json")
        if is_for_programs or (b"application/json" in accepted and b"text/html" not in accepted):
            # as Buildbot has its own faults: callers of JSON-RPC look for a message
            error: object = {"message": sentence} if self.method == b"POST" else sentence
            return "application/json", json.dumps({"error": error}).encode() + b"\n"
        return "text/html; charset=utf-8", _PAGE.format(seconds=_RETRY_AFTER, sentence=html.escape(sentence)).encode()


def sentence_of(absence: Absence) -> str:
    """Return what is wrong and what becomes of the builds, for everyone."""
    reason = absence.reason
    return (f"The master's database has been away for {absence.seconds or 0.0:.0f} s"
            f"{f' ({reason.words})' if reason else ''}: checks that run go on, builds wait for it and continue by "
            "themselves; the master's log says what to do.")
