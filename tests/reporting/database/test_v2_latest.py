"""GET /results/latest of API v2.0, and Greenwave's exact queries."""
from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.database_server import DatabaseServer

#: Greenwave sends it with every question.
DISTINCT = "scenario,system_architecture,system_variant"


def latest(server: DatabaseServer, query: str) -> list[int]:
    """Return the ids in the order of the answer."""
    answer = server.get(f"/results/latest?{query}")
    assert list(answer) == ["data"]
    return [row["id"] for row in answer["data"]]


@pytest.fixture
def history(server: DatabaseServer) -> DatabaseServer:
    """Ids 1 to 9; the time of each is its number in days."""
    for testcase, outcome, item, scenario, group in (
            ("t1", "PASSED", "a", "kde", "g1"), ("t1", "FAILED", "a", "gnome", "g1"), ("t1", "PASSED", "b", None, "g2"),
            ("t2", "PASSED", "a", None, "g1"), ("t2", "INFO", "a", ["kde", "gnome"], None),
            ("t2", "FAILED", "b", "kde", "g2"), ("t3", "PASSED", "b", None, None), ("t1", "INFO", "a", "kde", None),
            ("t4", "RUNNING", "c", "x", None)):
        number = len(server.ids("/results")) + 1
        data: dict[str, Any] = {"item": item, "type": "koji_build"}
        data |= {"scenario": scenario} if scenario else {}
        server.add(outcome, testcase, data=data, groups=[group] if group else None, submit_time=number * 86_400_000)
    return server


@pytest.mark.parametrize(("query", "ids"), [
    ("", [9, 8, 7, 6]),
    ("outcome=PASSED", [9, 8, 7, 6]),
    ("limit=1&page=5&_sort=asc:submit_time", [9, 8, 7, 6]),
    ("testcases=t1,t3", [8, 7]),
    ("testcases:like=t*", [9, 8, 7, 6]),
    ("testcases=t1&testcases:like=*4", [9, 8]),
    ("item=a", [8, 5]),
    ("item=a&testcases=t2", [5]),
    ("item=a,b", [8, 7, 6]),
    ("item:like=a*", [8, 5]),
    ("item=none", []),
    ("groups=g1", [4, 2]),
    ("groups=g1,g2&item=b", [6, 3]),
    ("since=1970-01-01,1970-01-06", [5, 3]),
    ("since=1970-01-09", [9, 8]),
    ("since=1970-01-09&item=a", [8]),
    ("_distinct_on=", [9, 8, 7, 6]),
    ("_distinct_on=, ", [9, 8, 7, 6]),
    ("_distinct_on= scenario ,&item=a", [8, 5, 4, 2]),
    ("_distinct_on=scenario&item=a", [8, 5, 4, 2]),
    ("_distinct_on=scenario&testcases=t2", [6, 5, 4]),
    ("_distinct_on=scenario,item&testcases=t1", [8, 3, 2]),
    ("_distinct_on=productmd.compose.id&item=a", [8, 5]),
    ("_distinct_on=no-such\"key' OR 1=1&item=a", [8, 5]),
    ("_distinct_on=scenario&since=1970-01-09", [9, 8]),
    ("_distinct_on=scenario&groups=g2", [6, 3]),
    ("_distinct_on=scenario&testcases:like=t*&item=b", [7, 6, 3]),
])
def test_the_newest_that_pass_the_filters(history: DatabaseServer, query: str, ids: list[int]) -> None:
    assert latest(history, query) == ids


def test_all_results_that_share_the_newest_time_are_returned(server: DatabaseServer) -> None:
    for scenario in ("a", "b", "b"):
        server.add(data={"item": "x", "scenario": scenario}, submit_time=5)
    server.add(data={"item": "x"}, submit_time=4)

    assert latest(server, "") == latest(server, "item=x") == [3, 2, 1]
    assert latest(server, "item=x&_distinct_on=scenario") == [3, 1, 4]


def test_an_older_result_that_arrives_later_is_not_the_newest(server: DatabaseServer) -> None:
    server.add(submit_time=5)
    server.add(submit_time=4)

    assert latest(server, "") == latest(server, "testcases=dist.rpmlint") == [1]


def test_the_latest_of_a_frequent_item_is_found_too(server: DatabaseServer, storage: Any) -> None:
    from reporting.database.records import NewResult, TestcaseChange

    storage.add_results([NewResult("PASSED", TestcaseChange(f"t{number % 3}"), (), None, None,
                                   {"type": ("koji_build",), "even": (str(number % 2),)}, number)
                         for number in range(1500)])

    assert latest(server, "type=koji_build") == [1500, 1499, 1498]
    assert latest(server, "type=koji_build&even=0") == [1499, 1497, 1495]
    assert latest(server, "type=koji_build&even=0&testcases=t1") == [1499]
    assert latest(server, "type=koji_build&_distinct_on=even&testcases=t1") == [1499, 1496]
    assert server.ids("/results?type=koji_build&limit=2") == [1500, 1499]
    assert server.ids("/results?type=koji_build&even=0&limit=2&page=1") == [1495, 1493]
    assert server.ids("/results?type=koji_build,none&even=0&limit=2") == [1499, 1497]
    assert server.ids("/results?type:like=koji*&testcases=t0&limit=2&_sort=asc:submit_time") == [1, 4]


