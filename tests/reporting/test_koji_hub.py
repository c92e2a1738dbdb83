"""What a hub knows of a build: asked over real HTTP, in Koji's own dialect."""
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting.koji_hub import KojiBuild, KojiHub, Sources
from reporting.reporter import AwayError, RefusedError
from tests.support.koji_hub import HubDouble, koji_hub
from tests.support.web_server import Answer, web_server

NVR = "python-ansi2html-1.1.1-114.fc28"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubDouble]:
    (tmp_path / "packages" / "python-ansi2html" / "1.1.1" / "114.fc28").mkdir(parents=True)
    with koji_hub(tmp_path / "packages") as running:
        yield running


def test_a_build_has_its_task_its_issuer_its_time_and_its_sources(hub: HubDouble) -> None:
    hub.facts[NVR] = {"task_id": 4711, "owner_name": "alice & bob", "creation_time": "2021-04-26 02:51:10.076183+00:00",
                      "source": "git+https://src.example.org/rpms/ansi2html.git#5e0ae23a"}

    build = KojiHub(hub.url).build(NVR)

    assert build == KojiBuild(NVR, 4711, "alice & bob", datetime(2021, 4, 26, 2, 51, 10, 76183, tzinfo=UTC),
                              "git+https://src.example.org/rpms/ansi2html.git#5e0ae23a")
    assert build.sources() == Sources("rpms/", "ansi2html", "5e0ae23a")


def test_a_build_is_asked_for_once_and_an_unknown_one_is_none(hub: HubDouble) -> None:
    client = KojiHub(hub.url)

    assert [client.build("nobody-1-1"), client.build("nobody-1-1"), client.build("a<b&c-1-1")] == [None, None, None]
    assert hub.called == ["getBuild", "getBuild"]


@pytest.mark.parametrize(("source", "sources"), [
    (None, None), ("cli-build/1498396792.492652.jYJCrkUF/bash-4.4.12-5.fc26.src.rpm", None),
    ("git://pkgs.example.org/bash#abc", Sources("", "bash", "abc")),
    ("https://src.example.org/containers/tools-container.git#abc", Sources("containers/", "tools", "abc")),
])
def test_sources_are_known_where_a_revision_is_named(source: str | None, sources: Sources | None) -> None:
    assert KojiBuild(NVR, None, None, None, source).sources() == sources


@pytest.mark.parametrize(("text", "moment"), [
    ("2021-04-26 02:51:10.076183", datetime(2021, 4, 26, 2, 51, 10, 76183, tzinfo=UTC)),
    ("2021-04-26 02:51:10+02", datetime(2021, 4, 26, 0, 51, 10, tzinfo=UTC)), ("soon", None), (None, None)])
def test_times_are_read_as_hubs_write_them(hub: HubDouble, text: str | None, moment: datetime | None) -> None:
    hub.facts[NVR] = {"creation_time": text}

    build = KojiHub(hub.url).build(NVR)

    assert build is not None
    assert build.created == moment


BOMB = (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><methodResponse><params><param>'
        b"<value>&c;</value></param></params></methodResponse>")


@pytest.mark.parametrize(("answer", "error", "words"), [
    (Answer(b"<html>", content_type="text/html"), RefusedError, "the answer is no XML-RPC; is this a hub?"),
    (Answer(BOMB), RefusedError, "the answer is no XML-RPC; is this a hub?"),
    (Answer(b"", 404), RefusedError, "answered 404; is this a hub?"), (Answer(b"", 503), AwayError, "answered 503"),
    (Answer(b"x" * (1024 * 1024 + 1)), RefusedError, "is larger than 1048576 bytes"),
    (Answer(b"<methodResponse><fault><value><struct><member><name>faultString</name><value>no such method</value>"
            b"</member></struct></value></fault></methodResponse>"), RefusedError, "no such method"),
])
def test_an_answer_that_is_none_says_so(answer: Answer, error: type[Exception], words: str) -> None:
    with web_server(lambda request: answer) as server, pytest.raises(error, match=r"^Koji http://127") as raised:
        KojiHub(server.url).build(NVR)

    assert words in str(raised.value)


def test_a_hub_that_is_not_there_is_away() -> None:
    with pytest.raises(AwayError, match=r"^Koji http://127.0.0.1:9: cannot be reached: ConnectionError"):
        KojiHub("http://user:secret@127.0.0.1:9").build(NVR)
