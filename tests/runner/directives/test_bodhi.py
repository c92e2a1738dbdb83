"""bodhi, against a double of the server; and against a real one where $BODHI_URL names it."""
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import requests

from runner.bodhi import Bodhi
from runner.directive import DirectiveContext, DirectiveError, SurroundingsError
from runner.directives.bodhi import BodhiDirective
from tests.support.bodhi_server import bodhi_server
from tests.support.package_store import add_build
from tests.support.web_server import Answer, web_server

UPDATE = "FEDORA-2026-04459ef8cf"
BUILDS = ("xchat-0.5-1.fc20", "weechat-1.0-2.fc20")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for nvr in BUILDS:
        add_build(tmp_path / "store", nvr, logs=["x86_64"])
    return tmp_path / "store"


def alone(tmp_path: Path, store: Path, url: str = "") -> DirectiveContext:
    return DirectiveContext.alone(tmp_path / "run", settings={"koji_store": str(store), "bodhi_url": url})


def names(paths: list[str]) -> list[str]:
    return sorted(Path(path).name for path in paths)


def test_every_build_of_the_update_is_downloaded(tmp_path: Path, store: Path) -> None:
    directive = BodhiDirective({"action": "download", "update_id": UPDATE, "arch": ["x86_64"],
                                "target_dir": "rpms"})

    with bodhi_server({UPDATE: BUILDS}) as server:
        value = directive.run(alone(tmp_path, store, server.url))

    assert value["builds"] == list(BUILDS)
    assert names(value["downloaded_rpms"]) == [
        "weechat-1.0-2.fc20.x86_64.rpm", "weechat-doc-1.0-2.fc20.noarch.rpm",
        "xchat-0.5-1.fc20.x86_64.rpm", "xchat-doc-0.5-1.fc20.noarch.rpm"]
    assert all(Path(path).parent == tmp_path / "run" / "work" / "rpms" for path in value["downloaded_rpms"])
    assert server.paths == [f"/updates/{UPDATE}"]


def test_what_was_fetched_is_noted_for_the_report(tmp_path: Path, store: Path) -> None:
    noted: list[tuple[str, str]] = []
    context = DirectiveContext.alone(tmp_path / "run", settings={"koji_store": str(store)},
                                     note=lambda key, value: noted.append((key, value)))

    BodhiDirective({"update_id": BUILDS[0]}).run(context)

    assert noted == [("derived_from", f"bodhi:{BUILDS[0]}"), ("derived_from", f"koji:{BUILDS[0]}")]


def test_source_packages_and_logs_come_where_they_are_asked_for(tmp_path: Path, store: Path) -> None:
    directive = BodhiDirective({"update_id": UPDATE, "arch": "x86_64", "src": True, "build_log": True})

    with bodhi_server({UPDATE: BUILDS}) as server:
        value = directive.run(alone(tmp_path, store, server.url))

    assert [name for name in names(value["downloaded_rpms"]) if ".src." in name] == [
        "weechat-1.0-2.fc20.src.rpm", "xchat-0.5-1.fc20.src.rpm"]
    assert names(value["downloaded_logs"]) == [
        "weechat-1.0-2.fc20.build.log.x86_64", "xchat-0.5-1.fc20.build.log.x86_64"]
    assert value["log_errors"] == []


def test_an_update_of_old_is_named_after_its_builds_and_asks_no_server(tmp_path: Path, store: Path) -> None:
    directive = BodhiDirective({"update_id": ",".join(BUILDS), "arch": "x86_64"})

    value = directive.run(alone(tmp_path, store))

    assert value["builds"] == list(BUILDS)


def test_an_unknown_update_is_said_with_its_name_and_server(tmp_path: Path, store: Path) -> None:
    with bodhi_server({}) as server, pytest.raises(SurroundingsError) as caught:
        BodhiDirective({"update_id": UPDATE}).run(alone(tmp_path, store, server.url))

    assert str(caught.value) == f"Bodhi `{server.url}` has no update `{UPDATE}`"
    assert caught.value.code == "no-such-build"


def test_an_update_of_images_alone_has_nothing_to_download(tmp_path: Path, store: Path) -> None:
    update = {UPDATE: [{"nvr": "app-stable-1", "type": "flatpak"}]}
    with bodhi_server(update) as server, pytest.raises(SurroundingsError, match="has no RPM build, but flatpak"):
        BodhiDirective({"update_id": UPDATE}).run(alone(tmp_path, store, server.url))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"[" * 100_000, b'{"update": {"builds": [1]}}', b"\xff\xfe"])
def test_an_answer_that_is_no_update_is_no_traceback(tmp_path: Path, store: Path, body: bytes) -> None:
    with (web_server(lambda request: Answer(body)) as server,
          pytest.raises(SurroundingsError, match="is it a Bodhi server")):
        BodhiDirective({"update_id": UPDATE}).run(alone(tmp_path, store, server.url))


def test_a_build_name_of_the_server_never_leads_out_of_the_store(tmp_path: Path, store: Path) -> None:
    with (bodhi_server({UPDATE: ["../../etc/passwd-1-1"]}) as server,
          pytest.raises(DirectiveError, match="is not name-version")):
        BodhiDirective({"update_id": UPDATE}).run(alone(tmp_path, store, server.url))


def test_without_a_server_it_says_how_to_set_one(tmp_path: Path, store: Path) -> None:
    with pytest.raises(SurroundingsError) as caught:
        BodhiDirective({"update_id": UPDATE}).run(alone(tmp_path, store))

    assert str(caught.value) == "no Bodhi server is set; give `bodhi_url`, or set $BODHI_URL"


def test_a_server_that_is_away_is_a_fault_of_the_surroundings(tmp_path: Path, store: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.download.PAUSES", (0.0,))
    with bodhi_server({}) as server:
        url = server.url

    with pytest.raises(SurroundingsError, match="no answer") as caught:
        BodhiDirective({"update_id": UPDATE}).run(alone(tmp_path, store, url))

    assert caught.value.exit_code == 3


def test_the_double_and_a_real_server_give_the_same_builds() -> None:
    """The double has one update; of the server at $BODHI_URL the newest one is taken."""
    real = os.environ.get("BODHI_URL", "").rstrip("/")
    with bodhi_server({UPDATE: BUILDS}) as double:
        expected = {double.url: (UPDATE, list(BUILDS))}
        if real:
            answer = requests.get(f"{real}/updates/", params={"rows_per_page": 1, "content_type": "rpm"},
                                  headers={"Accept": "application/json"}, timeout=60)
            update = json.loads(answer.content)["updates"][0]
            expected[real] = (update["alias"], [build["nvr"] for build in update["builds"]])

        found = {url: (alias, Bodhi(url).builds(alias)) for url, (alias, _) in expected.items()}

    assert found == expected
