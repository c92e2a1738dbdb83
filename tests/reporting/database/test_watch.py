"""`checkotron results watch` prints results as they are stored."""
from __future__ import annotations

import subprocess
import sys

from click.testing import CliRunner

from reporting.database.commands.watch import watch
from tests.support.database_server import DatabaseServer


def test_watch_prints_what_passes_the_filters_as_it_comes(server: DatabaseServer) -> None:
    server.add("FAILED", data={"item": "old"})
    process = subprocess.Popen([sys.executable, "-m", "checkotron", "results", "watch", "outcome=FAILED",
                                "--url", server.url, "--after", "1", "--count", "2"],
                               stdout=subprocess.PIPE, text=True)

    for outcome, item in (("PASSED", "a"), ("FAILED", "b"), ("FAILED", "c")):
        server.add(outcome, data={"item": item}, submit_time="2024-05-01T10:00:00.5")
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert said == ("2024-05-01T10:00:00  FAILED            dist.rpmlint  b\n"
                    "2024-05-01T10:00:00  FAILED            dist.rpmlint  c\n")


def test_watch_says_what_it_cannot_use(server: DatabaseServer) -> None:
    no_filter = CliRunner().invoke(watch, ["nothing", "--url", server.url])
    refused = CliRunner().invoke(watch, ["outcome=GREAT", "--url", server.url])

    assert no_filter.exit_code == 2
    assert "`nothing` has no `=`" in no_filter.output
    assert refused.exit_code == 1
    assert "must be one of: PASSED" in refused.output
