"""Which events a message is, topic by topic: one table, in the shapes of the real messages."""

# ruff: noqa: E501 (a table is read line by line)
from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from checks.item import parse_item
from tests.trigger.samples import koji_body
from trigger.all_topics import TOPICS, binding_keys, read_events
from trigger.fact import FACTS
from trigger.job_key import job_key
from trigger.message import BusMessage
from trigger.stored import stored_messages
from trigger.topic import TopicSettings

FEDORA = "org.fedoraproject.prod."
NONE = ()
HASH = "fe7f1a5c2b0000000000000000000000000000aa"
UPDATE = {
    "alias": "FEDORA-2026-04459ef8cf",
    "builds": [{"nvr": "xchat-0.5-1.fc36"}, {"nvr": "hello-2-1.fc36"}],
    "release": {"name": "F36", "branch": "f36", "dist_tag": "f36"},
    "status": "testing",
    "request": "stable",
}
PULL_REQUEST = {
    "id": 17,
    "status": "Open",
    "branch": "rawhide",
    "commit_stop": HASH,
    "full_url": "https://src.fedoraproject.org/rpms/gcc/pull-request/17",
    "project": {"name": "gcc", "namespace": "rpms", "full_url": "https://src.fedoraproject.org/rpms/gcc"},
}
SCRATCH = {
    "id": 5,
    "method": "build",
    "new": "CLOSED",
    "old": "OPEN",
    "srpm": "hello-2-1.fc31.src.rpm",
    "instance": "primary",
    "info": {"request": ["cli-build/1/hello-2-1.fc31.src.rpm", "rawhide", {"scratch": True}]},
}
COPR = {
    "build": 1044215,
    "chroot": "fedora-rawhide-x86_64",
    "copr": "hello",
    "owner": "packit",
    "status": 1,
    "pkg": "hello",
}
GITHUB_PR = {
    "action": "opened",
    "number": 9,
    "pull_request": {"html_url": "https://github.com/o/r/pull/9", "head": {"sha": HASH}, "base": {"ref": "main"}},
    "repository": {"html_url": "https://github.com/o/r"},
    "sender": {"login": "me"},
}
GITLAB_MR = {
    "object_attributes": {
        "action": "open",
        "iid": 4,
        "url": "https://gitlab.com/g/p/-/merge_requests/4",
        "target_branch": "main",
        "last_commit": {"id": HASH},
    },
    "project": {"web_url": "https://gitlab.com/g/p"},
    "user": {"username": "me"},
}
PUSH = {"ref": "refs/heads/main", "after": HASH, "repository": {"html_url": "https://codeberg.org/o/r"}}
CI = {
    "artifact": {"type": "koji-build", "id": 7, "nvr": "xchat-0.5-1.fc36"},
    "run": {"url": "https://ci/1"},
    "test": {"namespace": "fedora-ci.koji-build", "type": "tier0", "category": "functional", "result": "passed"},
}
RESULT = {
    "id": 9,
    "outcome": "FAILED",
    "testcase": {"name": "dist.rpmlint"},
    "data": {"item": ["xchat-0.5-1.fc36"], "type": ["koji_build"], "arch": ["x86_64"]},
}


def wrapped(payload: dict[str, Any]) -> dict[str, Any]:
    return {"agent": "me", "headers": {"x-github-event": "push"}, "body": payload}


