"""Tokens of an OpenID Connect provider: a stand-in that answers introspection over real HTTP."""
from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from reporting.database.commands.serve import serve
from tests.support.database_server import DatabaseServer, database_server

_CLAIMS = {"good": {"active": True, "uid": "ada"}, "old": {"active": False, "uid": "ada"}, "nameless": {"active": True},
           "member": {"active": True, "uid": "bob", "groups": ["/qa", "others"]},
           "stranger": {"active": True, "uid": "eve", "groups": "qa"}}


class _Provider(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked_by = base64.b64decode(self.headers["Authorization"].split()[1]).decode()
        token = form["token"][0]
        status = 500 if token == "broken" else 200 if asked_by == "client:secret" else 401
        body = json.dumps(_CLAIMS.get(token, {"active": False})).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseServer]:
    """Our server, asking the stand-in."""
    provider = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    permissions = tmp_path / "permissions.yml"
    permissions.write_text("- users: [ada]\n  testcases: [dist.*]\n  contact: ada@example.org\n- users: [ada]\n"
                           "- groups: [qa]\n  testcases: [qa.*]\n")
    monkeypatch.setenv("CHECKOTRON_OIDC_CLIENT_SECRET", "secret")
    with database_server(f"sqlite:///{tmp_path}/results.db", [
            "--require-token", "--oidc-introspection-url", f"http://127.0.0.1:{provider.server_port}/introspect",
            "--oidc-client-id", "client", "--permissions", str(permissions)]) as running:
        yield running
    provider.shutdown()
    provider.server_close()


@pytest.mark.parametrize(("token", "testcase", "status"), [
    ("good", "dist.x", 201), ("good", "other", 403), ("old", "dist.x", 403), ("nameless", "dist.x", 403),
    ("broken", "dist.x", 502), ("member", "qa.x", 201), ("member", "dist.x", 403), ("stranger", "qa.x", 403),
    ("good", "qa.x", 403),
])
def test_the_provider_says_who_may_write(server: DatabaseServer, token: str, testcase: str, status: int) -> None:
    answer = server.api("POST", "/results", json={"outcome": "PASSED", "testcase": testcase},
                        headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == status
    assert "secret" not in answer.text


def test_permissions_are_shown_as_configured(server: DatabaseServer) -> None:
    found = server.session.get(f"{server.url}/api/v3/permissions").json()
    of_testcase = server.session.get(f"{server.url}/api/v3/permissions?testcase=dist.x").json()

    assert found == [{"users": ["ada"], "testcases": ["dist.*"], "contact": "ada@example.org"}, {"users": ["ada"]},
                     {"groups": ["qa"], "testcases": ["qa.*"]}]
    assert of_testcase == found[:1]


def test_a_wrong_permissions_file_names_every_fault(tmp_path: Path) -> None:
    file = tmp_path / "permissions.yml"
    file.write_text("- users: ada\n- testcases: [5]\n- text\n- groups: qa\n")

    done = CliRunner().invoke(serve, ["--database", f"sqlite:///{tmp_path}/x.db", "--permissions", str(file),
                                      "--oidc-introspection-url", "http://127.0.0.1:1/"])

    assert done.exit_code == 2
    for fault in ("[0]: `users`: expected a list of texts", "[1]: `testcases`: expected a list of texts",
                  "[2]: expected an object, got str", "[3]: `groups`: expected a list of texts"):
        assert fault in done.output
