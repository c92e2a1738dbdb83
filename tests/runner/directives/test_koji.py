"""koji, against a folder, a web server and the double of a hub; $KOJI_HUB_URL adds a real hub."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.contracts import CheckInput
from checks.item import parse_nvr
from runner.directive import DirectiveContext, DirectiveError, ParametersError, SurroundingsError
from runner.directives.koji import Koji, stable_tags
from tests.support.koji_hub import HubDouble, koji_hub
from tests.support.package_store import add_build, add_tag
from tests.support.web_server import Answer, files_below, web_server

OLD, NEW, STABLE, OTHER = "xchat-0.4-1.fc20", "xchat-0.5-1.fc20", "xchat-0.4-7.fc20", "weechat-1.0-2.fc20"
TAGS = {"f20": [OLD], "f20-updates": [STABLE, OTHER], "f21": [OTHER]}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Koji's `packages/`, with four builds; only the one under check has logs."""
    folder = tmp_path / "koji" / "packages"
    for nvr in (OLD, STABLE, OTHER):
        add_build(folder, nvr)
    add_build(folder, NEW, logs=["x86_64", "i686", "noarch"])
    for tag, builds in TAGS.items():
        add_tag(folder, tag, builds)
    return folder


@pytest.fixture
def hub(packages: Path) -> Iterator[HubDouble]:
    with koji_hub(packages) as hub:
        hub.tags.update(TAGS)
        yield hub


@pytest.fixture(params=["folder", "web", "hub"])
def settings(request: pytest.FixtureRequest, packages: Path) -> Iterator[dict[str, str]]:
    """Each of the three places that the same builds can come from."""
    if request.param == "folder":
        yield {"koji_store": str(packages)}
    elif request.param == "web":
        with web_server(files_below(packages)) as server:
            yield {"koji_store": server.url}
    else:
        yield {"koji_hub": request.getfixturevalue("hub").url}


def run(tmp_path: Path, settings: dict[str, str], **parameters: object) -> dict[str, list[str]]:
    context = DirectiveContext.alone(tmp_path / "run", settings=settings)
    return Koji({"action": "download", "target_dir": "rpms"} | parameters).run(context)


def names(paths: list[str]) -> list[str]:
    return sorted(Path(path).name for path in paths)


def test_noarch_packages_come_along_with_an_architecture(tmp_path: Path, settings: dict[str, str]) -> None:
    value = run(tmp_path, settings, koji_build=NEW, arch=["x86_64"])

    assert names(value["downloaded_rpms"]) == ["xchat-0.5-1.fc20.x86_64.rpm", "xchat-doc-0.5-1.fc20.noarch.rpm"]
    assert value["downloaded_logs"] == []
    [first] = (tmp_path / "run" / "work" / "rpms").glob("*.x86_64.rpm")
    assert first.read_bytes() == b"package xchat-0.5-1.fc20.x86_64.rpm\n"


@pytest.mark.parametrize(("asked", "expected"), [
    ({"arch": "all"}, ["i686", "noarch", "x86_64"]),
    ({"arch": ["all"], "arch_exclude": ["i386"]}, ["noarch", "x86_64"]),
    ({"arch": "i386"}, ["i686", "noarch"]),
    ({"arch": "x86_64, i386"}, ["i686", "noarch", "x86_64"]),
    ({"arch": [], "src": True}, ["src"]),
    ({"arch": "noarch", "src": True}, ["noarch", "src"]),
    ({"arch": "x86_64", "debuginfo": True}, ["noarch", "x86_64", "x86_64"]),
])
def test_architectures_are_chosen_as_in_taskotron(tmp_path: Path, settings: dict[str, str], asked: dict[str, object],
                                                  expected: list[str]) -> None:
    value = run(tmp_path, settings, koji_build=NEW, **asked)

    assert sorted(Path(path).name.rsplit(".", 2)[1] for path in value["downloaded_rpms"]) == expected


def test_build_logs_come_for_the_architectures_asked_for(tmp_path: Path, settings: dict[str, str]) -> None:
    value = run(tmp_path, settings, koji_build=NEW, arch="x86_64", build_log=True)

    assert names(value["downloaded_logs"]) == ["build.log.noarch", "build.log.x86_64"]
    assert Path(sorted(value["downloaded_logs"])[1]).read_text() == "built for x86_64\n"
    assert value["log_errors"] == []