#: name, topic, body, (item, item_type, message_type) or nothing.
TESTING = "bodhi.update.status.testing.koji-build-group.build.complete"
TABLE = [
    (
        "koji complete",
        "buildsys.build.state.change",
        koji_body(),
        ("xchat-0.5-1.fc36", "koji_build", "KojiBuildPackageCompleted"),
    ),
    (
        "koji import has no state before",
        "buildsys.build.state.change",
        koji_body(old=None),
        ("xchat-0.5-1.fc36", "koji_build", "KojiBuildPackageCompleted"),
    ),
    ("koji start", "buildsys.build.state.change", koji_body(old=None, new=0), NONE),
    ("koji failed", "buildsys.build.state.change", koji_body(new=3), NONE),
    ("koji deleted", "buildsys.build.state.change", koji_body(old=1, new=2), NONE),
    ("koji complete twice", "buildsys.build.state.change", koji_body(old=1), NONE),
    ("koji true is no state", "buildsys.build.state.change", koji_body(new=True), NONE),
    ("koji other instance", "buildsys.build.state.change", koji_body(instance="s390"), NONE),
    (
        "koji old message without an instance",
        "buildsys.build.state.change",
        {key: value for key, value in koji_body().items() if key != "instance"},
        ("xchat-0.5-1.fc36", "koji_build", "KojiBuildPackageCompleted"),
    ),
    (
        "koji container",
        "buildsys.build.state.change",
        koji_body(request=["git+https://src.fedoraproject.org/container/tools.git#1", "f36-container"]),
        ("xchat-0.5-1.fc36", "koji_build", "KojiBuildDockerCompleted"),
    ),
    ("koji hostile name", "buildsys.build.state.change", koji_body(name="../../etc/passwd"), NONE),
    ("koji hostile shell", "buildsys.build.state.change", koji_body(name="x; rm -rf /"), NONE),
    ("koji body of other types", "buildsys.build.state.change", {"new": [1], "old": {}, "name": 7}, NONE),
    (
        "tag",
        "buildsys.tag",
        {"tag": "f36-pending", "name": "a", "version": "1", "release": "1"},
        ("f36-pending", "koji_tag", "KojiTagChanged"),
    ),
    (
        "untag",
        "buildsys.untag",
        {"tag": "f36-pending", "name": "a", "version": "1", "release": "1"},
        ("f36-pending", "koji_tag", "KojiTagRemoved"),
    ),
    ("tag without a tag", "buildsys.tag", {"name": "a"}, NONE),
    (
        "scratch done",
        "buildsys.task.state.change",
        SCRATCH,
        ("hello-2-1.fc31", "koji_build", "KojiScratchBuildCompleted"),
    ),
    (
        "task of a build that stays",
        "buildsys.task.state.change",
        SCRATCH | {"info": {"request": ["git+https://x", "rawhide", {}]}},
        NONE,
    ),
    ("scratch open", "buildsys.task.state.change", SCRATCH | {"new": "OPEN", "old": "FREE"}, NONE),
    ("scratch closed before", "buildsys.task.state.change", SCRATCH | {"old": "CLOSED"}, NONE),
    ("buildArch", "buildsys.task.state.change", SCRATCH | {"method": "buildArch"}, NONE),
    (
        "update ready",
        TESTING,
        {"update": UPDATE, "artifact": {"builds": [{"nvr": "xchat-0.5-1.fc36"}]}, "re-trigger": False},
        ("FEDORA-2026-04459ef8cf", "bodhi_update", "BodhiUpdateReady"),
    ),
    (
        "update request",
        "bodhi.update.request.stable",
        {"update": UPDATE},
        ("FEDORA-2026-04459ef8cf", "bodhi_update", "BodhiUpdateRequest"),
    ),
    ("update request without an alias", "bodhi.update.request.unpush", {"update": {"title": "foo"}}, NONE),
    (
        "update edit",
        "bodhi.update.edit",
        {"update": UPDATE},
        ("FEDORA-2026-04459ef8cf", "bodhi_update", "BodhiUpdateEdit"),
    ),
    (
        "update complete",
        "bodhi.update.complete.testing",
        {"update": UPDATE},
        ("FEDORA-2026-04459ef8cf", "bodhi_update", "BodhiUpdateComplete"),
    ),
    (
        "update eject",
        "bodhi.update.eject",
        {"update": UPDATE},
        ("FEDORA-2026-04459ef8cf", "bodhi_update", "BodhiUpdateEject"),
    ),
    ("update comment", "bodhi.update.comment", {"comment": {}}, NONE),
    (
        "dist-git push",
        "pagure.git.receive",
        {"branch": "refs/heads/f36", "end_commit": HASH, "repo": {"name": "gcc", "namespace": "rpms"}},
        (f"rpms/gcc#{HASH}", "dist_git_commit", "DistGitCommit"),
    ),
    (
        "dist-git branch deleted",
        "pagure.git.receive",
        {"branch": "f36", "end_commit": "0" * 40, "repo": {"name": "gcc", "namespace": "rpms"}},
        NONE,
    ),
    (
        "push of a tag",
        "pagure.git.receive",
        {"branch": "refs/tags/v1", "end_commit": HASH, "repo": {"name": "gcc", "namespace": "rpms"}},
        NONE,
    ),
    (
        "old hook",
        "git.receive",
        {"commit": {"repo": "gcc", "branch": "master", "rev": HASH}},
        (f"rpms/gcc#{HASH}", "dist_git_commit", "DistGitCommit"),
    ),
    (
        "pull request new",
        "pagure.pull-request.new",
        {"pullrequest": PULL_REQUEST},
        ("https://src.fedoraproject.org/rpms/gcc/pull-request/17", "pull_request", "PullRequest"),
    ),
    ("pull request merged", "pagure.pull-request.updated", {"pullrequest": PULL_REQUEST | {"status": "Merged"}}, NONE),
    ("pull request comment", "pagure.pull-request.comment.added", {"pullrequest": PULL_REQUEST}, NONE),
    ("pull request flag", "pagure.pull-request.flag.added", {"pullrequest": PULL_REQUEST}, NONE),
    ("forgejo push", "forgejo.push", wrapped(PUSH), (f"codeberg.org/o/r#main#{HASH}", "git_commit", "GitPush")),
    (
        "forgejo push without the wrapper",
        "forgejo.push",
        PUSH,
        (f"codeberg.org/o/r#main#{HASH}", "git_commit", "GitPush"),
    ),
    (
        "forgejo pull request",
        "forgejo.pull_request",
        wrapped(GITHUB_PR | {"action": "synchronized"}),
        ("https://github.com/o/r/pull/9", "pull_request", "PullRequest"),
    ),
    ("forgejo action", "forgejo.action_run_success", {"run": {}}, NONE),
    (
        "github pull request",
        "github.pull_request",
        wrapped(GITHUB_PR),
        ("https://github.com/o/r/pull/9", "pull_request", "PullRequest"),
    ),
    ("github pull request labelled", "github.pull_request.labeled", wrapped(GITHUB_PR | {"action": "labeled"}), NONE),
    ("github push of a tag", "github.push", wrapped(PUSH | {"ref": "refs/tags/1"}), NONE),
    (
        "gitlab push",
        "gitlab.push",
        wrapped({"ref": "refs/heads/main", "after": HASH, "project": {"web_url": "https://gitlab.com/g/p"}}),
        (f"gitlab.com/g/p#main#{HASH}", "git_commit", "GitPush"),
    ),
    (
        "gitlab merge request",
        "gitlab.merge_request",
        wrapped(GITLAB_MR),
        ("https://gitlab.com/g/p/-/merge_requests/4", "pull_request", "PullRequest"),
    ),
    (
        "copr end",
        "copr.build.end",
        COPR,
        ("packit/hello#1044215#fedora-rawhide-x86_64", "copr_build", "CoprBuildCompleted"),
    ),
    ("copr failed", "copr.build.end", COPR | {"status": 0}, NONE),
    ("copr source", "copr.build.end", COPR | {"chroot": "srpm-builds"}, NONE),
    ("copr start", "copr.build.start", COPR | {"status": 3}, NONE),
    (
        "compose finished",
        "pungi.compose.status.change",
        {"compose_id": "Fedora-24-20151208.n.7", "status": "FINISHED"},
        ("Fedora-24-20151208.n.7", "compose", "ComposeFinished"),
    ),
    (
        "compose doomed",
        "pungi.compose.status.change",
        {"compose_id": "Fedora-24-20151208.n.7", "status": "DOOMED"},
        NONE,
    ),
    (
        "module ready",
        "mbs.module.state.change",
        {"name": "nodejs", "stream": "8", "version": "20180801080000", "state": 5},
        ("nodejs-8-20180801080000", "module_build", "ModuleBuildComplete"),
    ),
    ("module waits", "mbs.module.state.change", {"name": "n", "stream": "8", "version": "2", "state": 1}, NONE),
    ("ci complete", "ci.koji-build.test.complete", CI, ("xchat-0.5-1.fc36", "koji_build", "CiTestComplete")),
    ("ci error", "ci.koji-build.test.error", CI, ("xchat-0.5-1.fc36", "koji_build", "CiTestError")),
    ("ci running", "ci.koji-build.test.running", CI, NONE),
    (
        "ci update",
        "ci.fedora-update.test.complete",
        {"artifact": {"type": "fedora-update", "alias": "FEDORA-2026-aa"}},
        ("FEDORA-2026-aa", "bodhi_update", "CiTestComplete"),
    ),
    (
        "ci pull request",
        "ci.fedora-dist-git.test.complete",
        {"artifact": {"type": "fedora-dist-git", "repository": "rpms/gcc", "id": 17}},
        ("https://src.fedoraproject.org/rpms/gcc/pull-request/17", "pull_request", "CiTestComplete"),
    ),
    (
        "ci image",
        "ci.container-image.test.complete",
        {"artifact": {"type": "container-image", "full_names": ["registry.example.org/f26/mongodb:0-1"]}},
        ("registry.example.org/f26/mongodb:0-1", "docker_image", "CiTestComplete"),
    ),
    (
        "ci of a thing we have no type for",
        "ci.product-build.test.complete",
        {"artifact": {"type": "product-build"}},
        NONE,
    ),
    ("result", "resultsdb.result.new", RESULT, ("xchat-0.5-1.fc36", "koji_build", "ResultNew")),
    (
        "result of another type",
        "resultsdb.result.new",
        RESULT | {"data": {"item": ["x"], "type": ["openqa_thing"]}},
        NONE,
    ),
    (
        "old result",
        "taskotron.result.new",
        {"result": {"id": 1, "outcome": "PASSED"}, "task": {"item": "a-1-1.fc9", "name": "t", "type": "koji_build"}},
        ("a-1-1.fc9", "koji_build", "ResultNew"),
    ),
    (
        "anything by our own topic",
        "checkotron.item.ready",
        {"item": "hello_2.10-3", "item_type": "debian_source"},
        ("hello_2.10-3", "debian_source", "ItemReady"),
    ),
    ("a topic of others", "meetbot.meeting.item.link", {"x": 1}, NONE),
]


