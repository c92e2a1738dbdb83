"""GET /results of API v2.0: filters, order, pages and their links."""
from __future__ import annotations

import pytest

from tests.support.database_server import DatabaseServer


@pytest.fixture
def five(server: DatabaseServer) -> DatabaseServer:
    """Five results, a day apart, stored out of order of time."""
    for outcome, testcase, day, groups, data in (
            ("PASSED", "dist.rpmlint", 3, ["g1"], {"item": "xchat-0.5-1.fc20", "type": "koji_build", "arch": "x86_64"}),
            ("FAILED", "dist.rpmlint", 1, ["g1", "g2"], {"item": "hello-2.10-1.fc20", "type": "koji_build"}),
            ("INFO", "dist.abi", 5, [], {"item": "FEDORA-2024-1", "type": "bodhi_update", "a,b": "c", "empty": ""}),
            ("RUNNING", "dist.abi.x", 2, ["g2"], {"item": ["hello-2.10-1.fc20", "xchat-0.5-1.fc20"], "k:v"[:1]: "v"}),
            ("PASSED", "Dist.Abi", 4, [], {"item": "Xchat-0.5-1.fc20", "per%cent": "50%", "under_score": "a_b"})):
        server.add(outcome, testcase, groups=groups, data=data, submit_time=f"2024-05-0{day}T10:00:00.0")
    return server


@pytest.mark.parametrize(("query", "ids"), [
    ("", [3, 5, 1, 4, 2]),
    ("_sort=asc:submit_time", [2, 4, 1, 5, 3]),
    ("_sort=desc:submit_time", [3, 5, 1, 4, 2]),
    ("_sort=disable_sorting", [3, 5, 1, 4, 2]),
    ("_sort=asc:id", [3, 5, 1, 4, 2]),
    ("outcome=passed", [5, 1]),
    ("outcome= Passed ,running", [5, 1, 4]),
    ("outcome=", [3, 5, 1, 4, 2]),
    ("outcome=FAILED&outcome=PASSED", [2]),
    ("groups=g1", [1, 2]),
    ("groups=g1,g2", [1, 4, 2]),
    ("groups=none", []),
    ("groups= g1 ,,none", [1, 2]),
    ("groups=, ", [3, 5, 1, 4, 2]),
    ("testcases=dist.rpmlint", [1, 2]),
    ("testcases= dist.rpmlint ,,dist.abi", [3, 1, 2]),
    ("testcases=none", []),
    ("testcases:like=dist.abi*", [3, 4]),
    ("testcases:like=dist.abi", [3]),
    ("testcases:like=DIST.*", []),
    ("testcases=dist.rpmlint&testcases:like=dist.abi*", [3, 1, 4, 2]),
    ("testcases=dist.abi&testcases=dist.rpmlint", [3]),
    ("item=xchat-0.5-1.fc20", [1, 4]),
    ("item=xchat-0.5-1.fc20,FEDORA-2024-1", [3, 1, 4]),
    ("item=xchat-0.5-1.fc20&item=FEDORA-2024-1", [3, 1, 4]),
    ("item=xchat-0.5-1.fc20&type=koji_build", [1]),
    ("item= xchat-0.5-1.fc20", []),
    ("item=", []),
    ("empty=", [3]),
    ("a,b=c", [3]),
    ("item:like=x*", [1, 4]),
    ("item:like=*0.5-1*", [5, 1, 4]),
    ("item:like=X*", [5]),
    ("item:like=xchat-0.5-1.fc20", [1, 4]),
    ("item:like=hello_2.10%25", [4, 2]),
    ("item:like=*", [3, 5, 1, 4, 2]),
    ("item:like=nothing*,F*", [3]),
    ("item:like=x*&type:like=koji*", [1]),
    ("item:like=x*&item=hello-2.10-1.fc20", [4]),
    ("item:other=xchat-0.5-1.fc20", [1, 4]),
    ("item:x:like=x*", []),
    ("item=xchat-0.5-1.fc20&groups=g2", [4]),
    ("per%25cent=50%25", [5]),
    ("under_score:like=a_b", [5]),
    ("callback=x", []),
    ("_=1", []),
    ("_distinct_on=item", [3, 5, 1, 4, 2]),
    ("id=1", []),
    ("note=x", []),
    ("since=2024-05-03T10:00:00", [3, 5, 1]),
    ("since=2024-05-03T10:00:00.000001", [3, 5]),
    ("since=2024-05-02,2024-05-04T10:00", [5, 1, 4]),
    ("since=2024-05", [3, 5, 1, 4, 2]),
    ("since=2024-05-03T10:00:00%2B02:00", [3, 5, 1]),
    ("since=20240503T100000Z,2024-05-04,rubbish", [1]),
    ("since=2025", []),
    ("unknown=1", []),
    ("limit=2", [3, 5]),
    ("limit=2&page=1", [1, 4]),
    ("limit=2&page=2", [2]),
    ("limit=2&page=9", []),
    ("limit=0", []),
    ("limit=-5", []),
    ("page=-1", [3, 5, 1, 4, 2]),
    ("limit=1000000000000000000000", [3, 5, 1, 4, 2]),
    ("limit=5&page=1000000000000000000000", []),
])
def test_a_filter_finds_what_it_says(five: DatabaseServer, query: str, ids: list[int]) -> None:
    assert five.ids(f"/results?{query}") == ids


def test_the_results_of_a_testcase_and_of_a_group(five: DatabaseServer) -> None:
    assert five.ids("/testcases/dist.rpmlint/results") == [1, 2]
    assert five.ids("/testcases/dist.rpmlint/results?testcases=dist.abi&outcome=FAILED") == [2]
    assert five.ids("/testcases/dist.rpmlint/results?testcases:like=*.abi") == [3, 1, 2]
    assert five.ids("/groups/g2/results") == [4, 2]
    assert five.ids("/groups/g2/results?groups=g1&item=hello-2.10-1.fc20&limit=1") == [4]