def test_expired_logs_are_told_and_do_not_fail_the_action(tmp_path: Path, settings: dict[str, str]) -> None:
    value = run(tmp_path, settings, koji_build=OLD, arch="x86_64", build_log=True)

    assert value["downloaded_logs"] == []
    assert len(value["log_errors"]) == 1
    assert value["log_errors"][0].startswith(f"{OLD}: ")
    assert value["log_errors"][0].endswith("has no build.log any more")


def test_a_tag_gives_every_build_in_it(tmp_path: Path, settings: dict[str, str]) -> None:
    value = run(tmp_path, settings, action="download_tag", koji_tag="f20-updates", arch="x86_64")

    assert names(value["downloaded_rpms"]) == [
        "weechat-1.0-2.fc20.x86_64.rpm", "weechat-doc-1.0-2.fc20.noarch.rpm",
        "xchat-0.4-7.fc20.x86_64.rpm", "xchat-doc-0.4-7.fc20.noarch.rpm"]


def test_the_latest_stable_build_is_the_one_of_the_updates(tmp_path: Path, settings: dict[str, str]) -> None:
    value = run(tmp_path, settings, action="download_latest_stable", koji_build=NEW, arch="x86_64")

    assert "xchat-0.4-7.fc20.x86_64.rpm" in names(value["downloaded_rpms"])


def test_without_updates_the_latest_stable_build_is_the_one_of_the_release(tmp_path: Path,
                                                                           settings: dict[str, str]) -> None:
    value = run(tmp_path, settings, action="download_latest_stable", koji_build="weechat-1.1-1.fc21", arch="x86_64")

    assert "weechat-1.0-2.fc20.x86_64.rpm" in names(value["downloaded_rpms"])


def test_the_build_that_was_found_is_noted_for_the_report(tmp_path: Path, packages: Path) -> None:
    noted: list[tuple[str, str]] = []
    context = DirectiveContext.alone(tmp_path / "run", settings={"koji_store": str(packages)},
                                     note=lambda key, value: noted.append((key, value)))

    Koji({"action": "download_latest_stable", "koji_build": NEW}).run(context)

    assert noted == [("derived_from", f"koji:{STABLE}")]


def test_a_new_package_has_no_latest_stable_build(tmp_path: Path, settings: dict[str, str]) -> None:
    assert run(tmp_path, settings, action="download_latest_stable", koji_build="new-1-1.fc20", arch="x86_64") == {}


@pytest.mark.parametrize("parameters", [{"koji_build": "gone-1-1.fc20"}, {"action": "download_tag", "koji_tag": "f99"}])
def test_what_is_not_there_is_named(tmp_path: Path, settings: dict[str, str], parameters: dict[str, str]) -> None:
    with pytest.raises(SurroundingsError, match="gone-1-1.fc20|f99") as caught:
        run(tmp_path, settings, **parameters)

    assert caught.value.code == "no-such-build"


def test_an_architecture_that_was_not_built_is_a_fault(tmp_path: Path, settings: dict[str, str]) -> None:
    with pytest.raises(SurroundingsError) as caught:
        run(tmp_path, settings, koji_build=NEW, arch="s390x", arch_exclude="noarch")

    assert str(caught.value).endswith(f"has no package of {NEW} for s390x; see `arch`, `src` and `debuginfo`")


def test_the_action_says_which_key_it_needs() -> None:
    with pytest.raises(ParametersError, match="`koji_tag` is missing; `action: download_tag` needs it"):
        Koji({"action": "download_tag", "koji_build": NEW})


def test_a_link_left_in_the_target_folder_is_not_written_through(tmp_path: Path, packages: Path) -> None:
    rpms = tmp_path / "run" / "work" / "rpms"
    rpms.mkdir(parents=True)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (rpms / "xchat-0.5-1.fc20.x86_64.rpm").symlink_to(victim)

    with pytest.raises(DirectiveError, match="is no plain file"):
        run(tmp_path, {"koji_store": str(packages)}, koji_build=NEW, arch="x86_64")

    assert victim.read_text() == "mine"


def test_a_link_in_the_place_of_a_part_is_not_written_through(tmp_path: Path, settings: dict[str, str]) -> None:
    rpms = tmp_path / "run" / "work" / "rpms"
    rpms.mkdir(parents=True)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (rpms / "xchat-0.5-1.fc20.x86_64.rpm.part").symlink_to(victim)

    run(tmp_path, settings, koji_build=NEW, arch="x86_64")

    assert victim.read_text() == "mine"


