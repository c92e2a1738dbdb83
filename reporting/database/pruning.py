"""
Deletes old results, a batch at a time, while others read and write.

A result goes when it is older than asked, its testcase is one of those asked
for, and it is not among the newest of its testcase that are to be kept.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reporting.database.question import NameFilter, Page
from reporting.database.sql.dialect import Dialect, Sql, all_of
from reporting.database.sql.pair import pair_digest
from reporting.database.storage import Storage

#: Results deleted in one transaction: bounds how long writers wait.
_BATCH = 500
_ALL = 10**9


@dataclass(frozen=True, slots=True)
class PruneRule:
    """What may go. At least one of the first two is given."""

    #: Microseconds since 1970: only older results go. None: of any age.
    before: int | None = None
    #: Of each testcase this many of the newest stay. None: none has to.
    keep: int | None = None
    #: Patterns of testcase names; none: every testcase.
    testcases: tuple[str, ...] = ()


def count_prunable(storage: Storage, rule: PruneRule) -> int:
    """Return how many results would go."""
    return sum(storage.rows(Sql("SELECT count(*) FROM result r WHERE") + condition)[0][0]
               for condition in _conditions(storage, rule))


def prune(storage: Storage, rule: PruneRule, told: Callable[[int], None]) -> int:
    """Delete; call `told` with the size of each batch once it is gone for good; return how many results went."""
    gone = 0
    for condition in _conditions(storage, rule):
        oldest = Sql("SELECT r.id, r.submit_time, r.data, r.groups FROM result r WHERE") + condition + Sql(
            "ORDER BY r.submit_time, r.id LIMIT ?", (_BATCH,))
        while rows := storage.rows(oldest):
            _delete(storage, rows)
            gone += len(rows)
            told(len(rows))
    storage.change([Sql("DELETE FROM outbox WHERE NOT EXISTS (SELECT 1 FROM result r WHERE r.id = outbox.result_id)")])
    return gone


def _conditions(storage: Storage, rule: PruneRule) -> list[Sql]:
    """Return what a result `r` must meet to go, one condition a testcase."""
    conditions = []
    for testcase in storage.testcases(NameFilter(patterns=rule.testcases), Page(_ALL)):
        parts = [Sql("r.testcase_id = (SELECT n.id FROM testcase n WHERE n.name = ?)", (testcase.name,))]
        if rule.before is not None:
            parts.append(Sql("r.submit_time < ?", (rule.before,)))
        if rule.keep:
            last = storage.rows(Sql("SELECT r.submit_time, r.id FROM result r WHERE") + parts[0] + Sql(
                "ORDER BY r.submit_time DESC, r.id DESC LIMIT 1 OFFSET ?", (rule.keep - 1,)))
            if not last:
                continue
            parts.append(Sql("(r.submit_time, r.id) < (?, ?)", last[0]))
        conditions.append(all_of(parts))
    return conditions


def _delete(storage: Storage, rows: Sequence[tuple[Any, ...]]) -> None:
    """Delete the results with everything that points at them, then pairs and groups that nothing uses any more."""
    statements, digests, uuids = [], set(), set()
    for result_id, submit_time, data, groups in rows:
        found = {pair_digest(key, value) for key, values in json.loads(data).items() for value in values}
        digests |= found
        uuids |= set(json.loads(groups))
        statements += _statements(storage, result_id, submit_time, found, json.loads(groups))
    storage.change(statements)
    unused = storage.ask(lambda _, dialect: [
        *([_unused_pairs(dialect, tuple(digests))] if digests else []),
        *([_unused_groups(dialect, tuple(uuids))] if uuids else [])])
    if unused:
        # alone: a writer might be about to use one of them
        storage.change(unused, is_alone=True)


def _statements(storage: Storage, result_id: int, submit_time: int, digests: set[bytes],
                groups: list[str]) -> list[Sql]:
    def build(_: object, dialect: Dialect) -> list[Sql]:
        key = Sql("AND submit_time = ? AND result_id = ?", (submit_time, result_id))
        statements = [Sql("DELETE FROM result WHERE id = ?", (result_id,))]
        if digests:
            statements.append(Sql("DELETE FROM posting WHERE pair_id IN (SELECT id FROM pair WHERE")
                              + dialect.is_in("digest", tuple(digests)) + Sql(")") + key)
        if groups:
            statements.append(Sql("DELETE FROM group_member WHERE group_id IN (SELECT id FROM run_group WHERE")
                              + dialect.is_in("uuid", tuple(groups)) + Sql(")") + key)
        return statements

    return storage.ask(build)


def _unused_pairs(dialect: Dialect, digests: tuple[bytes, ...]) -> Sql:
    return (Sql("DELETE FROM pair WHERE") + dialect.is_in("digest", digests)
            + Sql("AND NOT EXISTS (SELECT 1 FROM posting p WHERE p.pair_id = pair.id)"))


def _unused_groups(dialect: Dialect, uuids: tuple[str, ...]) -> Sql:
    return (Sql("DELETE FROM run_group WHERE") + dialect.is_in("uuid", uuids)
            + Sql("AND NOT EXISTS (SELECT 1 FROM group_member m WHERE m.group_id = run_group.id)"))
