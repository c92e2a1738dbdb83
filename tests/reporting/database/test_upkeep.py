"""Commands that care for a database: prune, export, import, backup, migrate, token."""
from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from checkotron import cli
from reporting.database.all_storages import open_storage
from reporting.database.migrations.migrate import HEAD
from reporting.database.question import DataFilter, NameFilter, Page, ResultFilter
from reporting.database.records import GroupChange, NewResult, TestcaseChange
from reporting.database.storage import Storage
from tests.support.database_server import database_server

DAY = 24 * 3600 * 1_000_000


def run(*arguments: str, code: int = 0, given: str | None = None) -> Result:
    """Run `checkotron results ...`; it must end with that code."""
    done = CliRunner().invoke(cli, ["results", *arguments], input=given)
    assert done.exit_code == code, (done.output, done.exception)
    return done


@pytest.fixture
def filled(storage: Storage) -> Storage:
    """Two testcases with ten results each, one a day; ids 1 to 20; the odd ones are of t1."""
    storage.add_results([
        NewResult("PASSED", TestcaseChange(f"t{2 - number % 2}", "https://example.org"), (GroupChange(f"g{number}"),),
                  "ü", None, {"item": (f"i{number}",), "type": ("koji_build",)}, number * DAY)
        for number in range(1, 21)])
    return storage


def test_prune_deletes_what_is_old_but_keeps_the_newest(filled: Storage, database_url: str) -> None:
    run("prune", "--older-than", "1", "--keep", "3", "--testcase", "t1", "--yes", "--database", database_url)

    ids = [row.id for row in filled.results(ResultFilter(), Page(100))]
    assert ids == [20, 19, 18, 17, 16, 15, 14, 12, 10, 8, 6, 4, 2]
    assert filled.results(ResultFilter(data=(DataFilter("item", ("i1",)),)), Page(9)) == []
    assert filled.results(ResultFilter(data=(DataFilter("item", patterns=("*1",)),)), Page(9)) == []
    assert filled.rows(_pairs())[0][0] == 13 + 1
    assert filled.group("g1") is None
    assert filled.group("g2").results_count == 1  # type: ignore[union-attr]
    assert len(filled.latest(ResultFilter(data=(DataFilter("type", ("koji_build",)),)))) == 2


def _pairs() -> Any:
    from reporting.database.sql.dialect import Sql

    return Sql("SELECT count(*) FROM pair")


def test_a_pruned_item_can_come_back(filled: Storage, database_url: str) -> None:
    run("prune", "--older-than", "0", "--yes", "--database", database_url)
    assert filled.results(ResultFilter(), Page(9)) == []

    stored = filled.add_result(NewResult("PASSED", TestcaseChange("t1"), (), None, None, {"item": ("i1",)}, DAY))

    assert stored.id == 21
    assert filled.results(ResultFilter(data=(DataFilter("item", ("i1",)),)), Page(9)) == [stored]


def test_a_group_stays_while_one_of_its_results_does(filled: Storage, database_url: str) -> None:
    filled.add_result(NewResult("PASSED", TestcaseChange("t1"), (GroupChange("g1"),), None, None, {}, 99 * DAY))

    run("prune", "--keep", "1", "--testcase", "t1", "--yes", "--database", database_url)

    assert filled.group("g1").results_count == 1  # type: ignore[union-attr]
    assert filled.group("g3") is None


def test_prune_says_what_would_go_and_asks(filled: Storage, database_url: str) -> None:
    dry = run("prune", "--keep", "4", "--dry-run", "--database", database_url)
    refused = run("prune", "--keep", "4", "--database", database_url, given="n\n", code=1)
    nothing = run("prune", "--database", database_url, code=2)

    assert dry.output == "12 results would go\n"
    assert "Delete 12 results?" in refused.output
    assert "give --older-than DAYS, --keep N or both" in nothing.output
    assert len(filled.results(ResultFilter(), Page(100))) == 20