@pytest.mark.parametrize(("topic", "body", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_message_is_this_event_or_none(topic: str, body: dict[str, Any], expected: tuple[str, ...]) -> None:
    reading = read_events(BusMessage(FEDORA + topic, body, "m1"), TopicSettings())

    assert tuple((event.item, event.item_type, event.message_type) for event in reading.events) == (
        (expected,) if expected else ()
    )
    assert bool(reading.why_not) is not bool(reading.events)


@pytest.mark.parametrize(
    ("topic", "body", "expected"), [row[1:] for row in TABLE if row[3]], ids=[row[0] for row in TABLE if row[3]]
)
def test_every_fact_of_an_event_may_be_asked_by_a_rule(topic: str, body: dict[str, Any], expected: object) -> None:
    (event,) = read_events(BusMessage(FEDORA + topic, body, "m1"), TopicSettings()).events

    assert set(event.facts) - {"body"} <= set(FACTS)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": 1},
        {"update": []},
        {"repo": "x"},
        {"pullrequest": {"project": 3}},
        {"artifact": [1]},
        {"test": "x", "system": 4},
        {"data": {"item": [], "type": {}}},
        {"headers": {}, "body": {"pull_request": 1, "action": "opened"}},
        {"info": {"request": 1}},
        {"repository": {"html_url": "https://[::1"}, "ref": "refs/heads/x", "after": "1"},
    ],
)
def test_any_body_makes_an_event_or_a_reason(body: dict[str, Any]) -> None:
    for topic in TOPICS:
        for name in topic.names:
            message = BusMessage(FEDORA + name.replace("*", "x").replace("#", "y"), body, None)

            reading = read_events(message, TopicSettings())

            assert bool(reading.events) != bool(reading.why_not)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            BusMessage(FEDORA + "buildsys.build.state.change", koji_body(), "a"),
            BusMessage(FEDORA + "buildsys.build.state.change", koji_body(owner="other"), "b"),
        ),
        (
            BusMessage(FEDORA + "pagure.pull-request.updated", {"pullrequest": PULL_REQUEST}, "a"),
            BusMessage(FEDORA + "pagure.pull-request.rebased", {"pullrequest": PULL_REQUEST}, "b"),
        ),
        (
            BusMessage(FEDORA + "git.receive", {"commit": {"repo": "gcc", "branch": "f36", "rev": HASH}}, "a"),
            BusMessage(
                FEDORA + "pagure.git.receive",
                {"branch": "refs/heads/f36", "end_commit": HASH, "repo": {"name": "gcc", "namespace": "rpms"}},
                "b",
            ),
        ),
    ],
    ids=["koji", "pull request", "push"],
)
def test_two_messages_about_one_occurrence_have_one_identity(first: BusMessage, second: BusMessage) -> None:
    identities = [read_events(message, TopicSettings()).events[0].identity for message in (first, second)]

    assert identities[0] == identities[1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            BusMessage(FEDORA + "buildsys.tag", {"tag": "f36", "name": "a"}, "a"),
            BusMessage(FEDORA + "buildsys.tag", {"tag": "f36", "name": "a"}, "b"),
        ),
        (
            BusMessage(FEDORA + TESTING, {"update": UPDATE, "re-trigger": False}, "a"),
            BusMessage(FEDORA + TESTING, {"update": UPDATE, "re-trigger": True}, "b"),
        ),
        (
            BusMessage(FEDORA + "buildsys.build.state.change", koji_body(), "a"),
            BusMessage("org.fedoraproject.stg.buildsys.build.state.change", koji_body(), "a"),
        ),
    ],
    ids=["tagged again", "tests asked for again", "staging"],
)
def test_two_occurrences_have_two_identities(first: BusMessage, second: BusMessage) -> None:
    identities = [read_events(message, TopicSettings()).events[0].identity for message in (first, second)]

    assert identities[0] != identities[1]