def test_no_filter_loses_or_doubles_results_at_page_borders(server: DatabaseServer) -> None:
    for number in range(7):
        server.add(data={"moo": ["boo", "woof"], "n": number}, submit_time=number)

    page = server.get("/results?moo=boo,woof&limit=3")
    seen = [[row["id"] for row in page["data"]]]
    while page["next"]:
        page = server.session.get(page["next"]).json()
        seen.append([row["id"] for row in page["data"]])

    assert seen == [[7, 6, 5], [4, 3, 2], [1]]


def test_the_links_of_a_page(five: DatabaseServer) -> None:
    base = f"{five.url}/api/v2.0/results"

    def links(query: str) -> tuple[str | None, str | None]:
        page = five.get(f"/results{query}")
        return page["prev"], page["next"]

    assert links("") == (None, None)
    assert links("?limit=2") == (None, f"{base}?limit=2&page=1")
    assert links("?limit=2&page=1") == (f"{base}?limit=2&page=0", f"{base}?limit=2&page=2")
    assert links("?page=1&limit=2") == (f"{base}?page=0&limit=2", f"{base}?page=2&limit=2")
    assert links("?limit=2&page=2") == (f"{base}?limit=2&page=1", None)
    assert links("?limit=2&page=7") == (f"{base}?limit=2&page=6", None)
    assert links("?limit=5") == (None, None)
    assert links("?limit=0") == links("?limit=-1") == (None, None)
    assert links("?page=-1&limit=2") == (None, f"{base}?page=1&limit=2")


def test_a_link_is_an_iri_that_keeps_what_must_stay_quoted(server: DatabaseServer) -> None:
    for number in range(2):
        server.add(data={"ü": "a&b=c+d #%", "page": "x"}, submit_time=number)

    following = server.get("/results?%C3%BC=a%26b%3Dc%2Bd%20%23%25&limit=1&since=2%2C".replace(
        "&since=2%2C", "&since=1970%2C2024%3A".removesuffix("%3A")))["next"]

    assert following == f"{server.url}/api/v2.0/results?ü=a%26b%3Dc%2Bd%20%23%25&limit=1&since=1970,2024&page=1"
    assert server.session.get(following).json()["data"][0]["id"] == 1


def test_callback_is_dropped_from_the_links(server: DatabaseServer) -> None:
    for name in "ab":
        server.post("/testcases", {"name": name})

    assert server.get("/testcases?callback=x&limit=1")["next"] == f"{server.url}/api/v2.0/testcases?limit=1&page=1"
    assert server.get("/testcases?limit=1&callback=x")["next"] == f"{server.url}/api/v2.0/testcases?limit=1&page=1"


def test_links_honour_the_host_and_the_proxy(server: DatabaseServer) -> None:
    server.add(groups=["g"])
    server.add(groups=["g"])
    proxy = {"X-Forwarded-Host": "results.example.org", "X-Forwarded-Scheme": "https", "X-Script-Name": "/prefix"}

    page = server.get("/results?limit=1", headers=proxy)
    group = server.session.get(f"{server.url}/prefix/api/v2.0/groups/g", headers=proxy).json()
    plain = server.get("/results?limit=1", headers={"Host": "other.example.org:80"})

    base = "https://results.example.org/prefix/api/v2.0"
    assert page["next"] == f"{base}/results?limit=1&page=1"
    assert page["data"][0]["href"] == f"{base}/results/2"
    assert page["data"][0]["testcase"]["href"] == f"{base}/testcases/dist.rpmlint"
    assert group["results"] == f"{base}/results?groups=g"
    assert plain["next"] == "http://other.example.org/api/v2.0/results?limit=1&page=1"


@pytest.mark.parametrize(("headers", "base"), [
    ({"Host": "Results.Example.ORG:80"}, "http://results.example.org"),
    ({"Host": "h:443", "X-Forwarded-Scheme": "https"}, "https://h"),
    ({"Host": "h", "X-Forwarded-Proto": "https"}, "https://h"),
    ({"Host": "h", "X-Forwarded-Proto": "http", "X-Forwarded-Scheme": "https"}, "https://h"),
    ({"Host": "h", "X-Script-Name": "/results/"}, "http://h/results"),
    ({"Host": "h", "X-Script-Name": "results/db"}, "http://h/results/db"),
])
def test_every_way_a_proxy_says_where_it_is_makes_one_base(server: DatabaseServer, headers: dict[str, str],
                                                           base: str) -> None:
    answer = server.api("GET", "", headers=headers)

    assert answer.json()["results"] == f"{base}/api/v2.0/results"


def test_a_host_that_is_none_is_refused(server: DatabaseServer) -> None:
    answer = server.api("GET", "/results", headers={"X-Forwarded-Host": 'x"><script>'})

    assert answer.status_code == 400


def test_a_page_too_large_to_answer_says_the_way_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    from reporting.database.all_storages import open_storage
    from reporting.database.application import Application, Arrival
    from reporting.database.service import Service

    storage = open_storage(f"sqlite:///{tmp_path_factory.mktemp('large')}/results.db")
    application = Application(Service(storage, page_limit=3))

    def status(limit: int) -> int:
        arrival = Arrival("GET", "/api/v2.0/testcases", f"limit={limit}", {"host": "h"}, b"", "http", "h")
        return application.answer(arrival).status

    from reporting.database.records import TestcaseChange

    for name in "abc":
        storage.put_testcase(TestcaseChange(name))
    assert status(100) == 200
    storage.put_testcase(TestcaseChange("d"))
    assert (status(3), status(100)) == (200, 400)
    storage.close()
