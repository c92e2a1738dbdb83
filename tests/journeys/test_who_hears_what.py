"""What people are told of an update over its life: new failures and repairs, once, whatever dies in between."""
from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from checks.outcome import Outcome
from tests.reporting.runs import PASSED, enqueue, make_run
from tests.support.checkotron_process import checkotron
from tests.support.database_server import database_server
from tests.support.mail_server import MailServer, mail_server
from tests.support.web_server import Answer, Request, web_server
from tests.support.whole_system import wait_for

UPDATE = ("FEDORA-2026-04459ef8cf", "bodhi_update")


@dataclass
class Everybody:
    """Who is told, and what they heard."""

    queue: Path
    mail: MailServer
    destinations: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    forge_is_away: bool = False

    def bodhi(self, request: Request) -> Answer:
        if request.path == "/csrf":
            return Answer(b'{"csrf_token": "x"}')
        if request.method == "POST":
            self.comments.append(json.loads(request.body)["text"])
            return Answer(json.dumps({"comment": {"id": len(self.comments)}}).encode())
        found = [{"id": number, "text": text} for number, text in enumerate(self.comments, 1)]
        return Answer(json.dumps({"comments": found}).encode())

    def forge(self, request: Request) -> Answer:
        if self.forge_is_away:
            return Answer(b"", 503)
        self.flags.append(request.body.decode())
        return Answer(b"{}")

    def run_ended(self, outcome: Outcome, about: tuple[str, str] = UPDATE) -> None:
        """The check ran on the item and the master put the run into the queue."""
        item, item_type = about
        names: dict[str, Any] = {"item": item, "item_type": item_type, "testcase": "dist.installability",
                                 "arch": "x86_64"}
        result = PASSED.with_changes(outcome=outcome, summary=f"it {outcome}", **names)
        build_id = str(uuid.uuid4())
        enqueue(self.queue, make_run(self.queue.parent / build_id, [result], build_id=build_id,
                                     check="installability", **names))

    def command(self, *more: str) -> list[str]:
        return ["results", "deliver", "--queue", str(self.queue),
                *(word for place in self.destinations for word in ("--to", place)), *more]

    def deliver(self) -> None:
        done = checkotron(*self.command())
        assert done.returncode == 0, done.stderr

    @property
    def heard(self) -> tuple[list[str], int]:
        """First lines of the comments, and how many mails."""
        return [text.partition(":")[0] for text in self.comments], len(self.mail.mails)


@pytest.fixture
def everybody(tmp_path: Path) -> Iterator[Everybody]:
    with ExitStack() as stack:
        told = Everybody(tmp_path / "queue", stack.enter_context(mail_server()))
        results = stack.enter_context(database_server(f"sqlite:///{tmp_path}/results.sqlite")).url
        bodhi, forge = (stack.enter_context(web_server(answer)).url for answer in (told.bodhi, told.forge))
        told.destinations = [results, f"mailto:qa@example.org?smtp={told.mail.address}&from=c@e.org&history={results}",
                             f"pagure+{forge}", f"bodhi+{bodhi}?user=checkotron&history={results}"]
        yield told


@pytest.mark.slow  # seven deliveries, each a process
def test_people_hear_of_changes_once_and_never_of_crashes(everybody: Everybody) -> None:
    everybody.run_ended(Outcome.FAILED)
    everybody.deliver()
    assert everybody.heard == (["FAILED, newly failing"], 1)

    for outcome in (Outcome.FAILED, Outcome.CRASHED, Outcome.ABORTED):
        everybody.run_ended(outcome)
        everybody.deliver()
    assert everybody.heard[0] == ["FAILED, newly failing"]

    everybody.run_ended(Outcome.PASSED)
    everybody.deliver()
    assert everybody.heard[0] == ["FAILED, newly failing", "PASSED, fixed"]


@pytest.mark.slow  # three deliveries, each a process
def test_a_kill_between_two_destinations_loses_and_doubles_nothing(everybody: Everybody) -> None:
    pull_request = (f"{everybody.destinations[2].removeprefix('pagure+')}/rpms/gcc/pull-request/17", "pull_request")
    everybody.forge_is_away = True
    everybody.run_ended(Outcome.FAILED)
    everybody.run_ended(Outcome.FAILED, pull_request)
    process = subprocess.Popen([sys.executable, "-m", "checkotron", *everybody.command("--follow")],
                               stderr=subprocess.DEVNULL)
    kept = everybody.queue / "undelivered"
    wait_for(lambda: everybody.comments and any("answered 503" in path.read_text() for path in kept.glob("*.jsonl")))
    process.kill()
    process.wait(60)

    waiting = checkotron("results", "undelivered", "--queue", everybody.queue).stdout

    assert "pagure+http://127.0.0.1" in waiting
    assert "answered 503" in waiting
    everybody.forge_is_away = False
    everybody.deliver()
    assert (everybody.heard, len(everybody.flags)) == ((["FAILED, newly failing"], 2), 1)
    assert "nothing waits" in checkotron("results", "undelivered", "--queue", everybody.queue).stdout
