"""Links between checks: what each disposition means, and when a job is ready."""

from __future__ import annotations

import pytest

from trigger.links import CheckLinks, Link, Translate, plug
from trigger.stores.memory import MemoryStore

HAS, HAS_NOT = MemoryStore({"job": "here"}), MemoryStore()


def test_a_link_has_no_meaning_unless_it_is_given_one() -> None:
    link = Link(HAS)

    assert not any(
        (
            link.is_input,
            link.is_output,
            link.is_status,
            link.inhibits_start,
            link.is_required_for_start,
            link.inhibits_output,
            link.is_required_for_output,
        )
    )


def test_what_is_input_is_required_for_start_and_what_is_output_for_output_unless_said_otherwise() -> None:
    assert Link(HAS, is_input=True).is_required_for_start
    assert not Link(HAS, is_input=True, required_for_start=False).is_required_for_start
    assert Link(HAS, is_output=True).is_required_for_output
    assert not Link(HAS, is_output=True, required_for_output=False).is_required_for_output


def test_views_hold_the_links_of_each_kind() -> None:
    links = CheckLinks(
        {
            "in": Link(HAS, is_input=True),
            "out": Link(HAS, is_output=True),
            "live": Link(HAS, is_status=True, inhibits_start=True, inhibits_output=True),
        }
    )

    assert (list(links.input), list(links.output), list(links.status)) == (["in"], ["out"], ["live"])
    assert (list(links.required_for_start), list(links.inhibits_start)) == (["in"], ["live"])
    assert (list(links.required_for_output), list(links.inhibits_output)) == (["out"], ["live"])


@pytest.mark.parametrize(
    ("links", "ready"),
    [
        ({}, True),
        ({"in": Link(HAS, is_input=True)}, True),
        ({"in": Link(HAS_NOT, is_input=True)}, False),
        ({"stop": Link(HAS, inhibits_start=True)}, False),
        ({"stop": Link(HAS_NOT, inhibits_start=True)}, True),
        ({"in": Link(HAS, is_input=True), "other": Link(HAS_NOT, required_for_start=True)}, False),
        ({"in": Link(HAS, is_input=True), "stop": Link(HAS, inhibits_start=True)}, False),
    ],
)
def test_ready_is_all_that_is_required_and_nothing_that_inhibits(links: dict[str, Link], ready: bool) -> None:
    found = CheckLinks(links)

    assert found.ready().has("job") is ready
    assert (found.why_waiting("job") == []) is ready


def test_why_a_job_waits_is_told_by_the_names_of_links() -> None:
    links = CheckLinks({"rpms": Link(HAS_NOT, is_input=True), "live": Link(HAS, inhibits_start=True)})

    assert links.why_waiting("job") == ["rpms", "not live"]


OTHER = CheckLinks(
    {
        "rpms": Link(HAS, is_output=True),
        "done": Link(HAS_NOT, inhibits_start=True, required_for_output=True),
        "live": Link(HAS, inhibits_start=True, inhibits_output=True),
        "logs": Link(HAS, is_status=True),
    }
)


def test_plugging_makes_output_to_input_and_carries_what_is_required_and_what_inhibits() -> None:
    links = plug(CheckLinks({}), "build", OTHER)

    assert set(links.links) == {"build_rpms", "build_done", "build_live"}
    assert list(links.input) == ["build_rpms"]
    assert list(links.required_for_start) == ["build_rpms", "build_done"]
    assert list(links.inhibits_start) == ["build_live"]


def test_plugging_without_meta_brings_only_data_and_with_a_list_only_those() -> None:
    assert list(plug(CheckLinks({}), "build", OTHER, meta=False).links) == ["build_rpms"]
    assert list(plug(CheckLinks({}), "build", OTHER, only=["done"]).links) == ["build_done"]


def test_a_translated_link_asks_about_the_other_job() -> None:
    done = MemoryStore({"other": "PASSED"})
    links = plug(
        CheckLinks({}),
        "build",
        CheckLinks({"done": Link(done, required_for_output=True)}),
        translate=Translate({"job": ("other",), "empty": ()}),
    )

    assert links.ready().has("job")
    assert not links.ready().has("empty")
    assert not links.ready().has("stranger")
    assert links.required_for_start["build_done"].info("job") == "PASSED"
