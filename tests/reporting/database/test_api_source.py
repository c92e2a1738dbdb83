"""Another ResultsDB is taken over through its API: a real one of ours, and answers written out."""
from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from checkotron import cli
from reporting.database.all_storages import open_storage
from reporting.database.api_source import lines_of_api
from reporting.database.question import NameFilter, Page, ResultFilter
from reporting.database.records import GroupChange, NewResult, TestcaseChange
from reporting.database.storage import Storage
from tests.support.database_server import DatabaseServer
from tests.support.web_server import Answer, web_server

DAY = 24 * 3600 * 1_000_000


def test_results_come_with_their_testcases_and_groups(server: DatabaseServer, storage: Storage,
                                                      tmp_path: Path) -> None:
    storage.add_results([
        NewResult("PASSED", TestcaseChange("t", "https://example.org"),
                  (GroupChange(f"g{number}", f"run {number}", f"https://example.org/{number}"), GroupChange("a,b ü")),
                  "ü", None, {"item": (f"i{number}",)}, number // 3 * DAY)
        for number in range(450)])
    url = f"sqlite:///{tmp_path}/copy.db"

    done = CliRunner().invoke(cli, ["results", "import", f"{server.url}/api/v2.0", "--database", url])

    assert done.exit_code == 0, done.output
    assert "450 results imported" in done.output
    copy = open_storage(url)
    assert copy.results(ResultFilter(), Page(999)) == storage.results(ResultFilter(), Page(999))
    assert copy.testcases(NameFilter(), Page(9)) == storage.testcases(NameFilter(), Page(9))
    assert {row.uuid: row for row in copy.groups((), NameFilter(), Page(999))} == {
        row.uuid: row for row in storage.groups((), NameFilter(), Page(999))}
    copy.close()


def test_only_what_is_newer_can_be_asked_for(server: DatabaseServer, storage: Storage, tmp_path: Path) -> None:
    storage.add_results([NewResult("PASSED", TestcaseChange("t"), (), None, None, {}, number * DAY)
                         for number in range(20)])

    done = CliRunner().invoke(cli, ["results", "import", f"{server.url}/api/v2.0/", "--since", "1970-01-11",
                                    "--database", f"sqlite:///{tmp_path}/copy.db"])

    assert "10 results imported" in done.output


def test_more_results_of_one_moment_than_a_page_holds_are_all_read(server: DatabaseServer, storage: Storage) -> None:
    storage.add_results([NewResult("PASSED", TestcaseChange("t"), (), None, None, {}, DAY) for _ in range(450)])
    asked: list[str] = []

    def ask(path: str) -> Any:
        asked.append(path)
        return server.get(path)

    lines = list(lines_of_api(ask))

    assert len(lines) == len(set(lines)) == 450
    assert len(asked) < 6


def test_a_result_that_arrives_meanwhile_is_read_once() -> None:
    rows = [{"id": number, "submit_time": f"2024-05-01T00:{number // 60:02}:{number % 60:02}", "groups": []}
            for number in range(400)]

    def ask(path: str) -> Any:
        query = parse_qs(urlsplit(path).query)
        found = sorted((row for row in rows if row["submit_time"] >= query.get("since", [""])[0]),
                       key=lambda row: row["submit_time"])
        if len(rows) == 400:  # of a moment that was read already
            rows.insert(0, {"id": 999, "submit_time": "2024-05-01T00:00:00.5", "groups": []})
        start = int(query["page"][0]) * 200
        return {"data": found[start:start + 200]}

    lines = list(lines_of_api(ask))

    assert len(lines) == len(set(lines)) == 400


@pytest.mark.parametrize(("status", "body", "said"), [
    (404, b"{}", "status 404"), (400, b'{"message": "no"}', "status 400: no"),
    (200, b"<html>", "the answer is no list of a ResultsDB"), (200, b"[]", "the answer is no list of a ResultsDB"),
])
def test_a_server_that_is_none_is_named(tmp_path: Path, status: int, body: bytes, said: str) -> None:
    with web_server(lambda _: Answer(body, status)) as other:
        done = CliRunner().invoke(cli, ["results", "import", f"{other.url}/api/v2.0",
                                        "--database", f"sqlite:///{tmp_path}/copy.db"])

    assert done.exit_code == 3
    assert said in done.output
    assert "0 lines are stored" in done.output
