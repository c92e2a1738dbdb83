"""From a rule that applies to jobs: items translated, arches split, workers chosen, faults named."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from checks.description import Environment, Resources, Run
from tests.trigger.planning import catalogue, check, plan_of
from tests.trigger.samples import koji_build, tag_message
from trigger.all_transforms import TRANSFORMS
from trigger.discoveries.recording import RecordingDiscovery
from trigger.event import Event
from trigger.job_description import JobDescription
from trigger.job_worker import Worker
from trigger.lookups.recording import RecordingLookup
from trigger.matching import Match
from trigger.message import BusMessage
from trigger.rulebook import Surroundings
from trigger.rules import read_rules
from trigger.transform import TransformConfig, TransformError, TransformSequence, name_of

BIG = "workers: {big: {}}\nrules: [{when: {}, do: [{check: rpmlint, worker: big}]}]"
ANY = "- {name: r, when: {}, do: [{check: rpmlint}]}"
UPDATE = BusMessage(
    "org.fedoraproject.prod.bodhi.update.request.testing",
    {"update": {"alias": "FEDORA-2026-aa", "builds": [{"nvr": "a-1-1.fc36"}, {"nvr": "b-2-1.fc36"}]}},
    "u1",
)


def draft(text: str = ANY, **changes: object) -> JobDescription:
    event = Event("xchat-0.5-1.fc36", "koji_build", "M", "id", {})
    rule = read_rules(text, "r").rules[0]
    return JobDescription(Match(event, rule, rule.orders[0]), "rpmlint", event.item, event.item_type).with_changes(
        **changes
    )


def config(*checks: object, **workers: Worker) -> TransformConfig:
    return TransformConfig(
        catalogue(*checks), RecordingLookup(), RecordingDiscovery(), {"default": Worker(), **workers}
    )  # type: ignore[arg-type]


def test_a_job_is_what_the_seed_says() -> None:
    (job,) = plan_of(ANY, koji_build(), check("rpmlint")).jobs

    assert (job.item, job.item_type, job.taskname, job.arch) == ("xchat-0.5-1.fc36", "koji_build", "rpmlint", "noarch")
    assert job.label == "rpmlint-koji_build-xchat-0.5-1.fc36"
    assert job.reason == "KojiBuildPackageCompleted xchat-0.5-1.fc36 (r)"
    assert job.extra == {"fact_task_id": "80860789", "fact_issuer": "packit", "fact_scratch": "false"}


def test_arches_come_from_the_rule_else_from_the_check() -> None:
    ruled = plan_of(
        "- {when: {}, do: [{check: a, arches: [x86_64, s390x]}]}", koji_build(), check("a", arches=("i386",))
    )
    of_check = plan_of("- {when: {}, do: [{check: a}]}", koji_build(), check("a", arches=("i386", "x86_64")))

    assert [job.arch for job in ruled.jobs] == ["x86_64", "s390x"]
    assert [job.arch for job in of_check.jobs] == ["i386", "x86_64"]
    assert len({job.build_id for job in (*ruled.jobs, *of_check.jobs)}) == 3


def test_an_update_becomes_its_builds_where_the_check_takes_builds() -> None:
    plan = plan_of("- {when: {}, do: [{check: rpmlint, arches: [x86_64, i386]}]}", UPDATE, check("rpmlint"))

    assert [(job.item, job.item_type, job.arch) for job in plan.jobs] == [
        ("a-1-1.fc36", "koji_build", "x86_64"),
        ("a-1-1.fc36", "koji_build", "i386"),
        ("b-2-1.fc36", "koji_build", "x86_64"),
        ("b-2-1.fc36", "koji_build", "i386"),
    ]
    assert len({job.key for job in plan.jobs}) == 4


def test_an_update_without_builds_is_looked_up() -> None:
    message = BusMessage(UPDATE.topic, {"update": {"alias": "FEDORA-2026-aa"}}, "u1")
    lookup = RecordingLookup({"FEDORA-2026-aa": ("c-1-1",)})

    assert [job.item for job in plan_of(ANY, message, check("rpmlint"), around=Surroundings(lookup)).jobs] == ["c-1-1"]
    assert plan_of(ANY, message, check("rpmlint")).reasons == (
        "r: rpmlint for FEDORA-2026-aa: the builds of update FEDORA-2026-aa are not known; the message names none, and "
        "no Bodhi that is asked knows it (--bodhi URL)",
    )


def test_one_wrong_build_of_an_update_costs_the_others_nothing() -> None:
    body = {"update": {"alias": "FEDORA-2026-aa", "builds": [{"nvr": "../etc/passwd"}, {"nvr": "b-2-1.fc36"}]}}
    plan = plan_of(ANY, BusMessage(UPDATE.topic, body, "u1"), check("rpmlint"))

    assert [job.item for job in plan.jobs] == ["b-2-1.fc36"]
    assert "`../etc/passwd` is not a Koji build" in plan.reasons[0]


def test_a_tag_stands_for_the_build_that_got_it() -> None:
    assert [job.item for job in plan_of(ANY, tag_message(), check("rpmlint")).jobs] == ["xchat-0.5-1.fc36"]


def test_what_an_event_says_is_handed_on_only_for_its_own_item() -> None:
    of_tag, = plan_of(ANY, tag_message(), check("rpmlint")).jobs
    of_update = plan_of(ANY, UPDATE, check("rpmlint")).jobs
    named = plan_of("- {when: {}, do: [{check: rpmlint, extra: {fact_issuer: me}}]}", koji_build(), check("rpmlint"))

    assert all(name.startswith("fact_") for name in of_tag.extra)
    assert [dict(job.extra) for job in of_update] == [{}, {}]
    assert named.jobs[0].extra["fact_issuer"] == "me"


def test_a_check_that_cannot_take_the_item_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    plan = plan_of(ANY, koji_build(), check("rpmlint", item_types=("compose",)))

    assert "a job that a rule asks for is not made" in caplog.text
    assert plan.reasons == ("r: rpmlint for xchat-0.5-1.fc36: the check takes compose, not koji_build",)


def test_a_disabled_check_starts_nothing_and_a_result_never_its_own_check() -> None:
    result = BusMessage(
        "x.prod.resultsdb.result.new",
        {
            "id": 1,
            "outcome": "PASSED",
            "testcase": {"name": "dist.rpmlint"},
            "data": {"item": ["a-1-1"], "type": ["koji_build"]},
        },
        "m",
    )

    assert plan_of(ANY, koji_build(), check("rpmlint", disabled=True)).jobs == ()
    assert plan_of(ANY, result, check("rpmlint")).reasons == (
        "r: rpmlint for a-1-1: a result of dist.rpmlint must not start rpmlint again: that would never end",
    )


def test_two_rules_that_ask_for_the_same_get_one_job() -> None:
    text = "- {name: one, when: {}, do: [{check: a, priority: 3}]}\n- {name: two, when: {}, do: [{check: a}]}"
    plan = plan_of(text, koji_build(), check("a"))

    assert [job.priority for job in plan.jobs] == [3]
    assert plan.reasons == ("two: a-koji_build-xchat-0.5-1.fc36 is asked for already",)


def test_once_an_item_is_one_job_whatever_happens_later() -> None:
    text = "- {when: {}, do: [{check: a, once: item}]}"
    first, second = plan_of(text, koji_build(), check("a")), plan_of(text, tag_message(), check("a"))

    assert first.jobs[0].key == second.jobs[0].key == "item:koji_build:xchat-0.5-1.fc36/a/noarch"


def test_errors_begin_with_the_jobs_label_as_far_as_it_is_known() -> None:
    labelled = draft(label="rpmlint-koji_build-x")

    assert name_of(labelled) == "rpmlint-koji_build-x"
    assert name_of(draft()) == "rpmlint for xchat-0.5-1.fc36"
    assert name_of(draft(check="")) == "id"
    assert str(TransformError(labelled, "wrong")) == "rpmlint-koji_build-x: wrong"


def test_transforms_leave_their_input_as_it_was() -> None:
    job = draft()
    before = repr(job)
    list(TRANSFORMS(config(check("rpmlint", arches=("x86_64", "i386"))), job))

    assert repr(job) == before
    with pytest.raises(FrozenInstanceError):
        job.arch = "x"  # type: ignore[misc]


def test_sequences_nest_and_a_transform_may_multiply_or_drop() -> None:
    inner = TransformSequence()

    @inner.add
    def twice(config, job):  # type: ignore[no-untyped-def]
        yield job.with_changes(arch="a")
        yield job.with_changes(arch="b")

    @inner.add
    def drop_b(config, job):  # type: ignore[no-untyped-def]
        if job.arch != "b":
            yield job

    outer = TransformSequence([inner])

    assert [job.arch for job in outer(config(), draft())] == ["a"]


def test_a_transform_that_forgets_to_yield_is_a_bug_that_is_named() -> None:
    def forgets(config, job):  # type: ignore[no-untyped-def]
        return None

    with pytest.raises(TypeError, match="transform `forgets` gives nothing; it must yield"):
        list(TransformSequence([forgets])(config(), draft()))


def test_the_border_tells_every_fault_of_a_description() -> None:
    from trigger.transforms.border import hold_schema

    broken = draft(label="l", arch="x y", reason="r", priority=2**40)
    with pytest.raises(TransformError) as caught:
        list(hold_schema(config(), broken))

    assert str(caught.value).startswith(
        "l: arch: `x y` is not allowed here; expected letters, digits and . _ + - only; priority: "
    )


def container(trust: int = 1) -> Worker:
    return Worker("big", "container", trust, "fedora:41")


def test_a_container_gets_executor_and_image() -> None:
    (job,) = TRANSFORMS(config(check("rpmlint"), big=container()), draft(BIG))

    assert job.extra == {"worker_kind": "big", "trust": "1", "executor": "podman", "image": "fedora:41"}


def test_a_cluster_gets_the_resources_that_a_pod_asks_for() -> None:
    described = check(
        "rpmlint", environment=Environment(image="own"), resources=Resources(memory_bytes=2**30, cpus=1.5)
    )
    (job,) = TRANSFORMS(config(described, big=Worker("big", "kubernetes")), draft(BIG))

    assert job.extra == {
        "worker_kind": "big",
        "trust": "1",
        "executor": "kubernetes",
        "image": "own",
        "cpus": "1.5",
        "memory_bytes": "1073741824",
    }


@pytest.mark.parametrize("trust", [1, 2])
def test_the_kind_of_worker_says_how_far_it_is_trusted(trust: int) -> None:
    described = check("rpmlint", caches=("pip",), secrets=("token",), run=Run("command", ("true",), checkout=False))
    (job,) = TRANSFORMS(config(described, big=Worker("big", "local", trust)), draft(BIG))

    assert dict(job.extra) == {"worker_kind": "big", "trust": str(trust), "checkout": "false"}


def test_a_rule_that_names_no_kind_of_worker_adds_nothing() -> None:
    (job,) = TRANSFORMS(config(check("rpmlint", caches=("pip",))), draft(ANY))

    assert "trust" not in job.extra
    assert "worker_kind" not in job.extra


def test_what_the_rule_says_wins_over_what_the_implementation_adds() -> None:
    text = BIG.replace("worker: big", "worker: big, extra: {image: mine}")
    (job,) = TRANSFORMS(config(check("rpmlint"), big=container()), draft(text))

    assert job.extra["image"] == "mine"


def test_an_unknown_kind_of_worker_names_the_nearest() -> None:
    with pytest.raises(TransformError, match="no kind of worker is called `bgi`; did you mean `big`"):
        list(
            TRANSFORMS(
                config(check("rpmlint"), big=container()),
                draft("- {when: {}, do: [{check: rpmlint, worker: bgi}]}")
                if False
                else draft().with_changes(match=_with_worker("bgi")),
            )
        )


def _with_worker(name: str) -> Match:
    from dataclasses import replace

    match = draft().match
    return replace(match, order=replace(match.order, worker=name))
