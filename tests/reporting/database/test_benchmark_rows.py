"""The load generator makes rows in SQL; they must be those that the server itself would have stored."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.results_database import rows
from benchmarks.results_database.load import load
from reporting.database.all_storages import open_storage
from reporting.database.question import DataFilter, NameFilter, Page, ResultFilter
from reporting.database.records import GroupChange, NewResult, TestcaseChange
from reporting.database.sql.dialect import Sql
from reporting.database.storage import Storage


@pytest.fixture(params=["sqlite", "postgresql"])
def loaded(request: pytest.FixtureRequest, database_urls: dict[str, str], tmp_path: Path) -> Iterator[Storage]:
    """A database of 500 generated results, which nobody else has open while they are made."""
    url = f"sqlite:///{tmp_path}/loaded.db" if request.param == "sqlite" else database_urls["postgresql"]
    storage = open_storage(url)
    storage.reset()
    storage.close()
    load(url, 500, told=lambda _: None)
    storage = open_storage(url)
    yield storage
    storage.close()


def test_generated_rows_are_what_the_server_stores(loaded: Storage, tmp_path: Path) -> None:
    copy = open_storage(f"sqlite:///{tmp_path}/copy.db")
    generated = loaded.results(ResultFilter(), Page(1000, is_ascending=True))
    copy.add_results([NewResult(
        each.outcome, TestcaseChange(each.testcase.name, each.testcase.ref_url),
        tuple(GroupChange(uuid) for uuid in each.group_uuids()), each.note, each.ref_url,
        {key: tuple(values) for key, values in each.data_values().items()}, each.submit_time) for each in generated])

    assert copy.results(ResultFilter(), Page(1000, is_ascending=True)) == generated
    for question in ("SELECT count(*) FROM posting", "SELECT count(*) FROM group_member",
                     "SELECT digest, key, value FROM pair p WHERE EXISTS (SELECT 1 FROM posting q "
                     "WHERE q.pair_id = p.id) ORDER BY digest"):
        assert [[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in loaded.rows(Sql(question))] == [
            list(row) for row in copy.rows(Sql(question))]
    copy.close()


def test_a_generated_item_is_found_with_all_its_results(loaded: Storage) -> None:
    item = DataFilter("item", (rows.item(3),))

    found = loaded.results(ResultFilter(data=(item,)), Page(100))
    middle = loaded.results(ResultFilter(data=(replace(item, values=(), patterns=("*" + rows.item(3)[2:],)),)),
                            Page(100))

    assert [each.id for each in found] == list(range(120, 90, -1))
    assert middle == found
    assert json.loads(found[0].data)["type"][0] in rows.TYPES
    assert len(loaded.groups((), NameFilter(), Page(100))) == 17
