"""A mail server for one test: takes mails over real SMTP and keeps them, or refuses as it is told."""
from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """A running server."""

    address: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    #: Answered to RCPT instead of 250: "550 no such user".
    refusal: str = ""


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serve on a free port of loopback inside the `with`."""
    state = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            for raw in self.rfile:
                word = raw[:4].strip().upper()
                if word == b"DATA":
                    self._say("354 go on")
                    lines = []
                    while (line := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(line.removeprefix(b"."))
                    state.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore
                    self._say("250 kept")
                elif word == b"QUIT":
                    self._say("221 bye")
                    return
                elif word == b"RCPT" and state.refusal:
                    self._say(state.refusal)
                else:
                    self._say("250 ok")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