def test_a_build_tells_rules_its_parts() -> None:
    (event,) = read_events(BusMessage(FEDORA + "buildsys.build.state.change", koji_body(), "m"), TopicSettings()).events

    wanted = ("name", "version", "release", "dist", "distgit_branch", "target", "build_id", "owner")
    assert [event.facts[key] for key in wanted] == [
        "xchat",
        "0.5",
        "1.fc36",
        "fc36",
        "f36",
        "f36-candidate",
        1874070,
        "packit",
    ]


def test_other_koji_instances_are_heard_where_the_operator_says_so() -> None:
    message = BusMessage(FEDORA + "buildsys.build.state.change", koji_body(instance="s390"), "m")

    assert read_events(message, TopicSettings(("primary", "s390"))).events[0].identity == "koji:s390:1874070:complete"


def test_the_queue_is_bound_to_every_topic_under_any_prefix() -> None:
    assert "#.buildsys.build.state.change" in binding_keys()
    assert all(key.startswith("#.") for key in binding_keys())


#: Line in the archive of real messages: its event.
REAL = {
    1: ("packit/packit-service-hello-world-build-branch#1044215#fedora-rawhide-x86_64", "copr_build"),
    3: ("rpms/buildah#abcd", "dist_git_commit"),
    4: ("rpms/packit#ad0c308af91da45cf40b253cd82f07f63ea9cbbf", "dist_git_commit"),
    7: ("python-ogr-0.34.0-1.el8", "koji_build"),
    8: ("python-ogr-0.34.0-1.fc36", "koji_build"),
    9: ("packit-0.43.0-1.fc36", "koji_build"),
    10: ("python-ogr-0.34.0-1.fc36", "koji_build"),
    11: ("hello-0.74-1.20200601063010016064.fc31", "koji_build"),
    14: ("f40-build-side-12345", "koji_tag"),
    18: ("https://src.fedoraproject.org/rpms/optee_os/pull-request/2", "pull_request"),
    19: ("https://src.fedoraproject.org/rpms/ftp/pull-request/6", "pull_request"),
    64: ("f18-updates-testing-pending", "koji_tag"),
    65: ("f16-updates-pending", "koji_tag"),
    71: ("rpms/nspr#fff28640d156c8b5e7302b7736e16442087b6007", "dist_git_commit"),
    85: ("nmstate-0.0.5-2.fc28", "koji_build"),
    88: ("https://src.fedoraproject.org/rpms/python3/pull-request/105", "pull_request"),
    188: ("https://pagure.io/test/pull-request/21", "pull_request"),
    191: ("pagure.io/pagure#master#edc02fbb423d3957d174c571896418f29fa169b8", "git_commit"),
    195: ("https://pagure.io/test/pull-request/87", "pull_request"),
    211: ("rpms/valgrind#7a98f80d9b61ce167e4ef8129c81ed9284ecf4e1", "dist_git_commit"),
    212: ("rpms/valgrind#7a98f80d9b61ce167e4ef8129c81ed9284ecf4e1", "dist_git_commit"),
    217: ("foobar-1.0-1.fc99", "koji_build"),
    218: ("FEDORA-2015-2f6c7508b7", "bodhi_update"),
}


