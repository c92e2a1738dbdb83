"""CI messages: their shape by the schema, and their way over a real broker."""
import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pika
import pytest

from checks.item import ITEM_TYPES
from checks.outcome import Outcome
from checks.result import Result
from reporting.all_reporters import reporter_for
from reporting.ci_message import ARTIFACTS, CIMessage, Contact, message_of
from reporting.report import report
from reporting.reporter import ReportedRun, Secrets
from reporting.reporters.fedora_messaging import FedoraMessagingReporter
from reporting.undelivered import RunFile
from tests.reporting.runs import BUILD_ID, PASSED, execution_report

SCHEMA = jsonschema.Draft7Validator(
    json.loads((Path(__file__).parents[1] / "schemas" / "ci-message.json").read_text()),
    format_checker=jsonschema.FormatChecker())
CONTACT = Contact("Checkotron", "QA", "https://docs.example.org", "qa@example.org")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOG = "https://artifacts.example.org/1/"


def run_of(*results: Result, **details: object) -> ReportedRun:
    return ReportedRun(BUILD_ID, execution_report(details=details), results, NOON, log_url=LOG)


def message(result: Result, **facts: object) -> CIMessage:
    made = message_of(run_of(result, facts=facts), result, CONTACT, LOG)
    assert made is not None
    return made


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("item_type", ARTIFACTS)
def test_every_message_satisfies_the_schema(item_type: str, outcome: Outcome) -> None:
    item = ITEM_TYPES[item_type].example
    result = PASSED.with_changes(item=item, item_type=item_type, outcome=outcome, output="x" * 9000, arch="x86_64",
                                 extra={"scenario": ("kde",)})

    made = message(result)

    SCHEMA.validate(dict(made.body))
    status = "error" if outcome in (Outcome.CRASHED, Outcome.ABORTED) else "complete"
    assert made.topic == f"ci.{ARTIFACTS[item_type]}.test.{status}"


def test_a_build_is_described_as_readers_expect() -> None:
    body = message(PASSED, task_id=14546276, issuer="alice").body

    assert body["artifact"] == {"type": "koji-build", "id": 14546276, "issuer": "alice", "nvr": "xchat-0.5-1.fc20",
                                "component": "xchat", "scratch": False}
    assert body["test"] == {"type": "rpmlint", "category": "functional", "namespace": "dist.koji-build",
                            "result": "passed", "note": "5 errors, 10 warnings"}


def test_messages_about_the_same_pipeline_can_be_joined() -> None:
    failed = message(PASSED.with_changes(outcome=Outcome.FAILED)).body
    other = message(PASSED.with_changes(arch="s390x")).body

    assert message(PASSED).body["pipeline"]["id"] == failed["pipeline"]["id"] != other["pipeline"]["id"]


def test_other_kinds_of_items_have_no_message() -> None:
    assert message_of(run_of(), PASSED.with_changes(item_type="koji_tag"), CONTACT, LOG) is None


def test_an_address_must_say_who_reports() -> None:
    with pytest.raises(ValueError, match=r"^`amqp://host`: CI messages say who sends them; "
                                         r"add ci_name, ci_team, ci_docs, ci_email, as in \?ci_name=QA"):
        reporter_for("amqp://user:secret@host", Secrets())


def test_messages_arrive_over_a_real_broker(bus: str, tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path, run_of(PASSED, PASSED.with_changes(outcome=Outcome.CRASHED, arch="x86_64")))
    address = (f"{bus}?ci_name=Checkotron&ci_team=QA&ci_docs=https%3A%2F%2Fdocs.example.org&ci_email=qa%40example.org"
               "&ci_prefix=org.centos.stg")
    with pika.BlockingConnection(pika.URLParameters(bus)) as connection:
        channel = connection.channel()
        channel.queue_declare("seen")
        channel.queue_bind("seen", "amq.topic", "org.centos.stg.ci.#")

        (turn,) = report(run_file, [reporter_for(address, Secrets())])

        received = [channel.basic_get("seen", auto_ack=True) for _ in range(2)]
        assert channel.basic_get("seen")[0] is None

    assert (turn.delivered, turn.missing) == (2, 0)
    assert [method.routing_key for method, _, _ in received] == [
        "org.centos.stg.ci.koji-build.test.complete", "org.centos.stg.ci.koji-build.test.error"]
    for _, properties, content in received:
        SCHEMA.validate(json.loads(content))
        assert properties.headers["fedora_messaging_schema"] == "ci_messages.CIMessageV1"
    assert [properties.message_id for _, properties, _ in received] == [
        run_file.progress[turn.destination].delivered[number] for number in (1, 2)]


def test_a_broker_that_is_away_keeps_everything(tmp_path: Path) -> None:
    away = FedoraMessagingReporter("amqp://guest:guest@127.0.0.1:9/", CONTACT, "org.centos.prod")

    (turn,) = report(RunFile.create(tmp_path, run_of(PASSED)), [away])

    assert (turn.missing, turn.is_refusal, turn.destination) == (1, False, "amqp://127.0.0.1:9/")
    assert turn.why.startswith("the broker cannot be reached")


def test_without_a_log_there_is_no_message(bus: str, tmp_path: Path) -> None:
    run = ReportedRun(BUILD_ID, execution_report(), (PASSED,), NOON)

    (turn,) = report(RunFile.create(tmp_path, run), [FedoraMessagingReporter(bus, CONTACT, "")])

    assert (turn.is_refusal, turn.why) == (True, "a CI message needs the address of the log; say it with --log-url")
