"""Which addresses a check may have asked: by the address that answers, in every directive that fetches."""
from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.address_rule import AddressRefusedError, AddressRule, AddressRuleError, rule_of
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.directives.bodhi import BodhiDirective
from runner.directives.distgit import Distgit
from runner.directives.git import Git
from runner.directives.koji import Koji
from runner.download import Downloader
from runner.git import Source
from tests.support.checkotron_process import checkotron, run_check, write_check
from tests.support.git_server import commit, git_server
from tests.support.web_server import Answer, Request, WebServer, web_server

PUBLIC = rule_of("public")
BUILD = "xchat-0.5-1.fc20"


@pytest.fixture
def asked() -> list[Request]:
    return []


@pytest.fixture
def server(asked: list[Request]) -> Iterator[WebServer]:
    def answer(request: Request) -> Answer:
        asked.append(request)
        return Answer(b"secret of this machine\n")

    with web_server(answer) as server:
        yield server


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.8.9.10", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "no address"])
def test_what_only_this_machine_reaches_is_not_public(address: str) -> None:
    assert PUBLIC is not None
    assert not PUBLIC.allows("any.example.org", address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2620:52:3:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_rest_is(address: str) -> None:
    assert PUBLIC is not None
    assert PUBLIC.allows("any.example.org", address)


@pytest.mark.parametrize(("text", "host", "address", "expected"), [
    ("10.0.0.0/8", "x", "10.1.1.1", True), ("10.0.0.0/8", "x", "8.8.8.8", False),
    ("public, 10.0.0.7", "x", "10.0.0.7", True), ("public 10.0.0.7", "x", "10.0.0.8", False),
    ("koji.example.org", "koji.example.org", "10.0.0.7", True), ("koji.example.org", "example.org", "10.0.0.7", False),
    (".example.org", "koji.example.org", "10.0.0.7", True), (".example.org", "badexample.org", "10.0.0.7", False),
    ("fd00::/8", "x", "fd12::1", True)])
def test_a_rule_lists_words_networks_and_names(text: str, host: str, address: str, expected: bool) -> None:
    rule = rule_of(text)

    assert rule is not None
    assert rule.allows(host, address) is expected


def test_any_is_no_rule_and_nonsense_is_told() -> None:
    assert rule_of("any") is None
    with pytest.raises(AddressRuleError, match="`10.0.0.0/99` is no network and no name; expected words such as"):
        rule_of("public 10.0.0.0/99")


ASKING: list[tuple[type[Directive], dict[str, Any]]] = [
    (Koji, {"action": "download", "koji_build": BUILD, "store": "{url}"}),
    (Koji, {"action": "download", "koji_build": BUILD, "hub": "{url}/kojihub"}),
    (BodhiDirective, {"update_id": "FEDORA-2026-04459ef8cf", "bodhi_url": "{url}", "store": "https://p.example.org"}),
    (Distgit, {"package": "xchat", "path": ["x.spec"], "target_dir": "x", "baseurl": "{url}"}),
    (Git, {"url": "{url}/x.git", "target_dir": "x"}),
]


@pytest.mark.parametrize(("directive", "parameters"), ASKING)
def test_no_directive_asks_this_machine_for_a_check(directive: type[Directive], parameters: dict[str, Any],
                                                    server: WebServer, asked: list[Request], tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path, settings={"addresses": "public"})
    given = {key: value.replace("{url}", server.url) if isinstance(value, str) else value
             for key, value in parameters.items()}

    with pytest.raises(DirectiveError, match=r"`127\.0\.0\.1` is not among the addresses") as caught:
        directive(given).run(context)

    assert caught.value.code == "address-refused"
    assert asked == []


def test_what_the_operator_set_is_asked_all_the_same(server: WebServer, asked: list[Request], tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path, settings={"addresses": "public", "koji_store": server.url})

    with pytest.raises(DirectiveError, match="has no package|is not at"):
        Koji({"action": "download", "koji_build": BUILD}).run(context)

    assert asked


def test_a_redirection_leads_nowhere_else(server: WebServer, asked: list[Request], tmp_path: Path) -> None:
    """`localhost` stands for a public server here: the rule allows its name, not where it leads."""
    port = server.url.rpartition(":")[2]
    with web_server(lambda request: Answer(b"", 302, headers={"Location": f"http://127.0.0.1:{port}/x"})) as public:
        url = f"http://localhost:{public.url.rpartition(':')[2]}/x"
        with pytest.raises(AddressRefusedError, match=r"`127\.0\.0\.1`"):
            Downloader(rule=AddressRule(hosts=("localhost",))).page(url)

    assert asked == []


def test_git_is_held_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)

    pinned = Source("https://src.example.org/x.git", rule=PUBLIC).pinned()

    assert pinned == ("-c", "http.curloptResolve=src.example.org:443:8.8.8.8", "-c", "http.followRedirects=false")


def test_a_folder_of_this_machine_is_no_store_for_a_check(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path, settings={"addresses": "public"})

    with pytest.raises(DirectiveError, match="`/srv/secret` is a folder of this machine") as caught:
        Koji({"action": "download", "koji_build": BUILD, "store": "/srv/secret"}).run(context)

    assert caught.value.code == "address-refused"


@pytest.mark.parametrize(("more", "expected"), [
    ({}, "address-refused"), ({"CHECKOTRON_ADDRESSES": "public 127.0.0.0/8"}, "no-such-build"),
    ({"CHECKOTRON_ADDRESSES": "any"}, "no-such-build"), ({"CHECKOTRON_TRUSTED": "."}, "no-such-build")])
def test_a_check_that_is_not_trusted_is_held_to_public_addresses(more: dict[str, str], expected: str,
                                                                 tmp_path: Path) -> None:
    with web_server(lambda request: Answer(b"", 404)) as server:
        check = write_check(tmp_path / "asks", "actions:\n  - koji: {action: download, koji_build: xchat-0.5-1.fc20, "
                            f"store: '{server.url}'}}\n")
        more = {key: value.replace("." if value == "." else "\0", str(tmp_path)) for key, value in more.items()}

        ran = run_check(check, tmp_path / "out", **more)

    assert ran.report["code"] == expected, ran.report["status"]


def test_a_wrong_list_of_addresses_is_told_before_the_run(tmp_path: Path) -> None:
    check = write_check(tmp_path / "asks", "actions: [{dummy: {}}]\n")

    done = checkotron("run", check, "--item", BUILD, CHECKOTRON_ADDRESSES="10.0.0.0/x")

    assert done.returncode == 2
    assert "$CHECKOTRON_ADDRESSES: `10.0.0.0/x` is no network" in done.stderr


def test_git_fetches_from_an_address_that_is_allowed(tmp_path: Path) -> None:
    repositories = tmp_path / "served"
    commit(repositories / "x", {"file": "content"})
    with git_server(repositories) as server:
        url = f"http://localhost:{server.url.rpartition(':')[2]}/x"
        context = DirectiveContext.alone(tmp_path / "run", settings={"addresses": "localhost"})

        value = Git({"url": url, "target_dir": "x"}).run(context)

    assert (Path(value["path"]) / "file").read_text() == "content"


def test_behind_a_proxy_what_is_written_as_an_address_is_looked_at(server: WebServer, asked: list[Request],
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)

    with pytest.raises(AddressRefusedError, match=r"`169\.254\.169\.254`"):
        Downloader(rule=PUBLIC).page("http://169.254.169.254/latest/meta-data")

    assert asked == []