@pytest.mark.parametrize("target", ["file", "file/below"])
def test_a_file_in_the_place_of_the_target_folder_is_said(tmp_path: Path, packages: Path, target: str) -> None:
    (tmp_path / "run" / "work").mkdir(parents=True)
    (tmp_path / "run" / "work" / "file").touch()

    with pytest.raises(DirectiveError, match=f"`{target}` is no folder: an earlier action left a file there"):
        run(tmp_path, {"koji_store": str(packages)}, koji_build=NEW, target_dir=target)


def test_a_target_outside_the_workspace_is_refused(tmp_path: Path, packages: Path) -> None:
    with pytest.raises(DirectiveError, match="is outside the workspace"):
        run(tmp_path, {"koji_store": str(packages)}, koji_build=NEW, target_dir="../../elsewhere")


def test_the_hub_is_asked_for_one_package_and_not_for_the_whole_tag(tmp_path: Path, hub: HubDouble) -> None:
    run(tmp_path, {"koji_hub": hub.url}, action="download_latest_stable", koji_build=NEW, arch="x86_64")

    assert hub.called == ["getLatestBuilds", "listRPMs"]
    assert hub.calls[0] == ("getLatestBuilds", ("f20-updates",), {"package": "xchat"})


def test_a_tag_of_a_hub_includes_its_parents_and_one_build_a_package(tmp_path: Path, hub: HubDouble) -> None:
    hub.parents["f20-updates"] = ["f20"]
    hub.tags["f20-updates"] = [STABLE]
    hub.tags["f20"] = [OLD, OTHER]

    value = run(tmp_path, {"koji_hub": hub.url}, action="download_tag", koji_tag="f20-updates", arch="x86_64")

    assert [name for name in names(value["downloaded_rpms"]) if "x86_64" in name] == [
        "weechat-1.0-2.fc20.x86_64.rpm", "xchat-0.4-7.fc20.x86_64.rpm"]
    assert hub.called == ["listTagged", "listRPMs", "listRPMs"]


def test_a_build_that_failed_is_not_downloaded(tmp_path: Path, hub: HubDouble) -> None:
    hub.states[NEW] = "FAILED"

    with pytest.raises(SurroundingsError, match=f"build `{NEW}` of hub .* is FAILED, not COMPLETE"):
        run(tmp_path, {"koji_hub": hub.url}, koji_build=NEW)


