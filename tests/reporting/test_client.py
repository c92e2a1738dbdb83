from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from reporting.client import ResultsDBClient, api_url
from reporting.reporter import AwayError, RefusedError
from tests.support.results_server import ResultsServer, results_server


@pytest.fixture
def server() -> Iterator[ResultsServer]:
    with results_server() as running:
        yield running


def post(client: ResultsDBClient, item: str) -> None:
    client.post_result({"testcase": "dist.rpmlint", "outcome": "PASSED", "note": "", "ref_url": None, "groups": [],
                        "data": {"item": [item]}, "submit_time": "2026-11-21T12:00:00.000001"})


@pytest.mark.parametrize(("url", "api"), [
    ("http://host:5001", "http://host:5001/api/v2.0"),
    ("host:5001/", "http://host:5001/api/v2.0"),
    ("https://resultsdb.example.org/resultsdb_api/api/v2.0/", "https://resultsdb.example.org/resultsdb_api/api/v2.0"),
    ("https://example.org/prefix", "https://example.org/prefix/api/v2.0"),
])
def test_people_write_addresses_in_many_ways(url: str, api: str) -> None:
    assert api_url(url) == api


def test_another_scheme_is_refused_without_showing_a_password() -> None:
    with pytest.raises(ValueError, match=r"^`ftp://host/x` is no http or https address; expected something like"):
        api_url("ftp://user:secret@host/x")


def test_pages_are_followed_up_to_the_limit(server: ResultsServer) -> None:
    client = ResultsDBClient(server.url)
    for number in range(7):
        post(client, f"item-{number}-1")
    server.requests.clear()

    items = [row["data"]["item"][0] for row in client.results({}, 5)]

    assert items == ["item-6-1", "item-5-1", "item-4-1", "item-3-1", "item-2-1"]
    assert len(server.requests) == 1


def test_a_server_with_smaller_pages_is_asked_again(server: ResultsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = ResultsDBClient(server.url)
    for number in range(7):
        post(client, f"item-{number}-1")
    monkeypatch.setattr("reporting.client._PAGE", 2)

    assert len(list(client.results({}, 5))) == 5
    assert len(list(client.results({}, 100))) == 7


def test_reading_is_tried_again_and_posting_is_not(server: ResultsServer) -> None:
    answers = [503, 503, None]
    server.refuse = lambda method, path, data: answers.pop(0) if answers else None
    assert ResultsDBClient(server.url).outcomes() == ("PASSED", "INFO", "FAILED", "NEEDS_INSPECTION")

    server.refuse = lambda method, path, data: 503
    server.requests.clear()
    with pytest.raises(AwayError) as caught:
        post(ResultsDBClient(server.url), "a-1-1")

    assert (str(caught.value), caught.value.was_sent, len(server.requests)) == ("answered 503 told to refuse", True, 1)


def test_a_user_goes_out_as_basic_and_a_token_as_bearer(server: ResultsServer) -> None:
    client = ResultsDBClient(server.url.replace("http://", "http://user:secret@"))
    client.outcomes()
    ResultsDBClient(server.url, token="token").outcomes()

    assert [headers["Authorization"] for _, _, headers in server.requests] == ["Basic dXNlcjpzZWNyZXQ=", "Bearer token"]
    assert client.name == f"{server.url}/api/v2.0"


def test_a_redirect_of_a_post_is_not_followed(server: ResultsServer) -> None:
    """Followed, it would become a GET and look like a stored result."""
    server.refuse = lambda method, path, data: 302

    with pytest.raises(RefusedError, match="answered 302"):
        post(ResultsDBClient(server.url), "a-1-1")


def test_an_answer_without_end_is_cut(server: ResultsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.json_service._ANSWER_LIMIT", 10)

    with pytest.raises(AwayError, match="the answer is larger than 10 bytes; ask for less"):
        ResultsDBClient(server.url).outcomes()


@pytest.mark.parametrize("body", [b"{}", b'{"message": "please log in"}', b"[]", b"<html></html>", b""])
def test_a_good_answer_that_is_no_stored_result_is_no_delivery(body: bytes) -> None:
    """A portal or a wrong address answers 200 to everything."""
    class Portal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Portal) as portal:
        Thread(target=portal.handle_request, daemon=True).start()
        with pytest.raises(RefusedError):
            post(ResultsDBClient(f"http://127.0.0.1:{portal.server_port}"), "a-1-1")
