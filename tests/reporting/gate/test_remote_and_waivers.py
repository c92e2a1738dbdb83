import json
from pathlib import Path

import pytest

from reporting.gate.question import Fetched
from reporting.gate.remote import FileOrUrls
from reporting.gate.subject import guessed, subject
from reporting.gate.waivers import WaiverDB, WaiverFile, WaiversError
from reporting.koji_hub import KojiBuild
from reporting.reporter import AwayError, RefusedError
from tests.support.web_server import NOT_FOUND, Answer, web_server

NETHACK = subject("koji_build", "nethack-1.2.3-1.f31")
WAIVER = {"subject_type": "koji_build", "subject_identifier": "nethack-1.2.3-1.f31", "testcase": "dist.depcheck",
          "product_version": "fedora-31"}


def test_the_first_address_that_has_a_file_counts() -> None:
    def answer(request: object) -> Answer:
        path = request.path  # type: ignore[attr-defined]
        return Answer(b"one") if path == "/rpms/nethack/raw/abc/f/gating.yaml" else NOT_FOUND

    with web_server(answer) as server:
        places = (f"{server.url}/none.yaml", server.url + "/{pkg_namespace}{pkg_name}/raw/{rev}/f/gating.yaml",
                  f"{server.url}/never.yaml")
        fetched = FileOrUrls(places, revision="abc").fetch(NETHACK, ())

    assert fetched == Fetched((places[0], f"{server.url}/rpms/nethack/raw/abc/f/gating.yaml"), "one")
    assert server.paths == ["/none.yaml", "/rpms/nethack/raw/abc/f/gating.yaml"]


def test_trouble_is_not_taken_for_a_missing_file() -> None:
    with web_server(lambda request: Answer(b"", 500)) as server:
        fetched = FileOrUrls((f"{server.url}/a", f"{server.url}/b")).fetch(NETHACK, ())
    away = FileOrUrls((f"{server.url}/a",)).fetch(NETHACK, ())

    assert fetched == Fetched((f"{server.url}/a",), trouble=f"{server.url}/a: answered 500")
    assert away.trouble


def test_a_file_without_end_is_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.gate.remote._LIMIT", 10)
    with web_server(lambda request: Answer(b"x" * 100_000)) as server:
        fetched = FileOrUrls((f"{server.url}/a",)).fetch(NETHACK, ())

    assert fetched.trouble == f"{server.url}/a: larger than 10 bytes; this is no policy file"


def test_a_local_file_serves_too_but_not_where_a_policy_names_it(tmp_path: Path) -> None:
    (tmp_path / "nethack.yaml").write_text("local")
    place = f"{tmp_path}/{{pkg_name}}.yaml"

    assert FileOrUrls((place,)).fetch(NETHACK, ()).text == "local"
    assert FileOrUrls(()).fetch(NETHACK, [str(tmp_path / "nethack.yaml")]).text is None


def test_what_is_filled_in_stays_one_part_of_the_address() -> None:
    odd = subject("bodhi_update", "sha256:a?b#c")

    assert FileOrUrls(("/nowhere/{subject_id}",)).fetch(odd, ()).tried == ("/nowhere/a%3Fb%23c",)


class Koji:
    """Knows nethack, built from a repository of another name."""

    def __init__(self, source: str | None) -> None:
        self.source = source

    def build(self, nvr: str) -> KojiBuild | None:
        return KojiBuild(nvr, 1, None, None, self.source) if nvr == NETHACK.identifier else None


def test_where_the_sources_of_a_build_are_koji_knows() -> None:
    places = ("/nowhere/{pkg_namespace}{pkg_name}/raw/{rev}/gating.yaml", "/nowhere/{subject_id}.yaml")
    files = FileOrUrls(places, builds=Koji("git+https://src.example/containers/hack-container.git#5e0ae23a"))

    assert files.fetch(NETHACK, ()).tried == ("/nowhere/containers/hack/raw/5e0ae23a/gating.yaml",
                                              "/nowhere/nethack-1.2.3-1.f31.yaml")


def test_a_build_without_sources_has_no_file_there() -> None:
    places = ("/nowhere/{rev}.yaml", "/nowhere/{subject_id}.yaml")

    assert FileOrUrls(places, builds=Koji(None)).fetch(NETHACK, ()).tried == ("/nowhere/nethack-1.2.3-1.f31.yaml",)


@pytest.mark.parametrize(("about", "trouble"), [
    ("other-1-1", "Koji build not found for other-1-1"),
    ("nethack-1.2.3-1.f31", "Koji build nethack-1.2.3-1.f31: its source `git://src/nethack` names no revision")])
def test_what_koji_cannot_say_is_trouble(about: str, trouble: str) -> None:
    files = FileOrUrls(("/nowhere/{rev}.yaml",), builds=Koji("git://src/nethack"))

    assert files.fetch(subject("koji_build", about), ()) == Fetched((), trouble=trouble)


def test_waiverdb_is_asked_by_its_filter_query() -> None:
    filters = [{"subject_type": "koji_build", "testcase": "dist.depcheck", "scenario": None}]
    with web_server(lambda request: Answer(json.dumps({"data": [{**WAIVER, "id": 9}]}).encode())) as server:
        found = WaiverDB(server.url).matching(filters)

    assert found == [{**WAIVER, "id": 9}]
    assert server.paths == ["/api/v1.0/waivers/+filtered"]
    assert json.loads(server.requests[0].body) == {"filters": filters}


@pytest.mark.parametrize(("answer", "error"), [
    (Answer(b"", 503), AwayError), (Answer(b"{}", 404), RefusedError), (Answer(b"<html>"), RefusedError),
    (Answer(b'{"data": 5}'), RefusedError)])
def test_a_waiverdb_in_trouble_is_no_answer(answer: Answer, error: type[Exception]) -> None:
    with web_server(lambda request: answer) as server, pytest.raises(error):
        WaiverDB(server.url).matching([])


def test_a_file_of_waivers_is_asked_in_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(json.dumps([WAIVER, {**WAIVER, "product_version": "fedora-32"},
                                {**WAIVER, "scenario": "kde"}, {**WAIVER, "waived": False, "id": 40}]))

    found = WaiverFile(path).matching([{**WAIVER, "scenario": None}])

    assert [(one["id"], one["waived"]) for one in found] == [(3, True), (40, False)]
    assert WaiverFile(path).matching([]) == []


def test_a_file_of_waivers_names_every_fault(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text("- testcase: a\n  subject_type: b\n- 5\n")

    with pytest.raises(WaiversError) as caught:
        WaiverFile(path)

    assert str(caught.value).splitlines() == [
        f"{path}: waiver 1 has no `subject_identifier`", f"{path}: waiver 1 has no `product_version`",
        f"{path}: waiver 2 is `5`; expected a mapping"]


@pytest.mark.parametrize(("identifier", "kind"), [
    ("FEDORA-2026-04459ef8cf", "bodhi_update"), ("FEDORA-EPEL-2026-04459ef8cf", "bodhi_update"),
    ("xchat-0.5-1.fc20", "koji_build"), ("hello_2.10-3", "debian_source")])
def test_most_items_say_what_they_are(identifier: str, kind: str) -> None:
    assert guessed(identifier).type == kind
