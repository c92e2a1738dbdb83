"""Messages that wait for the bus: written with the result in one transaction, forgotten when the broker has them."""
from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from reporting.database.rendering import result_json
from reporting.database.sql.dialect import Sql
from reporting.database.sql.results import COLUMNS, row_to_result
from reporting.database.storage import Storage

#: Makes message ids: the same result gives the same id, so that a receiver can tell a repetition.
_NAMESPACE = uuid.UUID("b6f5c1f2-6c0e-5d0a-9f3e-4b0f4b8e9a11")

_OLDEST = (f"SELECT {COLUMNS}, o.id, o.base_url FROM outbox o JOIN result r ON r.id = o.result_id "  # noqa: S608
           "JOIN testcase t ON t.id = r.testcase_id ORDER BY o.id LIMIT ?")


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message to publish."""

    #: Its place in the outbox.
    number: int
    message_id: str
    #: The JSON of the v2.0 Result.
    body: str


def waiting(storage: Storage, limit: int) -> list[OutboxMessage]:
    """Return the oldest messages; those of pruned results are left out."""
    rows = storage.rows(Sql(_OLDEST, (limit,)))
    messages = []
    for row in rows:
        result = row_to_result(row[:9])
        name = f"{row[10]}/{result.id}/{result.submit_time}"
        messages.append(OutboxMessage(row[9], str(uuid.uuid5(_NAMESPACE, name)), result_json(result, row[10])))
    return messages


def forget(storage: Storage, messages: Sequence[OutboxMessage]) -> None:
    """Delete messages that the broker has confirmed."""
    storage.change([Sql("DELETE FROM outbox WHERE id = ?", (message.number,)) for message in messages])


def count(storage: Storage) -> int:
    """Return how many messages wait."""
    return int(storage.rows(Sql("SELECT count(*) FROM outbox"))[0][0])
