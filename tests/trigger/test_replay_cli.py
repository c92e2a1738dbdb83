"""`explain` and `replay`: every form of file, what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checks.addresses import Addresses, write_addresses
from tests.support.door import running_door, token_file
from tests.trigger.samples import KOJI_TOPIC, koji_body, koji_build, line, tag_message
from trigger.cli import trigger
from trigger.rules import DEFAULT_RULES

RULES = """\
- name: rpmlint
  when: {message_type: KojiBuildPackageCompleted}
  do: [{check: rpmlint}]
- name: deps
  when: {message_type: KojiTagChanged, tag: {$regex: '^f\\d+-updates-pending$'}}
  do: [{check: my-deps, arches: [x86_64, aarch64], priority: 5}]
"""


def run(*arguments: str | Path, text: bytes = b"") -> Result:
    return CliRunner().invoke(trigger, [str(part) for part in arguments], input=text)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yml"
    path.write_text(RULES)
    return path


def test_explain_prints_one_object_a_message(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text(
        line(koji_build("m1")) + "\n" + line(koji_build(17, new=0)) + "\n" + line(tag_message(message_id=None))
    )

    done = run("explain", "--json", "--rules", rules, file)
    objects = [json.loads(text) for text in done.stdout.splitlines()]

    assert done.exit_code == 0
    assert [sorted(found) for found in objects] == [["events", "id", "jobs", "reasons", "topic"]] * 3
    assert [found["id"] for found in objects] == ["m1", 17, None]
    assert [[(event["item"], event["item_type"]) for event in found["events"]] for found in objects] == [
        [("xchat-0.5-1.fc36", "koji_build")],
        [],
        [("f36-updates-pending", "koji_tag")],
    ]
    assert [[(job["taskname"], job["arch"]) for job in found["jobs"]] for found in objects] == [
        [("rpmlint", "noarch")],
        [],
        [("my-deps", "x86_64"), ("my-deps", "aarch64")],
    ]
    assert objects[1]["reasons"] == ["the build is BUILDING, not COMPLETE"]
    assert objects[2]["reasons"][2] == (
        "rules.yml:1 (rpmlint): does not apply: `message_type` is `KojiTagChanged`, asked is "
        "`KojiBuildPackageCompleted`"
    )


def test_the_packaged_rules_run_rpmlint_on_a_build_that_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text(json.dumps(json.loads(line(koji_build())), indent=2))

    done = run("explain", "--json", file)
    jobs = json.loads(done.stdout)["jobs"]

    assert (done.exit_code, done.stderr) == (0, "")
    assert [(job["item"], job["item_type"], job["taskname"], job["arch"]) for job in jobs] == [
        ("xchat-0.5-1.fc36", "koji_build", "rpmlint", "noarch")
    ]


@pytest.mark.parametrize(
    "content",
    [
        '{"topic": "%s", "body": %s, "id": "m"}',
        '{"topic": "%s", "msg": %s, "msg_id": "m"}',
        '[{"topic": "%s", "body": %s, "id": "m"}]',
        '{"raw_messages": [{"topic": "%s", "msg": %s, "msg_id": "m"}], "total": 1}',
        '{"topic": "x", "id": "outer", "body": {"topic": "%s", "msg": %s, "msg_id": "m"}}',
    ],
    ids=["bus", "datagrepper", "list", "page", "old envelope"],
)
def test_every_form_of_an_archive_is_read(tmp_path: Path, rules: Path, content: str) -> None:
    message = koji_build()
    file = tmp_path / "message.json"
    file.write_text(content % (message.topic, json.dumps(dict(message.body))))

    found = json.loads(run("explain", "--json", "--rules", rules, file).stdout)

    assert (found["id"], found["jobs"][0]["item"]) == ("m", "xchat-0.5-1.fc36")


def test_a_folder_and_standard_input_are_read(tmp_path: Path, rules: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "b.json").write_text(line(koji_build("b", build_id=2)))
    (folder / "a.jsonl").write_text(line(koji_build("a", build_id=1)) + "\n" + line(koji_build("a2", build_id=3)))
    (folder / "notes.txt").write_text("no message")

    from_folder = [
        json.loads(text)["id"] for text in run("explain", "--json", "--rules", rules, folder).stdout.splitlines()
    ]
    piped = json.loads(run("explain", "--json", "--rules", rules, "-", text=line(koji_build("s")).encode()).stdout)

    assert from_folder == ["a", "a2", "b"]
    assert piped["id"] == "s"


def test_broken_lines_are_told_with_their_number_and_the_rest_goes_on(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "m.jsonl"
    deep = '{"a":' * 150 + "1" + "}" * 150
    file.write_bytes(
        b"\n".join(
            (
                b"{broken",
                line(koji_build("a")).encode(),
                b'{"topic": "x"}',
                b"\xff",
                b"",
                b'{"topic": "x", "body": {"n": NaN}}',
                deep.encode(),
                line(koji_build("b", build_id=2)).encode(),
            )
        )
    )

    done = run("explain", "--json", "--rules", rules, file)

    assert done.exit_code == 1
    assert [json.loads(text)["id"] for text in done.stdout.splitlines()] == ["a", "b"]
    assert done.stderr.splitlines()[1:] == [
        f"{file}:1: is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        f"{file}:3: `body` is a null or missing; expected an object",
        f"{file}:4: is not UTF-8: byte `0xff` at 0",
        f"{file}:6: is not JSON: holds `NaN`",
        f"{file}:7: is nested deeper than 100 levels",
        "5 could not be read",
    ]


def test_a_missing_file_and_a_wrong_rules_file_are_the_users_mistakes(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("- {when: {nam: x}, do: [{check: rpmlint}]}")

    missing = run("explain", tmp_path / "nothing.json")
    faulty = run("explain", "--rules", wrong, tmp_path)

    assert (missing.exit_code, missing.stderr) == (
        1,
        f"{tmp_path}/nothing.json: cannot be read: No such file or directory\n"
        "0 messages, 0 events, no job\n1 could not be read\n",
    )
    assert faulty.exit_code == 2
    assert "did you mean `name`?" in faulty.stderr
    assert faulty.stderr.endswith("1 fault in the rules; nothing was done\n")


def test_replay_schedules_in_the_running_system_and_twice_is_harmless(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "m.json"
    file.write_text(line(koji_build()))
    with running_door() as door:
        options = ("--rules", rules, "--door", door.url, "--door-token-file", token_file(tmp_path))
        first, second = run("replay", *options, file), run("replay", *options, file)

        assert (first.exit_code, second.exit_code, len(door.jobs)) == (0, 0, 1)
        assert first.stderr == "1 message, 1 event, 1 job: 1 of them scheduled now\n"
        assert second.stderr == "1 message, 1 event, 1 job: 0 of them scheduled now\n"
        assert door.jobs[0]["item"] == "xchat-0.5-1.fc36"


def test_a_dry_run_needs_no_system_and_schedules_nothing(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "m.json"
    file.write_text(line(koji_build()))

    done = run("replay", "--dry-run", "--rules", rules, file)

    assert (done.exit_code, done.stderr) == (0, "1 message, 1 event, 1 job: 1 of them would be scheduled\n")


@pytest.mark.parametrize("words", [("replay", "--dry-run"), ("explain",)])
def test_the_rules_that_are_running_count_where_none_are_named(
    tmp_path: Path, rules: Path, words: tuple[str, ...]
) -> None:
    rules.write_text(RULES.replace("check: rpmlint", "check: of-our-own"))
    write_addresses(tmp_path, Addresses(rules_file=str(rules)))
    file = tmp_path / "m.json"
    file.write_text(line(koji_build()))

    running = run(*words, "--json", "--state", tmp_path, file)
    named = run(*words, "--json", "--state", tmp_path, "--rules", DEFAULT_RULES, file)

    assert [job["taskname"] for job in json.loads(running.stdout)["jobs"]] == ["of-our-own"]
    assert [job["taskname"] for job in json.loads(named.stdout)["jobs"]] == ["rpmlint"]


def test_replay_without_a_system_says_how_to_get_one(tmp_path: Path, rules: Path) -> None:
    done = run("replay", "--rules", rules, "--state", tmp_path / "state", tmp_path)

    assert done.exit_code == 2
    assert "start it with `checkotron up" in done.stderr


def test_a_job_that_is_refused_is_told_and_the_others_go_on(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "m.jsonl"
    file.write_text(line(koji_build("a", build_id=1)) + "\n" + line(koji_build("b", build_id=2, name="zsh")))
    with running_door() as door:
        door.answers.append((400, {}, b'{"faults": ["no builder"]}'))
        done = run(
            "replay", "--json", "--rules", rules, "--door", door.url, "--door-token-file", token_file(tmp_path), file
        )

    assert done.exit_code == 1
    assert json.loads(done.stdout.splitlines()[0])["reasons"] == [
        "refused: rpmlint-koji_build-xchat-0.5-1.fc36: no builder"
    ]
    assert [job["item"] for job in door.jobs] == ["zsh-0.5-1.fc36"]


def test_messages_that_are_no_event_are_told_in_sums_when_there_are_many(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "month.jsonl"
    other = json.dumps({"topic": "org.fedoraproject.prod.trac.ticket.update", "body": {}})
    file.write_text("\n".join([other] * 40 + [json.dumps({"topic": KOJI_TOPIC, "body": koji_body()})]))

    short, whole = (run("explain", "--rules", rules, file, *more) for more in ((), ("--all",)))

    assert short.stdout.count("is none of those that are read") == 5
    assert short.stderr.splitlines()[-3:] == [
        "41 messages, 1 event, 1 job would start", "40 messages are no event (`--all` tells each):",
        "      40 a topic that is none of those that are read"]
    assert whole.stdout.count("is none of those that are read") == 40


def test_of_ten_thousand_rules_those_that_apply_and_the_nearest_are_told(tmp_path: Path) -> None:
    many = tmp_path / "many.yml"
    many.write_text("".join(f"- {{name: n{number}, when: {{name: p{number}}}, do: [{{check: rpmlint}}]}}\n"
                            for number in range(10_000))
                    + "- {name: nearly, when: {name: xchat, epoch: 3}, do: [{check: rpmlint}]}\n"
                    + "- {name: last, when: {name: xchat}, do: [{check: rpmlint}]}\n")
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"topic": KOJI_TOPIC, "body": koji_body()}))

    told = run("explain", "--rules", many, file).stdout.splitlines()
    one = run("explain", "--rules", many, "--rule", "n77", file).stdout.splitlines()
    wrong = run("explain", "--rules", many, "--rule", "lost", file)

    assert [line.strip() for line in told[2:5]] == [
        "many.yml:10002 (last): applies",
        "many.yml:10001 (nearly): does not apply: `epoch` is not known, asked is `3`",
        "and 10000 other rules do not apply; `--rule NAME` tells why one does not"]
    assert one[2].strip() == "many.yml:78 (n77): does not apply: `name` is `xchat`, asked is `p77`"
    assert one[3].startswith("  -> rpmlint on")
    assert wrong.exit_code == 2
    assert "--rule: no rule `lost` in " in wrong.stderr
    assert "did you mean `last`?" in wrong.stderr


def test_pages_of_a_dump_that_are_not_there_are_named(tmp_path: Path, rules: Path) -> None:
    message = {"topic": KOJI_TOPIC, "body": koji_body()}
    for page in (1, 3):
        (tmp_path / f"{page}.json").write_text(json.dumps(
            {"raw_messages": [message], "pages": 4, "total": 4, "arguments": {"page": page}}))
    whole = tmp_path / "whole"
    whole.mkdir()
    for page in (1, 2):
        (whole / f"{page}.json").write_text(json.dumps(
            {"raw_messages": [message], "pages": 2, "total": 2, "arguments": {"page": page}}))

    gaps = run("explain", "--rules", rules, tmp_path / "1.json", tmp_path / "3.json")
    none = run("explain", "--rules", rules, whole)

    assert gaps.exit_code == 1
    assert "one of 4 pages (4 messages); page 2, 4 is not here, and its messages are missed" in gaps.stderr
    assert (none.exit_code, "is not here" in none.stderr) == (0, False)
