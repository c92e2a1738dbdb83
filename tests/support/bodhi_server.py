"""A double of a Bodhi server: its REST interface for reading updates, over real HTTP."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.support.web_server import Answer, Request, WebServer, web_server


@contextmanager
def bodhi_server(updates: Mapping[str, Sequence[str | Mapping[str, object]]],
                 edited: Callable[[], Mapping[str, Sequence[str]]] = dict) -> Iterator[WebServer]:
    """
    Serve these updates: the alias, and its builds, each an NVR or a whole build of Bodhi's JSON.

    `edited` gives what was changed since. Keys and errors are those of bodhi-server 26.4.
    """

    def build(given: str | Mapping[str, object]) -> dict[str, object]:
        plain = {"epoch": 0, "signed": True, "type": "rpm", "release_id": 1}
        return plain | ({"nvr": given} if isinstance(given, str) else dict(given))

    def answer(request: Request) -> Answer:
        if "text/html" in request.headers.get("Accept", ""):
            return Answer(b"<!DOCTYPE html><title>Bodhi</title>", content_type="text/html")
        alias = request.path.removeprefix("/updates/")
        known = {**updates, **edited()}
        if alias not in known:
            error = {"location": "url", "name": "id", "description": "Invalid update id"}
            return Answer(json.dumps({"status": "error", "errors": [error]}).encode(), 404, "application/json")
        update = {"alias": alias, "updateid": alias, "status": "testing", "type": "bugfix", "title": alias,
                  "release": {"name": "F20", "branch": "f20"}, "builds": [build(each) for each in known[alias]]}
        return Answer(json.dumps({"update": update, "can_edit": False}).encode(), content_type="application/json")

    with web_server(answer) as server:
        yield server