def test_a_file_shorter_than_the_hub_says_is_not_kept(tmp_path: Path, hub: HubDouble,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hub.do_listRPMs
    monkeypatch.setattr(hub, "do_listRPMs", lambda *a, **k: [rpm | {"size": rpm["size"] + 1} for rpm in whole(*a, **k)])

    with pytest.raises(SurroundingsError, match=r"bytes, the hub says"):
        run(tmp_path, {"koji_hub": hub.url}, koji_build=NEW, arch="x86_64")

    assert list((tmp_path / "run" / "work" / "rpms").iterdir()) == []


def test_files_may_lie_on_another_server_than_the_hub(tmp_path: Path, hub: HubDouble, packages: Path) -> None:
    with web_server(files_below(packages.parent)) as files:
        run(tmp_path, {"koji_hub": hub.url, "koji_topurl": files.url}, koji_build=NEW, arch="x86_64")

        assert len(files.requests) == 2


@pytest.mark.parametrize("answer", [Answer(b"<html>", content_type="text/html"), Answer(b"", 502), Answer(b"\xff\x00")])
def test_something_that_is_no_hub_is_a_fault_of_the_surroundings(tmp_path: Path, answer: Answer,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with (web_server(lambda request: answer) as server,
          pytest.raises(SurroundingsError, match="getBuild: no answer") as caught):
        run(tmp_path, {"koji_hub": f"{server.url}/kojihub"}, koji_build=NEW)

    assert caught.value.exit_code == 3


def test_a_multicall_is_answered_as_a_hub_does(hub: HubDouble) -> None:
    """Checks may use Koji's client in this way; the double must not be the reason they cannot be tested."""
    import koji

    session = koji.ClientSession(hub.url)
    with session.multicall() as many:
        build, missing = many.getBuild(NEW), many.getBuild("gone-1-1")
        logs = many.getBuildLogs(NEW)
        rpms = many.listBuildRPMs(NEW)

    assert (build.result["nvr"], missing.result) == (NEW, None)
    assert [log["dir"] for log in logs.result] == ["i686", "noarch", "x86_64"]
    assert len(rpms.result) == 5


def test_every_hub_gives_a_build_whole(tmp_path: Path, hub: HubDouble) -> None:
    """The newest build of the hub at $KOJI_HUB_URL that has packages is downloaded, as is one of the double."""
    import koji

    wanted = [(hub.url, NEW)]
    if real := os.environ.get("KOJI_HUB_URL"):
        session = koji.ClientSession(real, {"timeout": 60})
        builds = session.listBuilds(state=koji.BUILD_STATES["COMPLETE"], queryOpts={"limit": 20, "order": "-build_id"})
        wanted.append((real, next(build["nvr"] for build in builds if session.listRPMs(buildID=build["build_id"]))))

    for url, nvr in wanted:
        settings = {"koji_hub": url} | ({"koji_topurl": os.environ["KOJI_TOP_URL"]} if "KOJI_TOP_URL" in os.environ
                                        and url != hub.url else {})
        value = run(tmp_path, settings, koji_build=nvr, arch="all", src=True, debuginfo=True, build_log=True)

        listed = {f"{rpm['nvr']}.{rpm['arch']}.rpm": rpm["size"] for rpm in koji.ClientSession(url).listBuildRPMs(nvr)}
        assert {Path(path).name: Path(path).stat().st_size for path in value["downloaded_rpms"]} == listed


def test_what_the_hub_knows_of_the_build_under_check_is_noted(tmp_path: Path, hub: HubDouble) -> None:
    noted: dict[str, object] = {}
    check = CheckInput(NEW, "koji_build", "-1000", "x86_64", "scratch.alone")
    hub.facts |= {NEW: {"task_id": 4711, "owner_name": "tflink"}, OLD: {"task_id": 1, "owner_name": "somebody"}}
    context = DirectiveContext.alone(tmp_path / "run", check, settings={"koji_hub": hub.url},
                                     note=lambda key, value: noted.update({key: value}))

    Koji({"action": "download", "koji_build": NEW}).run(context)
    Koji({"action": "download", "koji_build": OLD}).run(context)

    assert noted["facts"] == {"task_id": "4711", "issuer": "tflink"}


RELEASES = """\
releases:
  next: {dist_tag: el10, koji_tags: [base, stable, base-testing], repositories: {}}
  f20: {repositories: {}}
"""


@pytest.mark.parametrize(("build", "tags"), [
    ("x-1-1.el10", ["stable", "base", "next"]), ("x-1-1.fc20", ["f20-updates", "f20"]),
    ("x-1-1.fc21", ["f21-updates", "f21"])])
def test_the_table_of_releases_says_which_tags_are_stable(build: str, tags: list[str], tmp_path: Path) -> None:
    (tmp_path / "releases.yml").write_text(RELEASES)

    assert stable_tags(parse_nvr(build), {"releases": str(tmp_path / "releases.yml")}) == tags


def test_the_latest_stable_build_of_another_distribution_is_found(tmp_path: Path, packages: Path) -> None:
    (tmp_path / "releases.yml").write_text(RELEASES)
    add_build(packages, "xchat-0.4-9.el10")
    add_tag(packages, "base", ["xchat-0.4-9.el10"])
    settings = {"koji_store": str(packages), "releases": str(tmp_path / "releases.yml")}

    value = run(tmp_path, settings, action="download_latest_stable", koji_build="xchat-0.5-1.el10", arch="x86_64")

    assert "xchat-0.4-9.el10.x86_64.rpm" in names(value["downloaded_rpms"])


def test_a_release_that_nothing_knows_is_told(tmp_path: Path) -> None:
    (tmp_path / "releases.yml").write_text(RELEASES)

    with pytest.raises(DirectiveError, match="no release for `1.el9`"):
        stable_tags(parse_nvr("x-1-1.el9"), {"releases": str(tmp_path / "releases.yml")})
    with pytest.raises(DirectiveError, match="names no Fedora release; expected `.fcNN` in it, or a table"):
        stable_tags(parse_nvr("x-1-1.el9"), {})
    with pytest.raises(SurroundingsError, match="cannot be read"):
        stable_tags(parse_nvr("x-1-1.el9"), {"releases": "/nonexistent"})
