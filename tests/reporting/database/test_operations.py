"""What an operator looks at: health, metrics, caches, compression, timeouts, logs, the OpenAPI document."""
from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from reporting.database.routes import ALL_ROUTES
from tests.support.database_server import DatabaseServer, database_server
from tests.support.rabbitmq import wait_until


def test_metrics_count_requests_by_route(server: DatabaseServer) -> None:
    server.add()
    server.get("/results/1")
    server.api("GET", "/results/2")

    text = server.session.get(f"{server.url}/metrics").text

    route = 'route="/api/v2.0/results/<number>"'
    assert f'checkotron_results_requests_total{{method="GET",{route},status="404"}}' in text
    assert "checkotron_results_request_seconds_bucket" in text
    assert "process_resident_memory_bytes" in text


def test_a_result_that_did_not_change_is_not_sent_again(server: DatabaseServer) -> None:
    server.add(testcase="t", submit_time="2024-05-01T10:00:00.5")
    first = server.api("GET", "/results/1")

    same = server.api("GET", "/results/1", headers={"If-None-Match": first.headers["ETag"]})
    server.post("/testcases", {"name": "t", "ref_url": "https://example.org"})
    changed = server.api("GET", "/results/1", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Last-Modified"] == "Wed, 01 May 2024 10:00:00 GMT"
    assert (same.status_code, same.content) == (304, b"")
    assert changed.status_code == 200


def test_a_large_answer_is_compressed_where_the_client_takes_it(server: DatabaseServer) -> None:
    server.add(note="x" * 100_000)

    packed = server.api("GET", "/results")
    plain = server.api("GET", "/results", headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < 5000
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_a_database_away_is_a_503_that_asks_to_try_again(tmp_path: Path) -> None:
    with database_server(f"sqlite:///{tmp_path}/results.db") as server:
        server.add()
        with sqlite3.connect(tmp_path / "results.db") as connection:
            connection.execute("ALTER TABLE testcase RENAME TO elsewhere")

        answers = [server.api("GET", path) for path in ("/results/1", "/healthcheck")]
        posted = server.api("POST", "/results", json={"outcome": "PASSED", "testcase": "t"})

        assert [answer.status_code for answer in (*answers, posted)] == [503, 503, 503]
        assert answers[0].headers["Retry-After"] == "2"
        assert {answer.json()["message"] for answer in (*answers, posted)} == {"Unable to communicate with database"}


def test_a_question_that_takes_too_long_is_ended_in_words(tmp_path: Path) -> None:
    from reporting.database.all_storages import open_storage
    from reporting.database.records import NewResult, TestcaseChange

    url = f"sqlite:///{tmp_path}/results.db"
    storage = open_storage(url)
    storage.add_results([
        NewResult("FAILED", TestcaseChange("t"), (), None, None, {f"k{number}": ("xy",) for number in range(50)}, each)
        for each in range(20_000)])
    storage.close()
    with database_server(url, ["--timeout", "0.1"]) as server:
        tested_on_every_result = {"data": {f"k{number}": {"not_like": ["*xy*" if number == 49 else "*z*"]}
                                           for number in range(50)}}

        answer = server.session.post(f"{server.url}/api/extra/results", json=tested_on_every_result, timeout=30)

        assert answer.status_code == 503
        assert answer.json()["message"] == ("no answer within 0.1 seconds; ask for less, for example with `since`")
        # a tenth of a second may pass on a busy machine whatever is asked
        wait_until(lambda: (answer := server.api("GET", "/results?limit=1")).status_code == 200
                   and [row["id"] for row in answer.json()["data"]] == [20_000])


def test_logs_are_json_lines_when_asked(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from reporting.database.commands.serve import serve; serve()", "--port", "0",
         "--database", f"sqlite:///{tmp_path}/results.db", "--log-format", "json", "-v"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    subprocess.run([sys.executable, "-c", f"import urllib.request; urllib.request.urlopen('{url}/healthcheck')"],
                   check=True)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 0
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"path": "/healthcheck", "status": 200, "message": "request answered"}.items() <= lines[-1].items()


def test_every_path_of_the_api_is_in_the_openapi_document(server: DatabaseServer) -> None:
    document = server.session.get(f"{server.url}/api/openapi.json").json()

    named = {path.replace("{id}", "<number>").replace("testcases/{name}", "testcases/<path:name>")
             .replace("{uuid}", "<uuid>") for path in document["paths"]}
    ours = ("/api/v2.0", "/api/extra", "/api/v3")
    routes = {path for path in ALL_ROUTES if path.startswith(ours) and path[-1] != "/"}
    typed = {"/api/v3/results/<plural>", "/api/v3/schemas/<plural>"}
    assert routes - typed <= named
    assert named - routes == {path for path in named if path.startswith(("/api/v3/results/", "/api/v3/schemas/"))}
    assert "<h1>API</h1>" in server.session.get(f"{server.url}/api/docs").text


def test_a_lost_connection_to_postgresql_is_made_anew(database_urls: dict[str, str]) -> None:
    import psycopg

    with database_server(database_urls["postgresql"]) as server:
        server.add()
        for _ in range(12):  # every thread of the server gets a connection
            server.get("/results")
        with psycopg.connect(database_urls["postgresql"], autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                               "WHERE application_name = 'checkotron-results'")

        read = [server.api("GET", "/results").status_code for _ in range(12)]
        written = [server.api("POST", "/results", json={"outcome": "PASSED", "testcase": "t"}).status_code
                   for _ in range(12)]

        assert set(read) == {200}
        assert set(written) <= {201, 503}
        assert written[-1] == 201


def test_a_postgresql_of_another_encoding_is_refused_with_what_to_do(database_urls: dict[str, str]) -> None:
    import psycopg

    with psycopg.connect(database_urls["postgresql"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE old ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    url = database_urls["postgresql"].replace("/postgres?", "/old?")

    done = subprocess.run([sys.executable, "-m", "checkotron", "results", "migrate", "--database", url],
                          capture_output=True, text=True, timeout=60, check=False)

    assert done.stderr == ("Error: database cannot be opened: it is made for texts in SQL_ASCII, expected UTF8: make a "
                           "new one with `createdb --encoding=UTF8 --template=template0 NAME`\n")
    assert done.returncode != 0
