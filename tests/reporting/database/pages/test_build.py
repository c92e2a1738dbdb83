"""Which build came before: by version, the same stream first."""
from __future__ import annotations

import pytest

from reporting.database.pages.build import Build, builds_before, parse_build


def _build(item: str, item_type: str = "koji_build") -> Build:
    found = parse_build(item, item_type)
    assert found is not None
    return found


def test_the_build_before_is_the_next_lower_one_of_the_same_stream() -> None:
    others = ["xchat-0.4-9.fc20", "xchat-0.5-1.fc20", "xchat-0.5-2.fc20", "xchat-0.5-2.fc21", "xchat-0.6-1.fc20",
              "xchat-gnome-0.5-2.fc20"]

    found = builds_before(_build("xchat-0.5-3.fc20"), others, "koji_build")

    assert [build.item for build in found] == ["xchat-0.5-2.fc20", "xchat-0.5-1.fc20", "xchat-0.4-9.fc20",
                                               "xchat-0.5-2.fc21"]


def test_a_tenth_release_is_higher_than_a_ninth() -> None:
    found = builds_before(_build("gcc-13.2.1-10.fc40"), ["gcc-13.2.1-9.fc40", "gcc-13.2.1-1.fc40"], "koji_build")

    assert found[0].item == "gcc-13.2.1-9.fc40"


@pytest.mark.parametrize(("item", "stream"), [
    ("xchat-0.5-1.fc20", "fc20"), ("bash-5.2-1.el9_4", "el9_4"), ("bash-5.2-1.el9_4.2", "el9_4"), ("bash-5.2-3", ""),
    ("kernel-6.1-1.eln130", "eln130"), ("xchat-0.5-0.3.20240101gitabc.fc39.1", "fc39"),
])
def test_the_stream_is_the_dist_tag(item: str, stream: str) -> None:
    assert _build(item).stream == stream


def test_the_names_of_a_package_are_looked_for_in_a_narrow_range() -> None:
    assert _build("python-3.12-1.fc40").values_around() == ("python-0", "python-:")
    assert _build("dummy-v1-1").values_around() == ("dummy-v", "dummy-w")


@pytest.mark.parametrize(("item", "item_type", "package"), [
    ("hello_2.10-3", "debian_source", "hello"), ("Fedora-Rawhide-20261121.n.0", "compose", "Fedora-Rawhide"),
    ("nodejs-8-20180801080000", "module_build", "nodejs-8"),
])
def test_other_items_with_versions_have_builds_before_too(item: str, item_type: str, package: str) -> None:
    assert _build(item, item_type).package == package


@pytest.mark.parametrize(("item", "item_type"), [
    ("FEDORA-2026-04459ef8cf", "bodhi_update"), ("../../etc/passwd", "koji_build"), ("x" * 600, "koji_build"),
    ("1:xchat-0.5-1.fc20", "koji_build"), ("no version", "koji_build"), ("", "koji_build"),
])
def test_what_has_no_order_of_versions_is_compared_with_nothing(item: str, item_type: str) -> None:
    assert parse_build(item, item_type) is None