def test_what_is_exported_can_be_imported(filled: Storage, database_url: str, tmp_path: Path) -> None:
    filled.put_group(GroupChange("g1", "first", "https://example.org/g1"))
    filled.put_testcase(TestcaseChange("empty", "https://example.org/empty"))
    copy_url = f"sqlite:///{tmp_path}/copy.db"

    run("export", str(tmp_path / "all.jsonl"), "--database", database_url)
    done = run("import", str(tmp_path / "all.jsonl"), "--database", copy_url)
    again = run("import", str(tmp_path / "all.jsonl"), "--database", copy_url, code=2)

    copy = open_storage(copy_url)
    assert "20 results imported" in done.output
    assert "the database has results already" in again.output
    assert copy.results(ResultFilter(), Page(100)) == filled.results(ResultFilter(), Page(100))
    assert copy.testcases(NameFilter(), Page(9)) == filled.testcases(NameFilter(), Page(9))
    assert copy.groups((), NameFilter(), Page(99)) == filled.groups((), NameFilter(), Page(99))
    copy.close()


def test_an_export_can_be_compressed(filled: Storage, database_url: str, tmp_path: Path) -> None:
    run("export", str(tmp_path / "all.jsonl.gz"), "--database", database_url)
    done = run("import", str(tmp_path / "all.jsonl.gz"), "--database", f"sqlite:///{tmp_path}/copy.db")

    assert (tmp_path / "all.jsonl.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert "20 results imported" in done.output


@pytest.mark.parametrize("command", [("export",), ("prune", "--keep", "1"), ("token", "list"),
                                     ("token", "revoke", "x")])
def test_a_database_that_is_not_there_is_a_mistake_not_a_new_one(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run(*command, "--database", f"sqlite:///{tmp_path}/typo.db", code=2)

    assert "typo.db: there is no such database" in done.output
    assert not (tmp_path / "typo.db").exists()


def test_an_import_stops_at_a_wrong_line_and_goes_on_after_it(sqlite_url: str, tmp_path: Path) -> None:
    good = json.dumps({"outcome": "ODD", "testcase": "t", "submit_time": "2024-05-01T10:00:00"})
    file = tmp_path / "some.jsonl"
    file.write_text(f"{good}\n" * 2500 + '{"outcome": 5}\n')

    wrong = run("import", str(file), "--database", sqlite_url, code=1)
    file.write_text(f"{good}\n" * 2501)
    run("import", str(file), "--skip", "2000", "--database", sqlite_url)
    file.write_text(f"{good}\n" * 2501 + "x\n")
    wrong_again = run("import", str(file), "--skip", "2501", "--database", sqlite_url, code=1)

    assert "line 2501: outcome: Input should be a valid string; testcase: Field required" in wrong.output
    assert "line 2502: no JSON" in wrong_again.output
    assert "2000 lines are stored: mend it and go on with --skip 2000" in wrong.output
    storage = open_storage(sqlite_url)
    assert len(storage.results(ResultFilter(), Page(9999))) == 2501
    storage.close()


@pytest.mark.parametrize(("line", "fault"), [
    ('{"kind": "testcase", "name": 5}', "name: Input should be a valid string"),
    ('{"kind": "group", "uuid": "x", "description": []}', "description: Input should be a valid string"),
    ('{"kind": "other"}', "expected an object of kind testcase, group or result"),
    ("[]", "expected an object of kind testcase, group or result"),
    ("{", "no JSON of an export"),
    ('{"outcome": "A", "testcase": "t", "data": {"a:b": 1}}', "Colon not allowed in key name: ['a:b']"),
])
def test_a_line_that_is_none_is_named(sqlite_url: str, line: str, fault: str) -> None:
    done = run("import", "-", "--database", sqlite_url, given=f"{line}\n", code=1)

    assert f"-: line 1: {fault}" in done.output


def test_a_backup_of_sqlite_is_a_database_of_its_own(tmp_path: Path) -> None:
    with database_server(f"sqlite:///{tmp_path}/results.db") as server:
        stored = server.add(data={"item": "a"})
        run("backup", str(tmp_path / "backup.db"), "--database", server.database_url)

    copy = open_storage(f"sqlite:///{tmp_path}/backup.db")
    assert copy.result(1).data == '{"item":["a"]}'  # type: ignore[union-attr]
    assert stored["id"] == 1
    copy.close()


def test_a_backup_of_sqlite_ends_however_much_is_stored_meanwhile(tmp_path: Path) -> None:
    from reporting.database.backup import backup_sqlite

    storage = open_storage(f"sqlite:///{tmp_path}/results.db")
    storage.add_results([_new(number) for number in range(200)])
    steps = 0

    def store_one_more(_: int) -> None:
        nonlocal steps
        steps += 1
        assert steps < 1000, "the copy began again and again"
        storage.add_results([_new(1000 + steps)])

    backup_sqlite(tmp_path / "results.db", tmp_path / "copy.db", store_one_more, pages=5)

    copy = open_storage(f"sqlite:///{tmp_path}/copy.db")
    assert steps > 10
    assert len(copy.results(ResultFilter(), Page(9999))) == 200
    copy.close()
    storage.close()


def _new(number: int) -> NewResult:
    return NewResult("PASSED", TestcaseChange("t"), (), "x" * 500, None, {"item": (f"i{number}",)}, number * DAY)


def test_a_backup_of_postgresql_is_an_archive(filled: Storage, database_urls: dict[str, str], tmp_path: Path) -> None:
    run("backup", str(tmp_path / "backup.dump"), "--database", database_urls["postgresql"])

    assert (tmp_path / "backup.dump").read_bytes()[:5] == b"PGDMP"


def test_a_backup_of_nothing_says_so(tmp_path: Path) -> None:
    done = run("backup", str(tmp_path / "b"), "--database", f"sqlite:///{tmp_path}/none.db", code=3)

    assert "no such database" in done.output
    assert list(tmp_path.glob("b*")) == []


def test_a_fresh_database_is_stamped_and_an_old_one_is_migrated(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    path = tmp_path / "old.db"
    config = Config()
    config.set_main_option("script_location", "reporting:database/migrations")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    done = run("migrate", "--database", f"sqlite:///{path}")
    run("migrate", "--database", f"sqlite:///{tmp_path}/new.db")

    assert done.output == f"the tables are at version {HEAD}\n"
    for file in (path, tmp_path / "new.db"):
        assert sqlite3.connect(file).execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


def test_a_newer_database_is_refused_in_words(tmp_path: Path) -> None:
    run("migrate", "--database", f"sqlite:///{tmp_path}/new.db")
    with sqlite3.connect(tmp_path / "new.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    done = run("migrate", "--database", f"sqlite:///{tmp_path}/new.db", code=3)

    assert "the database was made by a newer version; update this program" in done.output


def test_the_head_in_the_code_is_the_newest_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "reporting:database/migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_tokens_are_made_listed_and_revoked(sqlite_url: str) -> None:
    made = run("token", "create", "ci", "--scope", "dist.*", "--database", sqlite_url)
    listed = run("token", "list", "--json", "--database", sqlite_url)
    revoked = run("token", "revoke", "ci", "--database", sqlite_url)
    missing = run("token", "revoke", "ci", "--database", sqlite_url, code=1)

    assert made.output.startswith("ckt_")
    assert json.loads(listed.output)["scopes"] == ["dist.*"]
    assert made.output.split()[0] not in listed.output
    assert revoked.output == "token `ci` is revoked\n"
    assert "there is no token `ci`" in missing.output


def test_a_reset_asks_first(sqlite_url: str) -> None:
    done = run("reset", "--database", sqlite_url, given="n\n", code=1)

    assert "Delete every result, testcase and group?" in done.output