def test_real_messages_give_these_events_and_no_others(shared_folder: Path | None) -> None:
    if shared_folder is None:
        return
    found = {}
    for number, message in enumerate(stored_messages(shared_folder / "messages" / "messages.jsonl"), 1):
        assert isinstance(message, BusMessage)
        for event in read_events(message, TopicSettings()).events:
            found[number] = (event.item, event.item_type)

    assert found == REAL
    assert number == 223


def test_samples_of_the_table_can_travel_as_json() -> None:
    assert all(json.loads(json.dumps(row[2])) for row in TABLE)


ODD: list[Any] = [None, True, False, 0, -1, 1.5, 10**30, "", "x" * 3000, "\ud800", "../..", [], [[]], {}, {"a": {}}, "\x00", "1;rm -rf /"]


def mutated(value: Any, chance: random.Random) -> Any:
    """Return the value with something in it replaced, removed or put elsewhere."""
    if chance.random() < 0.15:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: mutated(inner, chance) for key, inner in value.items() if chance.random() > 0.1}
    if isinstance(value, list):
        return [mutated(inner, chance) for inner in value]
    return value


@pytest.mark.parametrize(("topic", "body"), [row[1:3] for row in TABLE if row[3]], ids=[row[0] for row in TABLE if row[3]])
def test_no_mutation_of_a_real_shape_makes_a_topic_raise_or_gives_an_invalid_item(topic: str, body: dict[str, Any]) -> None:
    chance = random.Random(topic)
    for _ in range(150):
        changed = mutated(body, chance)
        message = BusMessage(FEDORA + topic, changed if isinstance(changed, dict) else {}, "m")
        for event in read_events(message, TopicSettings()).events:
            assert parse_item(event.item, event.item_type).item == event.item
            assert job_key(event.identity, "c", "noarch").isascii()
