"""
Puts right how Buildbot 4.3 sends REST answers: it writes to the connection from a thread.

Twisted's connections belong to the reactor's thread. A client that goes away at
the wrong moment then leaves the reactor with a broken table of connections, and
the master never accepts another one: no worker, no page, no job. Here the thread
makes the answer and the reactor's thread sends it.
"""
from __future__ import annotations

import json
from typing import Any

from buildbot.www.rest import V2RootResource
from twisted.internet import reactor, threads


def send_in_the_reactor() -> None:
    """Replace Buildbot's sending; safe to call twice."""
    V2RootResource._write_json_data = staticmethod(_write_json_data)


def _write_json_data(request: Any, encoder: json.JSONEncoder, data: Any) -> None:
    """Called by Buildbot in a thread, once for each answer."""
    content = "".join(encoder.iterencode(data)).encode()
    threads.blockingCallFromThread(reactor, _send, request, content)


def _send(request: Any, content: bytes) -> None:
    if request.finished or request._disconnected or request.channel is None:
        return
    request.setHeader(b"content-length", str(len(content)).encode())
    if request.method != b"HEAD":
        request.write(content)
