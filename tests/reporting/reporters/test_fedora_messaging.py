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
from reporting.ci_message import ARTIFACTS, CIMessage, Contact, message_of, obstacle
from reporting.report import report
from reporting.reporter import ReportedRun, Secrets
from reporting.reporters.fedora_messaging import FedoraMessagingReporter
from reporting.undelivered import RunFile
from tests.reporting.runs import BUILD_ID, PASSED, execution_report
from tests.support.koji_hub import koji_hub

SCHEMA = jsonschema.Draft7Validator(
    json.loads((Path(__file__).parents[1] / "schemas" / "ci-message.json").read_text()),
    format_checker=jsonschema.FormatChecker())
CONTACT = Contact("Checkotron", "QA", "https://docs.example.org", "qa@example.org")
FACTS = {"task_id": "14546276", "issuer": "alice"}
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOG = "https://artifacts.example.org/1/"


def run_of(*results: Result, **details: object) -> ReportedRun:
    return ReportedRun(BUILD_ID, execution_report(details=details), results, NOON, log_url=LOG)


def message(result: Result, **facts: object) -> CIMessage:
    return message_of(run_of(result), result, CONTACT, {**FACTS, **facts}, LOG)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("item_type", ARTIFACTS)
def test_every_message_satisfies_the_schema(item_type: str, outcome: Outcome) -> None:
    item = ITEM_TYPES[item_type].example
    result = PASSED.with_changes(item=item, item_type=item_type, outcome=outcome, output="x" * 9000, arch="x86_64",
                                 extra={"scenario": ("kde",)})

    made = message(result)

    SCHEMA.validate(dict(made.body))
    status = "error" if outcome in (Outcome.CRASHED, Outcome.ERROR, Outcome.ABORTED) else "complete"
    assert made.topic == f"ci.{ARTIFACTS[item_type]}.test.{status}"


def test_a_build_is_described_as_readers_expect() -> None:
    body = message(PASSED).body

    assert body["artifact"] == {"type": "koji-build", "id": 14546276, "issuer": "alice", "nvr": "xchat-0.5-1.fc20",
                                "component": "xchat", "scratch": False}
    assert body["test"] == {"type": "rpmlint", "category": "functional", "namespace": "dist.koji-build",
                            "result": "passed", "note": "5 errors, 10 warnings", "runtime": 5}


def test_messages_about_the_same_pipeline_can_be_joined() -> None:
    failed = message(PASSED.with_changes(outcome=Outcome.FAILED)).body
    other = message(PASSED.with_changes(arch="s390x")).body

    assert message(PASSED).body["pipeline"]["id"] == failed["pipeline"]["id"] != other["pipeline"]["id"]


def test_other_kinds_of_items_have_no_message() -> None:
    assert obstacle("koji_tag", FACTS) == "no CI messages for this kind of item"


def test_long_output_is_cut_and_its_whole_is_named() -> None:
    body = message(PASSED.with_changes(output="x" * 9000)).body

    assert (len(body["test"]["output"]), body["test"]["output_urls"]) == (500, [LOG])


def test_a_build_whose_task_nobody_knows_gets_no_message_and_says_why(bus: str, tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path, run_of(PASSED))

    (turn,) = report(run_file, [FedoraMessagingReporter(bus, CONTACT, "")])

    assert (turn.delivered, run_file.progress[turn.destination].delivered[1]) == (1, (
        "not told: the build's task id is not known; name the hub in the address, &koji=https://.../kojihub"))


def test_what_a_run_does_not_know_of_a_build_is_asked_of_koji(bus: str, tmp_path: Path) -> None:
    build = tmp_path / "packages" / "xchat" / "0.5" / "1.fc20"
    build.mkdir(parents=True)
    with koji_hub(tmp_path / "packages") as hub, pika.BlockingConnection(pika.URLParameters(bus)) as connection:
        hub.facts["xchat-0.5-1.fc20"] = {"task_id": 4711, "owner_name": "bob"}
        address = f"{bus}?ci_name=C&ci_team=Q&ci_docs=https%3A%2F%2Fd&ci_email=q%40e&koji={hub.url}"
        channel = connection.channel()
        channel.queue_declare("asked")
        channel.queue_bind("asked", "amq.topic", "org.centos.prod.ci.#")

        report(RunFile.create(tmp_path / "undelivered", run_of(PASSED)), [reporter_for(address, Secrets())])

        _, _, content = channel.basic_get("asked", auto_ack=True)
    assert json.loads(content)["artifact"] == {"type": "koji-build", "id": 4711, "issuer": "bob", "scratch": False,
                                               "nvr": "xchat-0.5-1.fc20", "component": "xchat"}


def test_an_address_must_say_who_reports() -> None:
    with pytest.raises(ValueError, match=r"^`amqp://host`: CI messages say who sends them; "
                                         r"add ci_name, ci_team, ci_docs, ci_email, as in \?ci_name=QA"):
        reporter_for("amqp://user:secret@host", Secrets())


def test_messages_arrive_over_a_real_broker(bus: str, tmp_path: Path) -> None:
    crashed = PASSED.with_changes(outcome=Outcome.CRASHED, arch="x86_64")
    run_file = RunFile.create(tmp_path, run_of(PASSED, crashed, facts=FACTS))
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
    run = ReportedRun(BUILD_ID, execution_report(details={"facts": FACTS}), (PASSED,), NOON)

    (turn,) = report(RunFile.create(tmp_path, run), [FedoraMessagingReporter(bus, CONTACT, "")])

    assert (turn.is_refusal, turn.why) == (True, "a CI message needs the address of the log; say it with --log-url")