# -- Greenwave: GET {url}/results/latest, python-requests encoding, Content-Type on the GET ----------------------------
def ask(server: DatabaseServer, **query: str) -> list[int]:
    """Ask as Greenwave does: commas and colons percent-encoded, a content type on a GET."""
    answer = server.api("GET", "/results/latest", params={"_distinct_on": DISTINCT, **query},
                        headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert "%2C" in answer.request.url
    return [row["id"] for row in answer.json()["data"]]


@pytest.fixture
def gating(server: DatabaseServer) -> DatabaseServer:
    """Results as the consumers of Greenwave post them."""
    nvr = "glibc-1.0-3.fc27"
    for testcase, outcome, data in (
            ("dist.abicheck", "PASSED", {"item": nvr, "type": "koji_build"}),
            ("dist.rpmdeplint", "FAILED", {"item": nvr, "type": "koji_build", "scenario": "x86_64"}),
            ("dist.rpmdeplint", "PASSED", {"item": nvr, "type": "koji_build", "scenario": "x86_64"}),
            ("dist.rpmdeplint", "FAILED", {"item": nvr, "type": "brew-build", "scenario": "ppc64",
                                           "system_architecture": "ppc64le"}),
            ("dist.upgradepath", "PASSED", {"item": "FEDORA-2024-1", "type": "bodhi_update"}),
            ("dist.abicheck", "PASSED", {"original_spec_nvr": nvr, "item": "x", "type": "other"}),
            ("compose.install", "PASSED", {"productmd.compose.id": "Fedora-9000-19700101.n.18", "system_variant": "x"}),
            ("image.check", "INFO", {"type": "redhat-container-image", "nvr": "img-1-2"}),
            ("image.check", "PASSED", {"type": "koji_build", "item": "img-1-2"}),
            ("module.check", "PASSED", {"type": "redhat-module", "item": "nodejs-8-20180801080000.c2c572ec"}),
            ("dist.abicheck", "RUNNING", {"item": nvr, "type": "koji_build"})):
        server.add(outcome, testcase, data=data)
    return server


@pytest.mark.parametrize(("query", "ids"), [
    ({"type": "koji_build,brew-build", "item": "glibc-1.0-3.fc27"}, [11, 4, 3]),
    ({"type": "koji_build,brew-build", "item": "glibc-1.0-3.fc27", "testcases": "dist.rpmdeplint"}, [4, 3]),
    ({"original_spec_nvr": "glibc-1.0-3.fc27"}, [6]),
    ({"type": "bodhi_update", "item": "FEDORA-2024-1"}, [5]),
    ({"productmd.compose.id": "Fedora-9000-19700101.n.18"}, [7]),
    ({"type": "redhat-container-image", "nvr": "img-1-2"}, [8]),
    ({"type": "koji_build", "item": "img-1-2"}, [9]),
    ({"type": "redhat-module", "item": "nodejs-8-20180801080000.c2c572ec", "testcases": "module.check"}, [10]),
    ({"type": "koji_build,brew-build", "item": "none", "testcases": "dist.abicheck"}, []),
])
def test_greenwave_asks_by_subject(gating: DatabaseServer, query: dict[str, str], ids: list[int]) -> None:
    assert ask(gating, **query) == ids


def test_greenwave_asks_about_the_moment_before_a_result(gating: DatabaseServer) -> None:
    rows = gating.get("/results/latest?" + urlencode({"item": "glibc-1.0-3.fc27", "testcases": "dist.abicheck"}))
    running = rows["data"][0]
    stamp = running["submit_time"]
    seconds, _, fraction = stamp.partition(".")
    before = f"{seconds}.{int(fraction or 0) - 1:06}"

    ids = ask(gating, type="koji_build,brew-build", item="glibc-1.0-3.fc27", testcases="dist.abicheck",
              since=f"1900-01-01T00:00:00.000000,{before}")

    assert (running["id"], ids) == (11, [1])


def test_greenwave_reads_lists_and_newest_first(gating: DatabaseServer) -> None:
    rows = gating.get("/results/latest", params={"_distinct_on": DISTINCT, "item": "glibc-1.0-3.fc27"})["data"]

    assert [row["outcome"] for row in rows] == ["RUNNING", "FAILED", "PASSED"]
    assert [row["submit_time"] for row in rows] == sorted((row["submit_time"] for row in rows), reverse=True)
    assert rows[1]["data"] == {"item": ["glibc-1.0-3.fc27"], "scenario": ["ppc64"], "system_architecture": ["ppc64le"],
                               "type": ["brew-build"]}
