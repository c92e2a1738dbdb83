import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from reporting.all_reporters import reporter_for
from reporting.ci_message import ARTIFACTS, Contact, message_of_progress
from reporting.cli import results
from reporting.deliverer import Deliverer
from reporting.progress import Progress, ProgressError, announce, announce_waiting
from reporting.reporter import AwayError, Secrets
from reporting.reporters.recording import RecordingReporter
from tests.reporting.reporters.test_fedora_messaging import SCHEMA
from tests.reporting.runs import BUILD_ID
from tests.support.results_server import OUTCOMES, ResultsServer, results_server

RECORD = {"build_id": BUILD_ID, "item": "xchat-0.5-1.fc20", "item_type": "koji_build", "testcase": "dist.rpmlint",
          "arch": "noarch", "status": "RUNNING", "at": "2026-11-21T12:00:00+00:00", "log_url": "https://logs/1/"}
CONTACT = Contact("Checkotron", "QA", "https://docs.example.org", "qa@example.org")


@pytest.fixture
def server() -> Iterator[ResultsServer]:
    with results_server() as running:
        yield running


def test_a_database_that_takes_the_word_gets_a_row(server: ResultsServer) -> None:
    server.outcomes = (*OUTCOMES, "QUEUED", "RUNNING")

    said = announce(Progress.from_dict(RECORD), [reporter_for(server.url, Secrets())])

    (row,) = server.rows
    assert (row["outcome"], row["groups"], row["ref_url"], row["submit_time"]) == (
        "RUNNING", [BUILD_ID], "https://logs/1/", "2026-11-21T12:00:00")
    assert row["data"] == {"item": ["xchat-0.5-1.fc20"], "type": ["koji_build"], "arch": ["noarch"]}
    assert list(said.values()) == [row["href"]]


def test_a_database_that_does_not_is_left_alone(server: ResultsServer) -> None:
    said = announce(Progress.from_dict(RECORD), [reporter_for(server.url, Secrets())])

    assert server.rows == []
    assert list(said.values()) == ["not told: the database does not take RUNNING"]


@pytest.mark.parametrize("status", ["QUEUED", "RUNNING"])
@pytest.mark.parametrize("item_type", ["koji_build", "bodhi_update", "compose"])
def test_the_messages_satisfy_the_schema_but_for_the_verdict(item_type: str, status: str) -> None:
    item = {"koji_build": "xchat-0.5-1.fc20", "bodhi_update": "FEDORA-2026-04459ef8cf"}.get(item_type, "Fedora-24-1.0")
    progress = Progress.from_dict({**RECORD, "item": item, "item_type": item_type, "status": status})

    message = message_of_progress(progress, CONTACT, {"task_id": 4711, "issuer": "alice"}, "https://logs/1/")

    assert message.topic == f"ci.{ARTIFACTS[item_type]}.test.{status.lower()}"
    # of the schema, only the part that asks for a result or an error is not about these
    faults = [fault for fault in SCHEMA.iter_errors(dict(message.body))
              if list(fault.path) or fault.validator != "oneOf"]
    assert faults == []
    assert not {"result", "note"} & set(message.body["test"])


@pytest.mark.parametrize("trouble", [AwayError("away"), ZeroDivisionError("bug")])
def test_one_that_fails_takes_nothing_from_the_others(trouble: Exception) -> None:
    class Failing(RecordingReporter):
        def announce(self, progress: Progress) -> str:
            raise trouble

    good = RecordingReporter("good")

    said = announce(Progress.from_dict(RECORD), [Failing("bad"), good])

    assert said["bad"].startswith("failed: ")
    assert good.announced == [(BUILD_ID, "RUNNING")]


def test_files_are_told_once_and_removed_and_broken_ones_too(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(json.dumps(RECORD))
    (tmp_path / "2.json").write_text("{")
    (tmp_path / "3.json").write_text(json.dumps({**RECORD, "status": "PASSED"}))
    sink = RecordingReporter()

    assert announce_waiting(tmp_path, [sink]) == 3
    assert sink.announced == [(BUILD_ID, "RUNNING")]
    assert list(tmp_path.iterdir()) == []


def test_the_deliverer_tells_what_the_master_drops(tmp_path: Path) -> None:
    (tmp_path / "progress").mkdir()
    (tmp_path / "progress" / "x.json").write_text(json.dumps(RECORD))
    sink = RecordingReporter()
    deliverer = Deliverer(tmp_path, [sink])
    deliverer.start()

    deliverer.pass_once()

    assert sink.announced == [(BUILD_ID, "RUNNING")]


@pytest.mark.parametrize(("change", "fault"), [
    ({"status": "DONE"}, "`status` is `DONE`; expected QUEUED or RUNNING"),
    ({"item": None}, "`item` is `None`; expected text"),
    ({"item": "../x"}, "`../x` is not a Koji build; expected something like `xchat-0.5-1.fc20`"),
    ({"build_id": "x"}, "build id `x` is neither a UUID nor -1000"),
])
def test_a_wrong_record_says_what_is_wrong(change: dict[str, object], fault: str) -> None:
    with pytest.raises(ProgressError) as caught:
        Progress.from_dict({**RECORD, **change})

    assert fault in str(caught.value)


def test_a_person_may_tell_it(server: ResultsServer) -> None:
    server.outcomes = (*OUTCOMES, "QUEUED")

    said = CliRunner().invoke(results, ["announce", "queued", "--item", "xchat-0.5-1.fc20", "--item-type", "koji_build",
                                        "--testcase", "dist.rpmlint", "--to", server.url])

    assert (said.exit_code, said.output) == (0, f"{server.url}/api/v2.0: {server.url}/api/v2.0/results/1\n")
